"""`contact show`, `dead` and `outbox`: what an operator sees, on both databases."""

import json
from datetime import UTC, datetime
from itertools import count

import pytest

from bot import app
from bot.cli.contact_page import show_page
from bot.config import Settings
from bot.conversation.inbox import inbound_work
from bot.conversation.profile import Profile
from bot.conversation.shop.desk import meeting
from bot.core.contact import Contact
from bot.core.ledger.wallet import Balance, Waiting, Wallet
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Snapshot
from bot.storage import contacts, rows
from bot.storage.contacts import Portrait
from bot.storage.driver import Connection, Statement
from bot.storage.writes import Writes
from tests.cli.conftest import Terminal, run

NUMBER = "+12025550123"
_numbers = count()


def inbound(text: str) -> Inbound:
    """What the number texts."""
    return Inbound("twilio", f"SM{next(_numbers)}", "sms", NUMBER, "", text, datetime.now(UTC))


async def converse(settings: Settings, *texts: str) -> None:
    """Let the number text these; the answers were written."""
    async with app.running(settings, role="web") as running:
        for text in texts:
            result = await running.dispatcher.submit(inbound_work(inbound(text)))
            running.dispatcher.written(result)


async def bury(settings: Settings, kind: TriggerKind, text: str) -> str:
    """Store a trigger of the number as one that failed for good; returns its key."""
    work = inbound_work(inbound(text))
    trigger = Trigger(f"buried:{next(_numbers)}", kind, work.trigger.at, work.trigger.payload)

    async def store(connection: Connection) -> None:
        contact_id = await contacts.find(connection, "sms", NUMBER)
        assert contact_id is not None
        writes = Writes()
        failure = "Traceback\n  somewhere\nKeyError: 'boom'"
        writes.trigger(rows.trigger_row(contact_id, trigger, state="dead", attempts=1, failure=failure))
        await writes.flush(connection)

    database = await app.open_database(settings)
    await database.transact(store)
    await database.close()
    return trigger.key


async def test_a_contact_is_one_object(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Ana")
    ran = await run(shop, "contact", "show", "(202) 555-0123", "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    fixed = ["address", "member", "wallet", "subscriptions", "runs", "messages"]
    known = ["traits", "computed_traits", "audiences", "events"]
    assert list(shown) == [*fixed, "history", "subscriptions_by_channel", "id", *known]
    assert shown["address"] == NUMBER
    assert shown["member"] is True
    assert shown["wallet"] == {"available": 500, "pending": 0, "held": 0, "debt": 0}
    assert shown["subscriptions"] == {"loyalty": "subscribed"}
    assert shown["subscriptions_by_channel"] == {"sms": {"loyalty": "subscribed"}}
    runs = [(one["flow"], one["status"], one["waits_for"]) for one in shown["runs"]]
    assert ("loyalty", "waiting", "reply") in runs
    said = [(one["direction"], one["text"].split(":")[0].split("!")[0]) for one in shown["messages"]]
    assert said == [
        ("inbound", "LOYALTY"),
        ("outgoing", "You're in"),
        ("outgoing", "Welcome"),
        ("outgoing", "What shall we call you? Reply with a first name, or SKIP."),
        ("inbound", "Ana"),
        ("outgoing", "Thanks, Ana"),
    ]
    assert {one["state"] for one in shown["messages"]} == {"done", "sent"}


async def test_whom_the_shop_alone_has_a_name_for_is_shown(shop: Terminal, settings: Settings) -> None:
    async with app.running(settings, role="web") as running:
        await running.dispatcher.submit(meeting(("external", "u-7"), datetime.now(UTC)))
    ran = await run(shop, "contact", "show", "external:u-7")
    assert ran.code == 0, ran.err
    assert "u-7  no name known, no member" in ran.out
    assert "no address that messages can go to" in ran.out
    assert "number" not in ran.out
    as_json = await run(shop, "contact", "show", "external:u-7", "--json")
    shown = json.loads(as_json.out)
    assert (shown["address"], shown["member"], shown["messages"]) == ("u-7", False, [])
    nobody = await run(shop, "contact", "show", "external:u-8")
    assert (nobody.code, nobody.err.strip()) == (1, "external:u-8: nobody with this address or id is known")


async def test_where_the_zone_is_from_is_said_truly(shop: Terminal, settings: Settings) -> None:
    async with app.running(settings, role="web") as running:
        await running.dispatcher.submit(meeting(("external", "u-7"), datetime.now(UTC)))
        await running.dispatcher.submit(meeting(("sms", "+442079460123"), datetime.now(UTC)))
        change = Statement("UPDATE contact SET zone = :zone, zone_is_known = :told WHERE id = :id")
        for zone, name in (("Europe/Berlin", "u-8"), ("Asia/Tokyo", "u-9")):
            met = await running.dispatcher.submit(meeting(("external", name), datetime.now(UTC)))
            values = {"zone": zone, "told": name == "u-9", "id": met.contact_id}
            await running.database.transact(lambda c, values=values: c.run(change, [values]))  # type: ignore[misc]  # bound now
    for whom, said in (
        ("external:u-7", "UTC (the shop's, as none was told)"),
        ("external:u-8", "Europe/Berlin (not told by the contact)"),
        ("external:u-9", "Asia/Tokyo"),
        ("+442079460123", "Europe/London (a guess from the number)"),
    ):
        page = " ".join((await run(shop, "contact", "show", whom)).out.split())
        assert f"lives in {said}: all times here are by its clock" in page
        proof = (await run(shop, "consent", "proof", whom)).out
        assert f"({said.replace(' (', ', ').rstrip(')')})" in proof


def test_pending_credit_is_said_by_the_contacts_clock_like_all_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    night = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # still the 24th in New York
    who = Contact("c" * 32, 5, "en", "America/New_York", night, enrolled_at=night)
    portrait = Portrait(Snapshot(who, (), {}, (), Wallet(who.id)), (), ())
    balance = Balance(0, 500, 0, 0, (Waiting(500, night),), ())
    show_page(NUMBER, portrait, balance, None, (), {}, known=Profile({}, {}, ()), shop_zone="UTC")
    said = capsys.readouterr().out
    assert "member since 2026-11-24 22:30" in said
    assert "500 can be spent from 2026-11-24 22:30" in said
    assert "UTC" not in said


async def test_the_page_for_people_says_the_same(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "[red]Ana", "STOP")
    ran = await run(shop, "contact", "show", NUMBER)
    assert ran.code == 0, ran.err
    for piece in (NUMBER, "[red]Ana", "available $5.00, pending $0.00", "loyalty: unsubscribed", "said STOP"):
        assert piece in ran.out


async def test_who_is_named_by_an_id_is_shown_by_number(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    by_number = json.loads((await run(shop, "contact", "show", NUMBER, "--json")).out)
    ran = await run(shop, "contact", "show", by_number["id"], "--json")
    assert (ran.code, json.loads(ran.out)) == (0, by_number)


async def test_a_stranger_is_said_to_be_one(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    ran = await run(shop, "contact", "show", "+12025550199")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "+12025550199: nobody with this address or id is known\n"


def test_showing_nobody_asks_whom(terminal: Terminal) -> None:
    ran = terminal("contact", "show", " ")
    assert (ran.code, ran.err) == (2, "say whose: give a phone number, or another address\n")


async def test_an_empty_outbox_is_said_kindly(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    ran = await run(shop, "outbox", "list")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "Nothing waits to be sent, and nothing is in doubt.\n"
    ran = await run(shop, "outbox", "list", "--state", "failed", "--state", "held")
    assert ran.err == "No message is failed or held.\n"


async def test_nothing_dead_is_said_so(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    ran = await run(shop, "dead", "list")
    assert (ran.code, ran.out, ran.err) == (0, "", "Nothing is dead.\n")


async def test_what_failed_is_listed_and_replayed_and_its_answer_waits_in_the_outbox(
    shop: Terminal, settings: Settings
) -> None:
    await converse(settings, "LOYALTY", "skip", "skip")
    key = await bury(settings, TriggerKind.INBOUND, "BALANCE")
    listed = await run(shop, "dead", "list")
    assert f"  key {key}\n  KeyError: 'boom'\n" in listed.out
    assert NUMBER not in listed.out
    replayed = await run(shop, "dead", "replay", key)
    assert (replayed.code, replayed.out) == (0, f"{key}: exact\n")
    assert (await run(shop, "dead", "list")).out == ""
    waiting = await run(shop, "outbox", "list")
    assert waiting.out.startswith("queued")
    assert "…0123" in waiting.out
    assert NUMBER not in waiting.out
    assert NUMBER in (await run(shop, "outbox", "list", "--show")).out


async def test_what_fails_again_says_why_and_apologizes_to_nobody(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "skip", "skip")
    await bury(settings, TriggerKind.TIMER, "a timer without a run")
    await bury(settings, TriggerKind.INBOUND, "BALANCE")
    ran = await run(shop, "dead", "replay", "--all")
    assert ran.code == 1
    assert "failed again: KeyError: 'run'" in ran.out
    assert "Traceback" not in ran.out + ran.err
    assert ran.err == "2 replayed, 1 failed again.\n"
    waiting = await run(shop, "outbox", "list")
    assert waiting.err == "1 queued.\n"


async def test_a_key_that_nothing_has(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    ran = await run(shop, "dead", "replay", "nothing")
    assert ran.code == 1
    assert ran.err.startswith("nothing: nothing dead has this key")


def test_replaying_needs_to_be_told_what(terminal: Terminal) -> None:
    for arguments in ([], ["key", "--all"]):
        assert terminal("dead", "replay", *arguments).code == 2


def test_without_a_database_the_remedy_is_named(terminal: Terminal) -> None:
    for arguments in (["contact", "show", NUMBER], ["dead", "list"], ["outbox", "list"], ["flows", "pull"]):
        ran = terminal(*arguments)
        assert ran.code == 1
        assert ran.err.startswith("there is no database regulars.sqlite yet")
        assert not (terminal.folder / "regulars.sqlite").exists()
