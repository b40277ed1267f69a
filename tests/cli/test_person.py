"""`contact show|export|erase|reinstate` and `audit`: what an operator sees and does of a member's books."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

from bot import app
from bot.config import Settings
from bot.conversation.inbox import inbound_work
from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.core.deeds.joining import IDENTIFY
from bot.storage import contacts
from bot.storage.driver import Statement
from tests.cli.conftest import Terminal, run
from tests.cli.test_contact import NUMBER, converse, inbound


async def put(settings: Settings, sql: str) -> None:
    """Change the database behind everybody's back."""
    database = await app.open_database(settings)
    await database.transact(lambda c: c.run(Statement(sql), [{}]))
    await database.close()


async def ended(settings: Settings) -> None:
    """A member whose welcome credit ended yesterday, as the job has booked it."""
    await converse(settings, "LOYALTY", "Ana")
    later = app.utc_now() + timedelta(days=100)
    async with app.running(settings, clock=lambda: later) as running:
        running.clockwork.pause()
        await running.clockwork.strike_all()


async def test_show_explains_the_balance_line_by_line(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Ana", "skip", "REWARDS", "1", "YES")
    shown = json.loads((await run(shop, "contact", "show", NUMBER, "--json")).out)
    spent, welcome = shown["history"]
    assert (spent["kind"], spent["change"]) == ("spent", -400)
    assert (welcome["kind"], welcome["change"]) == ("granted", 500)
    assert "+$5.00 welcome credit, good through " in welcome["text"]
    assert sum(line["change"] for line in shown["history"]) == shown["wallet"]["available"] == 100
    page = (await run(shop, "contact", "show", NUMBER)).out
    assert "-$4.00 for Pastry of the day" in page


async def test_all_books_are_verified_and_one_can_be_proven(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Ana", "skip", "REWARDS", "1", "YES")
    ran = await run(shop, "audit")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].endswith("wallets, 2 entries: all hold.")
    proof = json.loads((await run(shop, "audit", NUMBER, "--json")).out)
    assert proof["holds"] is True
    (wallet,) = [one for one in proof["wallets"] if one["wallet"] == "main"]
    previous = ""
    for entry in wallet["entries"]:
        names = ("number", "id", "reason", "key", "effective_at_microseconds", "actor", "source_type")
        fields = [previous, proof["contact"], *(entry[name] for name in names)]
        fields += [entry[name] for name in ("source_id", "rule", "reverses", "draws", "personal_hash")]
        said = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(said.encode()).hexdigest() == entry["hash"], "as `how_to_verify` says"
        if entry["reason_text"]:
            words = hmac.new(entry["salt"].encode(), entry["reason_text"].encode(), hashlib.sha256)
            assert words.hexdigest() == entry["personal_hash"]
        previous = entry["hash"]
    assert previous == wallet["last_hash"]
    page = await run(shop, "audit", NUMBER)
    assert page.code == 0
    assert "It holds: 2 entries follow one another unaltered" in page.out


async def test_whatever_is_altered_in_the_database_shows(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Ana", "skip", "REWARDS", "1", "YES")
    await put(settings, "UPDATE draw SET amount_minor = 300 WHERE number = 2")
    ran = await run(shop, "audit")
    assert ran.code == 1
    assert "(law 17)" in ran.out
    found = json.loads((await run(shop, "audit", "--json")).out)["books"]
    assert found["hold"] is False
    assert {3, 17} <= {one["finding"]["law"] for one in found["wrong"]}
    proof = await run(shop, "audit", NUMBER)
    assert proof.code == 1
    assert "It does not hold: entry 2 was altered" in proof.out


async def test_a_counter_that_gave_too_much_shows(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    await put(
        settings, "INSERT INTO counter (name, slot, units_left, units_of) VALUES ('budget/autumn', 0, 7, 5)"
    )
    ran = await run(shop, "audit")
    assert ran.code == 1
    assert "budget/autumn: 7 units are left of 5 (law 19)" in ran.out


async def test_a_person_is_exported_and_erased(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Quetzalina")
    exported = await run(shop, "contact", "export", NUMBER)
    assert json.loads(exported.out)["tables"]["contact"][0]["first_name"] == "Quetzalina"
    assert (await run(shop, "contact", "erase", NUMBER, "--yes")).code == 2, "it takes a reason"
    assert (await run(shop, "contact", "erase", NUMBER, "--reason", "asked us")).code == 1, "and a yes"
    contact = json.loads(exported.out)["contact"]
    ran = await run(shop, "contact", "erase", NUMBER, "--reason", "asked us", "--yes")
    assert ran.out.strip() == f"Erased: contact {contact}, 1 address. Its books stay."
    assert (await run(shop, "contact", "show", NUMBER)).code == 1
    assert "Quetzalina" not in (await run(shop, "contact", "export", contact)).out
    books, deed = (await run(shop, "audit")).out.splitlines()
    assert books.endswith("all hold.")
    assert deed.endswith(f"contact.erase  {contact}  (asked us)")


async def test_what_ended_is_given_back_for_a_reason_once(shop: Terminal, settings: Settings) -> None:
    await ended(settings)
    shown = json.loads((await run(shop, "contact", "show", NUMBER, "--json")).out)
    assert shown["wallet"]["available"] == 0
    assert (await run(shop, "contact", "reinstate", NUMBER, "--yes")).code == 2, "it takes a reason"
    ran = await run(shop, "contact", "reinstate", NUMBER, "--reason", "was in hospital", "--yes")
    assert ran.code == 0, ran.err
    assert ran.out.strip() == "Given back: $5.00, good for 30 days."
    shown = json.loads((await run(shop, "contact", "show", NUMBER, "--json")).out)
    assert shown["wallet"]["available"] == 500
    assert shown["history"][0]["text"].endswith(": was in hospital")
    again = await run(shop, "contact", "reinstate", NUMBER, "--reason", "and again", "--yes")
    assert again.code == 1
    assert "no credit has ended that was not given back" in again.err
    assert "all hold." in (await run(shop, "audit")).out


async def joined(settings: Settings, other: str) -> tuple[str, str]:
    """Two members of whom it turned out that they are one person; returns who goes on, and who was joined."""
    await converse(settings, "LOYALTY", "Ana")
    async with app.running(settings) as running:
        running.clockwork.pause()
        await running.dispatcher.submit(inbound_work(replace(inbound("LOYALTY"), address=other)))
        both = [
            await running.database.query(lambda c, number=number: contacts.find(c, "sms", number))  # type: ignore[misc]  # bound now
            for number in (NUMBER, other)
        ]
        known: dict[str, JsonValue] = {"channel": "sms", "value": other, "evidence": {"way": "proof"}}
        await running.dispatcher.submit(
            operation_work(IDENTIFY, known, key="operator:1", at=app.utc_now(), contact_id=both[0])
        )
        for _ in range(5):
            await running.clockwork.strike_all()
    survivor, loser = both
    assert survivor is not None
    assert loser is not None
    return survivor, loser


async def test_two_who_became_one_by_mistake_are_two_again(shop: Terminal, settings: Settings) -> None:
    other = "+12025550124"
    _, loser = await joined(settings, other)
    shown = json.loads((await run(shop, "contact", "show", NUMBER, "--json")).out)
    assert shown["wallet"]["available"] == 1000
    assert [one["contact"] for one in shown["joined"]] == [loser]
    assert (await run(shop, "contact", "split", NUMBER, loser)).code == 2
    nobody = await run(shop, "contact", "split", NUMBER, "0" * 32, "--reason", "no", "--yes")
    assert nobody.code == 1, nobody.out
    ran = await run(shop, "contact", "split", NUMBER, loser, "--reason", "two sisters", "--yes")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Given back: $5.00, into the lots it came from.")
    assert "had brought: $0.00; $0.00 that it owed" in ran.out
    async with app.running(settings) as running:  # a worker hands on to the other what is theirs
        running.clockwork.pause()
        await running.clockwork.strike_all()
    for number in (NUMBER, other):
        shown = json.loads((await run(shop, "contact", "show", number, "--json")).out)
        assert shown["wallet"]["available"] == 500
    assert "all hold." in (await run(shop, "audit")).out
