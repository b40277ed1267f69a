"""`flows simulate` and `flows diff`: real history lived through a flow, in a copy, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from bot import app
from bot.cli.rehearsing import Delivered
from bot.config import Settings
from bot.conversation.inbox import inbound_work
from bot.conversation.operations import operation_work
from bot.conversation.rehearsal import MovableClock
from bot.conversation.work import Work
from bot.core.contact import Event, JsonValue
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.jobs.outbox import OutboxDelivery
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
GIFT = """
flow: gift
title: Say at once that a gift came
language: en
group: loyalty
start: [{event: Gift Given}]
steps:
  - say: {text: A gift!, class: marketing}
"""
_numbers = count()
NOON = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0)
PEOPLE = ["+12125550101", "+12125550102", "+12125550103"]


@dataclass(slots=True)
class Past:
    """A life that was: at instants that its clock shows."""

    running: app.Running
    clock: MovableClock

    async def text(self, number: str, words: str) -> str:
        """Let somebody text; returns who it was."""
        self.clock.now += timedelta(seconds=5)
        inbound = Inbound("twilio", f"SM{next(_numbers)}", "sms", number, "", words, self.clock.now)
        result = await self.running.dispatcher.submit(inbound_work(inbound))
        self.running.dispatcher.written(result)
        return result.contact_id

    async def join(self) -> list[str]:
        """Let the people join."""
        contacts = []
        for number in PEOPLE:
            contacts.append(await self.text(number, "LOYALTY"))
            for answer in ("skip", "skip"):
                await self.text(number, answer)
        return contacts

    async def taste(self, contact: str, total: int, at: datetime) -> None:
        """Let somebody taste coffee."""
        self.clock.now = at
        key = f"taste-{next(_numbers)}"
        facts: dict[str, JsonValue] = {"id": key, "name": "Coffee Tasted", "properties": {"total": total}}
        work = operation_work("event.track", facts, key=key, at=at, contact_id=contact)
        await self.running.dispatcher.submit(work)

    async def give(self, contact: str, at: datetime) -> None:
        """Let somebody have a gift, and what is said of it leave at once."""
        self.clock.now = at
        event = Event("Gift Given", at, {})
        trigger = Trigger(f"gift-{next(_numbers)}", TriggerKind.EVENT, at, {"name": event.name}, event=event)
        await self.running.dispatcher.submit(Work(trigger, contact_id=contact))
        outbox = OutboxDelivery(
            self.running.database,
            {"sms": Delivered()},
            self.running.receipts,
            lambda: self.running.decisions.shop.policy,
            self.clock,
            asyncio.Event(),
        )
        assert await outbox.deliver()


@asynccontextmanager
async def past(shop: Terminal, settings: Settings) -> AsyncIterator[Past]:
    """What was, from 40 days ago on; no day of it is a holiday, whenever the test is run."""
    policy = (shop.folder / "flows/policy.yaml").read_text()
    shop.write("flows/policy.yaml", policy.replace(", holidays: [us]", ""))
    clock = MovableClock(NOON - timedelta(days=40))
    async with app.running(settings, role="web", clock=clock) as running:
        yield Past(running, clock)


async def live(shop: Terminal, settings: Settings) -> None:
    """Three join 40 days ago; two taste coffee, one late in the evening; the last says STOP before."""
    async with past(shop, settings) as life:
        contacts = await life.join()
        await life.taste(contacts[0], 60, NOON - timedelta(days=20))
        await life.taste(contacts[0], 70, NOON - timedelta(days=18))  # too soon after the first
        await life.taste(contacts[1], 20, NOON - timedelta(days=16))  # too little
        night = NOON - timedelta(days=15) + timedelta(hours=9)  # it is night an hour later
        await life.taste(contacts[1], 90, night)
        life.clock.now = NOON - timedelta(days=12)
        await life.text(PEOPLE[2], "STOP")
        await life.taste(contacts[2], 80, NOON - timedelta(days=10))


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
    await live(shop, settings)
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
    assert (one["segments"], one["as_of_today"]) == (2, ["fields of contacts"])
    assert (told["people"], told["sends"], told["segments"], told["cost"]) == (0, 0, 2, "0.0166")


async def test_what_is_published_is_rehearsed_and_what_cannot_be_is_said(
    shop: Terminal, settings: Settings
) -> None:
    await live(shop, settings)
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
    assert told["as_of_today"] == []
    owing = NOON_FOR_ALL.replace("Hello", "'{{ balance.available | money }} {{ tier.name }}'")
    shop.write("later/noon.yaml", owing)
    ran = await run(shop, "flows", "simulate", "later/noon.yaml", "--history", "3d")
    assert "\nas they are today   balances, levels\n" in ran.out
    ran = await run(shop, "flows", "simulate", "nothing")
    assert (ran.code, ran.err[:33]) == (2, "nothing: there is no such flow, n")
    ran = await run(shop, "flows", "simulate", "expiry_reminder")
    assert ran.code == 2
    assert "nothing that starts it is kept" in ran.err
    ran = await run(shop, "flows", "diff", "loyalty")
    assert (ran.code, ran.err) == (2, "name two flows, revisions or files to compare, or none\n")


async def test_messages_of_other_flows_fill_caps_from_when_they_left_on(
    shop: Terminal, settings: Settings
) -> None:
    shop.write("flows/gift.yaml", GIFT)
    day = NOON - timedelta(days=20)
    async with past(shop, settings) as life:
        before, after, _ = await life.join()
        for contact in (before, after):
            await life.taste(contact, 60, day)  # thanked an hour later
        await life.give(before, day + timedelta(minutes=30))
        await life.give(after, day + timedelta(minutes=90))
    shop.write("later/thanks.yaml", THANKS)
    ran = await run(shop, "flows", "simulate", "later/thanks.yaml", "--history", "30d", "--json")
    told = {one["contact"]: one for one in json.loads(ran.out)["messages"]}
    assert told[after]["held_for"] == [], "a gift that comes later takes no room before"
    assert told[after]["sent_at"][:16] == (day + timedelta(hours=1)).isoformat()[:16]
    assert (told[before]["state"], told[before]["reason"]) == ("refused", "capped")
