"""What is over for long is forgotten, a bucket at a strike; what somebody may still ask about stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.codes import Code
from bot.core.flow.evaluations import EVALUATION, Evaluation
from bot.core.ids import BUCKETS
from bot.core.personal_codes import KIND, Invitation, used_mark
from bot.jobs.forgetting import EVERY, Forgetting
from bot.storage.driver import Database, Statement
from bot.storage.kept import WRITERS
from tests.storage.scripted import NOW, open_at

_DAY = timedelta(days=1)
_BUCKET = int(NOW.timestamp() // EVERY.total_seconds()) % BUCKETS
_ONE = f"{'a' * 30}{_BUCKET:02x}"
_ELSEWHERE = f"{'a' * 30}{(_BUCKET + 1) % BUCKETS:02x}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def _keep(database: Database, contact: str, table: str, what: object) -> None:
    rows, row = WRITERS[table]
    await database.transact(lambda c: c.write(rows, [row(contact, what)]))


async def _left(database: Database, sql: str) -> list[str]:
    found = await database.query(lambda c: c.read(Statement(sql)))
    return sorted(str(row[0]) for row in found)


async def test_a_bucket_at_a_strike_forgets_what_is_over(database: Database) -> None:
    for contact, code, days in (
        (_ONE, "2A2A2A2A", 200), (_ONE, "3B3B3B3B", 60), (_ELSEWHERE, "4C4C4C4C", 200),
    ):  # fmt: skip
        made_at = NOW - days * _DAY
        await _keep(database, contact, KIND, Invitation(code, made_at, made_at + 30 * _DAY))
        for name in (code, used_mark(code)):
            await _keep(database, contact, "directory", Code(name, KIND))
        step = Evaluation("gift", code, made_at, "then")
        await _keep(database, contact, EVALUATION, step)
    job = Forgetting(database, lambda: NOW, asyncio.Event())
    assert (await job.forget(), await job.forget()) == (2, 0)
    left = ["3B3B3B3B", "4C4C4C4C"]
    assert await _left(database, "SELECT code FROM invitation") == left
    assert await _left(database, "SELECT step FROM evaluation") == left
    named = await _left(database, f"SELECT value FROM directory WHERE kind = '{KIND}'")  # noqa: S608
    assert named == ["3B3B3B3B", "3B3B3B3B/used", "4C4C4C4C", "4C4C4C4C/used"]
    next_one = Forgetting(database, lambda: NOW + EVERY, asyncio.Event())
    assert await next_one.forget() == 2
