"""A glance reads what is committed, in the thread that asks, and sees no half-done work."""

import asyncio
import threading

import pytest

from bot.app import open_database
from bot.config import load_settings
from bot.storage.driver import Connection, Statement
from bot.storage.glancing import glance
from bot.storage.sqlite import SqliteDatabase
from tests.databases import SqliteDatabases

_SET = Statement("INSERT INTO setting (name, value) VALUES ('glance', :value)")
_GET = Statement("SELECT s.value FROM setting s WHERE s.name = 'glance'")


async def value(connection: Connection) -> str:
    """What is set."""
    found = await connection.read(_GET)
    return str(found[0][0]) if found else ""


async def test_it_reads_what_is_committed_and_nothing_else(database_url: str) -> None:
    database = await open_database(load_settings({"DATABASE_URL": database_url}))
    half_done, may_go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def write(connection: Connection) -> None:
        await connection.run(_SET, [{"value": "set"}])
        if database.dialect == "sqlite":  # in the writer's thread: it may wait there
            loop.call_soon_threadsafe(half_done.set)
            may_go.wait(5)

    writing = asyncio.create_task(database.transact(write))
    if database.dialect == "sqlite":
        await half_done.wait()
        assert await glance(database, value) == ""
        may_go.set()
    await writing
    assert await glance(database, value) == "set"
    await database.close()


async def test_on_sqlite_it_stays_in_its_thread(sqlite_databases: SqliteDatabases) -> None:
    database = await open_database(load_settings({"DATABASE_URL": await sqlite_databases.create()}))

    async def where(_: Connection) -> int:
        return threading.get_ident()

    assert await glance(database, where) == threading.get_ident()
    assert await database.query(where) != threading.get_ident()
    await database.close()


async def test_a_database_in_memory_has_one_connection() -> None:
    database = SqliteDatabase(":memory:")

    async def one(connection: Connection) -> int:
        return int((await connection.read(Statement("SELECT 1")))[0][0])

    assert await glance(database, one) == 1
    await database.close()


async def test_what_it_raises_is_raised_and_ends_it(sqlite_databases: SqliteDatabases) -> None:
    database = await open_database(load_settings({"DATABASE_URL": await sqlite_databases.create()}))

    async def fail(connection: Connection) -> None:
        await connection.read(_GET)
        raise LookupError("nobody")

    with pytest.raises(LookupError):
        await glance(database, fail)
    assert await glance(database, value) == ""
    await database.close()
