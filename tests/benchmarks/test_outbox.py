"""The outbox benchmark sends what it queued, each message once, and both roads send the same number."""

from asyncio import run
from pathlib import Path

import pytest

from benchmarks.databases import Database, Postgres, Sqlite
from benchmarks.outbox import clock, delivered, fill, plain, settings_of, waiting
from bot.app import prepare_database, running
from bot.storage.driver import Statement

MANY, SOME = 600, 150


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Sqlite(tmp_path)
    started = request.getfixturevalue("postgres")
    assert isinstance(started, Postgres)
    return started


def test_both_roads_send_what_was_queued_and_each_message_once(database: Database) -> None:
    settings = settings_of(database.fresh("outbox"), "http://127.0.0.1:9")

    async def measured() -> None:
        opened = await prepare_database(settings, clock)
        await fill(opened, MANY)
        assert await waiting(opened) == MANY
        async with running(settings, role="web", clock=clock, database=opened, channels={}) as app:
            by_plain = await plain(opened, SOME, 8, 2)
            ours = await delivered(app, None, SOME)
            assert await waiting(opened) == MANY - by_plain.rows - ours.rows
            sent = Statement(
                "SELECT o.state, o.attempts, count(*) FROM outbox o GROUP BY o.state, o.attempts"
            )
            found = {tuple(row) for row in await opened.query(lambda c: c.read(sent))}
            done = by_plain.rows + ours.rows
            assert found == {("sent", 1, done), ("queued", 0, MANY - done)}
        assert SOME <= by_plain.rows < SOME + 32
        assert SOME <= ours.rows < SOME + 32

    run(measured())
