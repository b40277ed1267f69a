"""`why`: an operator reads which flow, rule and consent led to a message, and what the gate says of it."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot import app
from bot.config import Settings
from bot.conversation.operations import operation_work
from bot.conversation.rehearsal import MovableClock
from bot.conversation.shop.messages import SAY
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.ids import instant
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import contacts
from bot.storage.driver import Connection, Statement
from tests.cli.conftest import Terminal, run
from tests.cli.test_consent import change
from tests.cli.test_contact import NUMBER, converse

TASTERS = "\ntasters: {event: Coffee Tasted, within: 3d}\n"
INVITED = """
flow: tasting
title: Invite who has tasted coffee
language: en
group: loyalty
start: [{schedule: daily 12:00, audience: tasters}]
reentry: never
steps:
  - say: {text: Taste another?, class: marketing}
"""


async def taste(settings: Settings, day: datetime) -> None:
    """Taste coffee on a day, which makes one of the tasters; five days later nobody is."""
    clock = MovableClock(day - timedelta(hours=2))
    async with app.running(settings, role="web", clock=clock) as running:
        jobs = {job.name: job.work for job in app.due_jobs(running, asyncio.Event())}
        for _ in range(2):  # figures wait a while for other processes
            while await jobs["audiences_built"]():
                pass
            clock.now += timedelta(minutes=10)
        contact_id = await running.database.query(lambda c: contacts.find(c, "sms", NUMBER))
        clock.now = day
        facts: dict[str, JsonValue] = {"id": "taste", "name": "Coffee Tasted", "properties": {}}
        work = operation_work("event.track", facts, key="taste", at=day, contact_id=contact_id)
        await running.dispatcher.submit(work)
        clock.now += timedelta(days=5)
        await jobs["audiences"]()


async def remind(settings: Settings) -> None:
    """Let a notice be due: the welcome credit ends in a week, told at noon."""
    database = await app.open_database(settings)

    async def find(connection: Connection) -> str:
        contact_id = await contacts.find(connection, "sms", NUMBER)
        assert contact_id is not None
        return contact_id

    contact_id = await database.query(find)
    await database.close()
    ((lot,),) = await asked(settings, "SELECT id FROM lot")
    now = datetime(2027, 1, 16, 17, 0, tzinfo=UTC)
    async with app.running(settings, role="web", clock=lambda: now) as running:
        trigger = Trigger("notice/1", TriggerKind.CREDIT_EXPIRING, now, {"lots": [lot]})
        await running.dispatcher.submit(Work(trigger, contact_id=contact_id))


async def asked(settings: Settings, sql: str) -> list[tuple[str, ...]]:
    database = await app.open_database(settings)
    found = await database.query(lambda c: c.read(Statement(sql)))
    await database.close()
    return [tuple(map(str, row)) for row in found]


async def explained(shop: Terminal, *options: str) -> Mapping[str, Mapping[str, object]]:
    ran = await run(shop, "why", NUMBER, "--json", *options)
    assert ran.code == 0, ran.err
    facts: dict[str, dict[str, object]] = json.loads(ran.out)
    return facts


async def test_an_answer_needs_no_consent(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "skip", "skip", "BALANCE")
    facts = await explained(shop)
    assert facts["flow"]["name"] == "balance"
    assert facts["flow"]["revision"] == 1
    assert (facts["rule"]["name"], facts["rule"]["words"]) == ("answer", "BALANCE")
    assert not facts["consent"]
    assert facts["gate"]["then"] == "let it go"
    page = await run(shop, "why", NUMBER)
    assert "consent  needs none: it answers the contact" in page.out
    assert 'rule     answer: the contact texted "BALANCE"' in page.out


async def test_what_no_flow_said_is_not_called_required_where_it_is_not(
    shop: Terminal, settings: Settings
) -> None:
    await converse(settings, "LOYALTY", "skip", "skip", "STOP")
    assert "\nflow     none: a required reply\n" in (await run(shop, "why", NUMBER)).out
    await converse(settings, "START")
    async with app.running(settings, role="web") as running:
        contact_id = await running.database.query(lambda c: contacts.find(c, "sms", NUMBER))
        said = {"channel": "sms", "text": "Your tea is here.", "group": "loyalty"}
        work = operation_work(SAY, said, key="say", at=datetime.now(UTC), contact_id=contact_id)
        told = (await running.dispatcher.submit(work)).result
    assert told is not None
    page = (await run(shop, "why", NUMBER, "--message", str(told["message"]))).out
    assert "\nkind     marketing of loyalty, by sms\n" in page
    assert "\nflow     none: the shop sent it by itself\n" in page


async def test_the_way_it_went_is_told_where_there_are_several(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    assert "\nway " not in (await run(shop, "why", NUMBER)).out
    because = "customer service: the window is open until 2026-11-26 17:00 UTC, 3 left"
    await change(settings, f"UPDATE outbox SET way = 'customer_service', way_because = '{because}'")  # noqa: S608  # ours
    message = (await explained(shop))["message"]
    assert (message["way"], message["way_because"]) == ("customer_service", because)
    assert f"\nway      customer service: {because}\n" in (await run(shop, "why", NUMBER)).out
    await change(settings, "UPDATE outbox SET channel = 'wechat', address = 'wx1/o'")
    await change(settings, "UPDATE address SET channel = 'wechat', value = 'wx1/o'")
    now = str((await explained(shop))["gate"]["now"])
    assert now.startswith(
        "would let it go, but no way is open: customer service: the contact opened no window"
    )
    await change(settings, "UPDATE address SET window_left = 3, window_until = 9000000000000000")
    now = str((await explained(shop))["gate"]["now"])
    assert now.startswith("would let it go by customer service: customer service: the window is open until")


async def test_a_reminder_has_its_rule_its_consent_and_what_the_gate_said(
    shop: Terminal, settings: Settings
) -> None:
    await converse(settings, "LOYALTY", "skip", "skip")
    await remind(settings)
    since_then = "state = 'delivered', handed_at = (SELECT MAX(at) + 1 FROM consent)"
    await change(settings, f"UPDATE outbox SET {since_then} WHERE flow = 'expiry_reminder'")  # noqa: S608  # ours
    facts = await explained(shop)
    assert facts["flow"]["name"] == "expiry_reminder"
    assert (facts["rule"]["name"], facts["rule"]["trigger"]) == ("credit_expiring", "credit_expiring")
    assert (facts["consent"]["line"], facts["consent"]["words"]) == (1, "LOYALTY")
    assert (facts["consent"]["group"], facts["consent"]["source"]) == ("loyalty", "keyword")
    assert facts["gate"]["then"] == "let it go"
    await converse(settings, "STOP")
    page = await run(shop, "why", NUMBER)
    assert 'consent  line 1: subscribed to loyalty by "LOYALTY"' in page.out
    assert "now it would refuse it: stopped: the address said STOP on" in page.out


async def test_a_message_that_waits_says_why_and_how_long(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "skip", "skip", "SNOOZE 300 days")
    await remind(settings)
    ((message,),) = await asked(settings, "SELECT id FROM outbox WHERE flow = 'expiry_reminder'")
    facts = await explained(shop, "--message", message)
    assert str(facts["gate"]["then"]).startswith("refused: expired: the contact asked for silence until")
    assert str(facts["gate"]["now"]).startswith(
        "would refuse it: expired: the contact asked for silence until"
    )


async def test_what_is_not_there_is_said(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    ran = await run(shop, "why", "+12025550199")
    assert (ran.code, ran.err) == (1, "+12025550199: nobody with this address or id is known\n")
    ran = await run(shop, "why", NUMBER, "--message", "0" * 32)
    assert (ran.code, ran.err) == (1, f"{'0' * 32}: no message of {NUMBER} has this id\n")
    await change(settings, "DELETE FROM outbox")
    ran = await run(shop, "why", NUMBER)
    assert (ran.code, ran.err) == (1, f"{NUMBER}: nothing was sent there yet\n")


async def test_a_flow_says_where_the_contact_is_in_it(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    page = (await run(shop, "why", NUMBER, "loyalty")).out
    assert "loyalty, revision 1: is in it: waits at step name for an answer until" in page
    assert "keyword LOYALTY, JOIN  → texted on" in page
    told = json.loads((await run(shop, "why", NUMBER, "loyalty", "birthday", "--json")).out)
    assert told["verdict"].startswith("not reached yet: is in it: waits at step name for an answer until")
    assert (told["runs"][0]["step"], told["messages"]) == ("name", [])
    page = (await run(shop, "why", NUMBER, "loyalty", "--at", "2020-01-31")).out
    assert page.startswith(
        "loyalty, revision 1, as of 2020-01-31 23:59 UTC: never came to its door: keyword LOYALTY"
    )
    assert (await run(shop, "why", NUMBER, "loyalty", "--at", "Tuesday")).code == 2
    ran = await run(shop, "why", NUMBER, "loyalty", "nowhere")
    assert (ran.code, ran.err[:29]) == (2, "loyalty has no step nowhere; ")
    ran = await run(shop, "why", NUMBER, "nothing")
    assert (ran.code, ran.err) == (2, "no flow nothing is published\n")


async def test_as_of_then_audiences_are_what_was_recorded_then(shop: Terminal, settings: Settings) -> None:
    audiences = (shop.folder / "flows/audiences.yaml").read_text()
    shop.write("flows/audiences.yaml", audiences + TASTERS)
    shop.write("flows/tasting.yaml", INVITED)
    await converse(settings, "LOYALTY")
    ((joined,),) = await asked(settings, "SELECT enrolled_at FROM contact WHERE enrolled_at IS NOT NULL")
    day = instant(int(joined)) + timedelta(days=10)
    await taste(settings, day)

    async def then(days: float) -> str:
        at = (day + timedelta(days=days)).isoformat()
        ran = await run(shop, "why", NUMBER, "tasting", "--at", at)
        assert ran.code == 0, ran.err
        return ran.out

    before, inside, after = await then(-1), await then(1), await then(6)
    assert f"✗ in it then, by what was recorded  → came in only on {day:%Y-%m-%d %H:%M} UTC" in before
    assert "what starts it, as it was then" in before
    assert "✓ in it then, by what was recorded" in inside
    assert "→ left on" in after
    assert "never came to its door: in it then, by what was recorded" in after
    ran = await run(shop, "why", NUMBER, "tasting")
    assert "what starts it, as it is now" in ran.out
    assert "recorded" not in ran.out
    await change(settings, "DELETE FROM event WHERE name = 'Audience Entered'")
    assert "as it is now: nothing tells how it was then" in await then(-1)
