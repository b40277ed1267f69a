"""`flows simulate` and `flows diff`: real history lived through a flow, in a copy, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from bot import app
from bot.config import Settings
from bot.conversation.inbox import inbound_work
from bot.conversation.operations import operation_work
from bot.conversation.rehearsal import MovableClock
from bot.core.contact import JsonValue
from bot.core.messages import Inbound
from bot.storage import tables
from bot.storage.driver import Statement
from tests.cli.conftest import Terminal, run

THANKS = """
flow: thanks
title: Thank who spends much
language: en
group: loyalty
start:
  - {event: Coffee Tasted, where: {total: "> 50"}}
reentry: 10d
steps:
  - wait: 1h
  - id: thank
    say: {text: "Thank you, {{ member.first_name | default: 'friend' }}!", class: marketing}
"""
NOON_FOR_ALL = """
flow: noon
title: Something at noon
language: en
group: loyalty
start: [{schedule: daily 12:00}]
reentry: never
steps:
  - say: {text: Hello, class: marketing}
"""
_numbers = count()
NOON = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0)
PEOPLE = ["+12125550101", "+12125550102", "+12125550103"]


async def live(settings: Settings) -> None:
    """Three join 40 days ago; two taste coffee, one late in the evening; the last says STOP before."""
    clock = MovableClock(NOON - timedelta(days=40))
    async with app.running(settings, role="web", clock=clock) as running:

        async def text(number: str, words: str) -> str:
            clock.now += timedelta(seconds=5)
            inbound = Inbound("twilio", f"SM{next(_numbers)}", "sms", number, "", words, clock.now)
            result = await running.dispatcher.submit(inbound_work(inbound))
            running.dispatcher.written(result)
            return result.contact_id

        async def taste(contact: str, total: int, at: datetime) -> None:
            clock.now = at
            key = f"taste-{next(_numbers)}"
            facts: dict[str, JsonValue] = {"id": key, "name": "Coffee Tasted", "properties": {"total": total}}
            work = operation_work("event.track", facts, key=key, at=at, contact_id=contact)
            await running.dispatcher.submit(work)

        contacts = []
        for number in PEOPLE:
            contacts.append(await text(number, "LOYALTY"))
            for answer in ("skip", "skip"):
                await text(number, answer)
        await taste(contacts[0], 60, NOON - timedelta(days=20))
        await taste(contacts[0], 70, NOON - timedelta(days=18))  # too soon after the first
        await taste(contacts[1], 20, NOON - timedelta(days=16))  # too little
        await taste(
            contacts[1], 90, NOON - timedelta(days=15) + timedelta(hours=9)
        )  # it is night an hour later
        clock.now = NOON - timedelta(days=12)
        await text(PEOPLE[2], "STOP")
        await taste(contacts[2], 80, NOON - timedelta(days=10))


async def everything(settings: Settings) -> dict[str, int]:
    """How many rows each table has."""
    database = await app.open_database(settings)
    found = {}
    for name in sorted(tables.Row.metadata.tables):
        counted = Statement(f'SELECT COUNT(*) FROM "{name}"')  # noqa: S608  # our own names
        ((rows,),) = await database.query(lambda c, counted=counted: c.read(counted))  # type: ignore[misc]  # bound now
        found[name] = int(rows)
    await database.close()
    return found


async def test_history_is_lived_through_flows_that_nobody_has_published(
    shop: Terminal, settings: Settings
) -> None:
    await live(settings)
    shop.write("flows/thanks.yaml", THANKS)
    dearer = THANKS.replace("> 50", "> 10").replace("Thank you", "Thank you " * 20)
    shop.write("later/thanks.yaml", dearer)
    before = await everything(settings)
    two = ("flows", "diff", "flows/thanks.yaml", "later/thanks.yaml", "--history", "30d")
    ran = await run(shop, *two, "--json")
    assert await everything(settings) == before, "nothing of it is left"
    told = json.loads(ran.out)
    one = told["a"]
    assert (one["entries"], one["people"], one["turned_away"]) == (3, 3, {"reentry": 1})
    sent, night, stopped = one["messages"]
    assert sent["sent_at"][:13] == (NOON - timedelta(days=20)).isoformat()[:11] + "18"
    assert (sent["text"], sent["held_for"]) == ("Thank you, friend!", [])
    assert "quiet_hours" in night["held_for"]
    assert night["sent_at"] > night["wanted_at"]
    assert (stopped["state"], stopped["reason"]) == ("refused", "stopped")
    assert one["segments"] == 2
    assert (told["people"], told["sends"], told["segments"], told["cost"]) == (0, 0, 2, "0.0166")


async def test_what_is_published_is_rehearsed_and_what_cannot_be_is_said(
    shop: Terminal, settings: Settings
) -> None:
    await live(settings)
    ran = await run(shop, "flows", "simulate", "loyalty", "--history", "60d", "--messages")
    assert ran.code == 0, ran.err
    assert "loyalty@1, " in ran.out
    assert "\npeople in           3\n" in ran.out
    assert "What shall we call you" in ran.out
    shop.write("flows/noon.yaml", NOON_FOR_ALL)
    ran = await run(shop, "flows", "simulate", "flows/noon.yaml", "--history", "3d", "--json")
    told = json.loads(ran.out)
    there = ZoneInfo("America/New_York")
    sent = [datetime.fromisoformat(one["sent_at"]) for one in told["messages"] if one["sent_at"]]
    assert [f"{at.astimezone(there):%H:%M}" for at in sent] == ["12:00", "12:00"]
    assert (told["people"], told["turned_away"]["reentry"] >= 3) == (3, True)
    ran = await run(shop, "flows", "simulate", "nothing")
    assert (ran.code, ran.err[:33]) == (2, "nothing: there is no such flow, n")
    ran = await run(shop, "flows", "simulate", "expiry_reminder")
    assert ran.code == 2
    assert "nothing that starts it is kept" in ran.err
    ran = await run(shop, "flows", "diff", "loyalty")
    assert (ran.code, ran.err) == (2, "name two flows, revisions or files to compare, or none\n")
