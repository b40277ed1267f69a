"""Which messages came is known for a week."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.conversation.tracking.ingest import REMEMBERED
from bot.jobs.seen_messages import SeenMessages
from bot.storage import tracking
from bot.storage.driver import Database, Statement
from tests.storage.scripted import NOW, open_at


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def test_what_came_a_week_ago_is_forgotten_in_slices(database: Database) -> None:
    ages = [timedelta(0), timedelta(days=6), *(REMEMBERED + timedelta(minutes=5 * n) for n in range(1, 7))]
    for number, age in enumerate(ages):
        await database.transact(lambda c, n=number, age=age: tracking.claim(c, [f"m{n}"], NOW - age))  # type: ignore[misc]  # bound now
    job = SeenMessages(database, lambda: NOW, asyncio.Event())
    assert await job.forget() == 3
    assert await job.forget() == 0
    left = await database.query(lambda c: c.read(Statement("SELECT id FROM seen_message ORDER BY id")))
    assert [row[0] for row in left] == ["m0", "m1"]


async def test_it_ends_when_the_process_does(database: Database) -> None:
    await database.transact(lambda c: tracking.claim(c, ["m"], NOW - 2 * REMEMBERED))
    stopping = asyncio.Event()
    stopping.set()
    assert await SeenMessages(database, lambda: NOW, stopping).forget() == 0
