"""Flows that start by the clock: once for each member and strike, at the hour of each one's zone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.conversation.operations import operation_work
from bot.core.contact import Contact
from bot.jobs.due import DueWork
from bot.storage.driver import Present, Rows
from bot.storage.rows import contact_row
from bot.storage.tables import Row
from tests.conversation.chat import Chat, chatting, shipped

DAILY = """\
flow: daily
title: Say something at two
language: en
group: loyalty
class: service
start:
  - schedule: daily 14:00
steps:
  - say: It is two.
"""
HAWAII = "+18085550100"
STRANGER = "+12125550199"


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """Two members, one in New York and one in Hawaii, and a stranger; it is noon in New York."""
    flows = shipped(tmp_path, "loyalty", "fallback", daily=DAILY)
    async with chatting(database_url, flows=flows) as chat:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
            await chat(text, number=HAWAII)
        await chat("hello", number=STRANGER)
        await chat.strike()  # from now on the schedule is known in these zones
        yield chat


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    """Return an instant of that day in November, UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


async def test_each_zone_has_its_own_hour(chat: Chat) -> None:
    assert await chat.move_to(at(18, 59)) == []
    assert await chat.move_to(at(19, 1)) == ["It is two."]
    assert chat.news(HAWAII) == []
    assert await chat.move_to(at(23, 59)) == []
    assert await chat.move_to(at(0, 1, day=25)) == []
    assert chat.news(HAWAII) == ["It is two."]
    assert chat.news(STRANGER) == []


async def test_a_strike_is_once_for_each_day(chat: Chat) -> None:
    assert await chat.move_to(at(19, 1)) == ["It is two."]
    assert await chat.later(hours=2) == []
    assert await chat.move_to(at(19, 1, day=25)) == ["It is two."]
    assert await chat.move_to(at(19, 30, day=25)) == []


async def test_of_strikes_missed_only_the_latest_counts(chat: Chat) -> None:
    assert await chat.move_to(at(20, 0, day=27)) == ["It is two."]
    assert await chat.later(hours=1) == []


async def test_who_stopped_is_not_written_to(chat: Chat) -> None:
    await chat("STOP")
    assert await chat.move_to(at(19, 1)) == []
    assert chat.clock() > at(19)


async def test_two_workers_strike_once(database_url: str, tmp_path: Path) -> None:
    flows = shipped(tmp_path, "loyalty", daily=DAILY)
    async with chatting(database_url, flows=flows) as chat, chatting(database_url, flows=flows) as other:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
        await chat.strike()
        chat.clock.now = other.clock.now = at(19) + timedelta(minutes=1)
        await asyncio.gather(chat.strike(), other.strike())
        assert [*chat.news(), *other.news()] == ["It is two."]
        assert (await chat.triggers()).count(("schedule", "done")) == 1


async def test_a_process_that_stops_leaves_the_strike_to_the_next(chat: Chat) -> None:
    reached = "SELECT name, value FROM setting WHERE name LIKE 'schedule:%' ORDER BY name"
    before = await chat.rows(reached)
    await chat.app.clockwork.close()
    chat.clock.now = at(19, 1)
    await chat.app.clockwork.strike_all()
    assert "schedule" not in dict(await chat.triggers())
    assert await chat.rows(reached) == before


async def test_who_moves_between_strikes_has_each_day_once(chat: Chat) -> None:
    """From where it is ten to where it is three: at once. Back again: not twice, and the next day there."""

    async def move(zone: str) -> list[str]:
        contact_id = await chat.contact_id(HAWAII)
        key = f"move/{zone}"
        work = operation_work(
            "member.enroll", {"zone": zone}, key=key, at=chat.clock(), contact_id=contact_id
        )
        await chat.app.dispatcher.submit(work)
        await chat.strike()
        return chat.news(HAWAII)

    assert await chat.move_to(at(20)) == ["It is two."]
    assert await move("America/New_York") == ["It is two."]
    assert await move("Pacific/Honolulu") == []
    await chat.move_to(at(0, 1, day=25))
    assert chat.news(HAWAII) == []
    await chat.move_to(at(0, 1, day=26))
    assert chat.news(HAWAII) == ["It is two."]


async def test_a_strike_for_many_is_stored_page_by_page(chat: Chat) -> None:
    """A bucket of seven in two zones that strike at once, two to a page: each has one trigger."""
    at_noon = at(20, day=23)
    members = [
        Contact(f"{number:030x}07", 7, "en", zone, at_noon, enrolled_at=at_noon)
        for number, zone in enumerate(
            ("America/New_York", "America/Chicago", "America/Bogota") * 2 + ("America/Lima",), 1
        )
    ]
    table = Rows(Row.metadata.tables["contact"], Present.FAIL)
    values = [contact_row(member) for member in members]
    await chat.app.database.transact(lambda c: c.write(table, values))
    chat.clock.now = at(20, 1)  # two o'clock in New York and Bogota, an hour ago, and in Chicago
    app = chat.app
    due = DueWork(app.behind, app.dispatcher, chat.clock, lambda: app.decisions, asyncio.Event(), page=2)
    await due.schedules()
    struck = "SELECT contact FROM \"trigger\" WHERE bucket = 7 AND kind = 'schedule' ORDER BY contact"
    found = [contact for (contact,) in await chat.rows(struck)]
    assert [contact for contact in found if contact in {one.id for one in members}] == [
        one.id for one in members
    ]
