"""`consent proof`: everything a court would ask for, and every kind of tampering named by its line."""

import hashlib
import hmac
import json
from collections.abc import Mapping

import pytest

from bot import app
from bot.config import Settings
from bot.storage.driver import Statement
from tests.cli.conftest import Ran, Terminal, run
from tests.cli.test_contact import NUMBER, converse


async def change(settings: Settings, sql: str) -> None:
    """Change the database behind everybody's back."""
    database = await app.open_database(settings)
    await database.transact(lambda c: c.run(Statement(sql), [{}]))
    await database.close()


async def proven(shop: Terminal) -> Mapping[str, object]:
    ran = await run(shop, "consent", "proof", NUMBER, "--json")
    assert ran.code == 0, ran.err
    proof: dict[str, object] = json.loads(ran.out)
    return proof


async def problem(shop: Terminal) -> object:
    chain = (await proven(shop))["chain"]
    assert isinstance(chain, dict)
    assert chain["holds"] is (chain["problem"] is None)
    return chain["problem"]


def written(value: object) -> bytes:
    """JSON as the instructions say."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


async def test_the_proof_verifies_by_its_own_instructions_alone(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Ana", "pls take me off your list", "STOP", "START")
    proof = await proven(shop)
    lines, chain = proof["lines"], proof["chain"]
    assert isinstance(lines, list)
    assert isinstance(chain, dict)
    previous = ""
    for line in lines:
        salted = hmac.new(line["salt"].encode(), written(line["personal"]), hashlib.sha256).hexdigest()
        assert salted == line["personal_hash"]
        assert line["previous_hash"] == previous
        previous = hashlib.sha256(written([previous, salted, line["public"]])).hexdigest()
        assert line["hash"] == previous
    assert (chain["lines_noted"], chain["last_hash_noted"]) == (len(lines), previous)


async def test_the_proof_says_who_what_when_and_what_was_answered(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "loyalty!", "Ana", "STOP")
    proof = await proven(shop)
    lines, contact = proof["lines"], proof["contact"]
    assert isinstance(lines, list)
    assert isinstance(contact, dict)
    assert [one["value"] for one in contact["addresses"]] == [NUMBER]
    joined, stopped = lines
    assert (joined["public"]["state"], joined["public"]["group"], joined["public"]["source"]) == (
        "subscribed",
        "loyalty",
        "keyword",
    )
    assert joined["personal"] == {"words": "loyalty!", "address": NUMBER}
    assert joined["public"]["provider_id"].startswith("SM")
    assert joined["at"].endswith("+00:00")
    assert joined["at_contacts_clock"][-6:] in {"-05:00", "-04:00"}
    reply = joined["answered"][0]
    assert reply["text"].startswith("You're in: Corner Leaf rewards by text.")
    assert (reply["state"], reply["reason"]) == ("sent", None)
    assert reply["sent_at"] <= reply["state_at"]
    assert stopped["public"]["state"] == "unsubscribed"
    assert "unsubscribed" in stopped["answered"][0]["text"]
    assert proof["now"] == {
        "subscriptions": {"loyalty": "unsubscribed"},
        "subscriptions_by_channel": {"sms": {"loyalty": "unsubscribed"}},
        "snoozed_until": None,
        "preferred_hours": None,
    }
    sent = proof["sent"]
    assert isinstance(sent, list)
    assert {one["consent"] for one in sent} == {"not needed"}
    assert sum(one["messages"] for one in sent) == 5


async def test_what_was_sent_is_counted_by_the_consent_of_its_time(
    shop: Terminal, settings: Settings
) -> None:
    await converse(settings, "LOYALTY", "skip", "skip")
    service = "message_class = 'service', subscription_group = 'loyalty'"
    await change(settings, f"UPDATE outbox SET {service} WHERE flow = 'loyalty'")  # noqa: S608  # ours
    proof = await proven(shop)
    counted = {
        "class": "service",
        "group": "loyalty",
        "channel": "sms",
        "consent": "subscribed",
        "messages": 4,
    }
    sent = proof["sent"]
    assert isinstance(sent, list)
    assert counted in sent


TAMPERED = {
    "UPDATE consent SET words = 'yes, of course' WHERE number = 2": "line 2: its words were altered",
    "UPDATE consent SET address = '+12025550188' WHERE number = 1": "line 1: its words were altered",
    "UPDATE consent SET at = at - 1000000 WHERE number = 2": "line 2 was altered, or it does not",
    "UPDATE consent SET state = 'subscribed' WHERE number = 2": "line 2 was altered",
    "UPDATE consent SET personal_hash = 'f00' WHERE number = 3": "line 3 was altered",
    "DELETE FROM consent WHERE number = 2": "line 2 was removed or moved: line 3 stands in its place",
    "DELETE FROM consent WHERE number = 3": "line 3 and whatever came after it were removed",
    "DELETE FROM consent": "line 1 and whatever came after it were removed",
    "UPDATE consent SET number = 9 WHERE number = 1": "line 1 was removed or moved: line 2 stands",
}


@pytest.mark.parametrize("sql", TAMPERED)
async def test_whoever_tampers_shows(sql: str, shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "STOP", "START")
    assert await problem(shop) is None
    await change(settings, sql)
    assert str(await problem(shop)).startswith(TAMPERED[sql])
    page = await run(shop, "consent", "proof", NUMBER)
    assert f"No: {TAMPERED[sql]}" in page.out


async def test_two_lines_that_change_places_show(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "STOP", "START")
    for before, after in ((1, 9), (2, 1), (9, 2)):
        moved = f"UPDATE consent SET number = {after} WHERE number = {before}"  # noqa: S608  # ours
        await change(settings, moved)
    assert str(await problem(shop)).startswith("line 1 was altered, or it does not belong where it stands")


async def test_after_erasure_the_chain_still_proves_itself(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "STOP", "START")
    await change(settings, "UPDATE consent SET salt = '', words = '', address = NULL, because = NULL")
    assert await problem(shop) is None
    page = await run(shop, "consent", "proof", NUMBER)
    assert "(erased)" in page.out
    assert "Yes: all 3 lines follow one another" in page.out
    await change(settings, "UPDATE consent SET source = 'import' WHERE number = 2")
    assert str(await problem(shop)).startswith("line 2 was altered")


async def test_the_page_can_be_put_on_file(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "[bold]Ana", "SNOOZE 2 weeks", "MORNINGS")
    page = await run(shop, "consent", "proof", "(202) 555-0123")
    assert page.code == 0, page.err
    for piece in (
        NUMBER,
        "1  subscribed loyalty",
        '"LOYALTY" from +12025550123, on sms, by keyword',
        "You're in: Corner Leaf rewards by text.",
        "Yes: all 1 lines follow one another, unaltered, none missing.",
        "To verify it yourself",
        "[hash of the line before, personal_hash, public]",
        "loyalty: subscribed",
        "asked for silence until",
        "asked for mornings",
    ):
        assert piece in page.out


async def test_a_contact_is_found_by_its_id_too(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    contact = (await proven(shop))["contact"]
    assert isinstance(contact, dict)
    assert (await run(shop, "consent", "proof", contact["id"])).code == 0


@pytest.mark.parametrize("whom", ["+12025550199", "nobody", "", "0" * 32])
async def test_nobody_has_no_proof(whom: str, shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    ran: Ran = await run(shop, "consent", "proof", whom)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{whom}: nobody with this address or id is known\n"


async def test_who_never_said_a_word_about_it_has_an_empty_proof(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "hello")
    page = await run(shop, "consent", "proof", NUMBER)
    assert "nothing: this contact never opted in or out" in page.out
    assert "Yes: there are no lines, and there were none." in page.out
