"""What the pages' benchmark asks is answered, and its bare handler stores what it is asked."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from benchmarks.bare_json import application
from benchmarks.floor import SqliteStore
from benchmarks.load import Outcome, Run
from benchmarks.mp import Size, fall_due, left, populate
from benchmarks.posts import Load, posts
from benchmarks.shoppers import LOTS, MIX, WRITES, token
from bot.core.sessions import id_in
from tests.conversation.chat import Clock, chatting
from tests.databases import SqliteDatabases
from tests.ports import free_port

SIZE = Size(shoppers=20, remembered=5, rounds=1, requests=60, open_loop_seconds=0)


async def asked(load: Load) -> Outcome:
    """What came of a load, asked from this very process."""
    return await Run(load, posts(load)).measure()


async def test_every_request_of_the_mix_is_answered(sqlite_databases: SqliteDatabases) -> None:
    url = await sqlite_databases.create()
    await populate(url, SIZE)
    settings = {"REGULARS_PAGES_REQUESTS_PER_MINUTE": "0"}
    clock = Clock(datetime.now(UTC) + timedelta(seconds=1))
    async with chatting(url, clock=clock, settings=settings) as chat:
        port = chat.app.settings.port
        load = Load("mp", port, "test", SIZE.shoppers, SIZE.requests, concurrency=4, mix=MIX)
        outcome = await asked(load)
    assert outcome.statuses == {"200": SIZE.requests}
    assert '"available"' in outcome.examples["wallet"]
    await sqlite_databases.drop(url)


async def test_everybodys_notices_fall_due_when_they_are_told_to(sqlite_databases: SqliteDatabases) -> None:
    url = await sqlite_databases.create()
    await populate(url, SIZE)
    assert await left(url) == 0
    await fall_due(url)
    assert await left(url) == (SIZE.shoppers + SIZE.remembered) * LOTS
    await sqlite_databases.drop(url)


async def test_the_bare_handler_stores_each_request(tmp_path: Path) -> None:
    file, port = str(tmp_path / "bare.db"), free_port()
    runner = web.AppRunner(application(SqliteStore(file)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    outcome = await asked(Load("json", port, "test", 20, 30, concurrency=4, mix=MIX))
    await runner.cleanup()
    assert outcome.statuses == {"200": 30}
    with sqlite3.connect(file) as stored:
        (count,) = stored.execute("SELECT COUNT(*) FROM message").fetchone()
    stored.close()
    assert count == 30


def test_one_request_in_ten_writes() -> None:
    assert sum(share for _, share in MIX) == 100
    assert sum(share for kind, share in MIX if kind in WRITES) == 10


def test_the_nth_token_is_always_the_same() -> None:
    assert token(7) == token(7) != token(8)
    assert str(id_in(token(7))).endswith("07")
