"""Events of sources go when their time is over; what the books and figures need stays."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.contact import Event
from bot.core.ids import new_contact_id
from bot.core.tracking.plan import NO_PLAN, Plan, PlannedEvent
from bot.jobs.retention import LEARNT_FOR, Retention
from bot.storage import learnt, retention, rows, tables
from bot.storage.driver import Database, Present, Rows, Statement
from bot.storage.learnt import Learnt
from tests.storage.scripted import NOW, open_at

DAY = timedelta(days=1)
EVENT = Rows(tables.Row.metadata.tables["event"], Present.FAIL)
PLAN = Plan(
    {
        "Short": PlannedEvent(keep=5 * DAY),
        "Long": PlannedEvent(keep=90 * DAY),
        "Kept": PlannedEvent(is_for_good=True),
        "Session Started": PlannedEvent(keep=10 * DAY),
    },
    keep=30 * DAY,
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def happened(database: Database, *events: tuple[str, int], source: str = "s") -> None:
    """Let events have happened so many days ago, each to somebody else."""
    values = []
    for name, days in events:
        contact = new_contact_id(NOW, os.urandom)
        row = rows.event_row(contact, os.urandom(15).hex() + contact[-2:], Event(name, NOW - days * DAY, {}))
        values.append((*row[:-1], source))
    await database.transact(lambda c: c.write(EVENT, values))


async def left(database: Database) -> list[tuple[str, int]]:
    found = await database.query(lambda c: c.read(Statement("SELECT name, at FROM event")))
    now = int(NOW.timestamp())
    return sorted((name, (now - at // 1_000_000) // 86_400) for name, at in found)


def job(database: Database, plan: Plan) -> Retention:
    return Retention(database, lambda: plan, lambda: NOW, asyncio.Event())


async def test_each_kind_has_its_time(database: Database) -> None:
    of_sources = [(name, days) for name in ("Short", "Long", "Kept", "Else") for days in (4, 6, 40, 100)]
    await happened(database, *of_sources, ("Order Completed", 100))
    of_ours = [("Else", 100), ("Credit Granted", 100), ("Order Completed", 101), ("Short", 101)]
    await happened(database, *of_ours, ("Session Started", 9), ("Session Started", 11), source="")
    assert await job(database, PLAN).remove() == 3 + 1 + 2 + 1
    assert await left(database) == sorted(
        [
            *[("Short", 4), ("Long", 4), ("Long", 6), ("Long", 40), ("Else", 4), ("Else", 6)],
            *[("Kept", days) for days in (4, 6, 40, 100)],
            *[("Order Completed", 100), *of_ours, ("Session Started", 9)],
        ]
    )
    assert await job(database, PLAN).remove() == 0


async def test_an_event_goes_when_its_time_is_over_and_not_before(database: Database) -> None:
    await happened(database, ("Else", 30), ("Else", 31))
    assert await job(database, PLAN).remove() == 1
    assert await left(database) == [("Else", 30)]  # `within: 30d` counts it still


async def test_without_a_time_nothing_goes(database: Database) -> None:
    await happened(database, ("Else", 3000))
    assert await job(database, NO_PLAN).remove() == 0


async def test_many_go_in_batches(database: Database) -> None:
    contact = new_contact_id(NOW, os.urandom)
    many = 2 * retention.BATCH + 10
    values = [
        (
            *rows.event_row(contact, f"{n:030x}{contact[-2:]}", Event("Else", NOW - (n % 2) * 40 * DAY, {}))[
                :-1
            ],
            "s",
        )
        for n in range(2 * many)
    ]
    await database.transact(lambda c: c.write(EVENT, values))
    assert await job(database, PLAN).remove() == many
    assert len(await left(database)) == many


async def test_it_ends_when_the_process_does(database: Database) -> None:
    await happened(database, ("Else", 40))
    stopping = asyncio.Event()
    stopping.set()
    assert await Retention(database, lambda: PLAN, lambda: NOW, stopping).remove() == 0


async def test_what_comes_no_more_is_forgotten(database: Database) -> None:
    one = Learnt()
    for name, at in (("Old", NOW - LEARNT_FOR - DAY), ("New", NOW - LEARNT_FOR + DAY)):
        one.saw(name, {})
        await one.flush(database, at)
    await job(database, NO_PLAN).remove()
    assert [event.name for event in await database.query(learnt.read)] == ["New"]
