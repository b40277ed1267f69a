"""What only SQLite does: one thread, transactions that never suspend, copies of the file."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.storage.driver import Connection, Present, Rows
from bot.storage.sqlite import SqliteDatabase
from bot.storage.tables import Row
from tests.databases import SqliteDatabases
from tests.storage.scripted import asked

SETTING = Rows(Row.metadata.tables["setting"], Present.FAIL)


@pytest.fixture
async def file(sqlite_databases: SqliteDatabases) -> Path:
    return Path((await sqlite_databases.create()).partition(":///")[2])


@pytest.mark.parametrize("suspend", [lambda: asyncio.sleep(0), lambda: asyncio.sleep(0.01)])
async def test_a_transaction_that_awaits_something_else_is_refused(file: Path, suspend: object) -> None:
    database = SqliteDatabase(str(file))
    assert callable(suspend)

    async def dawdle(connection: Connection) -> None:
        await connection.write(SETTING, [("a", "1")])
        await suspend()
        await connection.write(SETTING, [("b", "1")])

    with pytest.raises(
        (AssertionError, RuntimeError), match=r"awaited something other|no running event loop"
    ):
        await database.transact(dawdle)
    await database.transact(lambda c: c.write(SETTING, [("c", "1")]))
    assert await asked(database, "SELECT name FROM setting") == [("c",)]
    await database.close()


async def test_it_is_durable_and_lets_readers_go_on(file: Path) -> None:
    database = SqliteDatabase(str(file))
    assert await asked(database, "PRAGMA synchronous") == [(2,)]
    assert await asked(database, "PRAGMA journal_mode") == [("wal",)]
    await database.close()


async def test_two_processes_take_turns(file: Path) -> None:
    one, other = SqliteDatabase(str(file)), SqliteDatabase(str(file))
    await asyncio.gather(
        *(
            database.transact(lambda c, row=(f"{name}{number}", ""): c.write(SETTING, [row]))  # type: ignore[misc]  # bound now
            for number in range(50)
            for name, database in (("one", one), ("other", other))
        )
    )
    assert await asked(one, "SELECT COUNT(*) FROM setting") == [(100,)]
    await one.close()
    await other.close()


async def test_a_backup_is_whole_though_others_write_meanwhile(file: Path, tmp_path: Path) -> None:
    """Every transaction writes a pair: a copy holds both or neither."""
    database = SqliteDatabase(str(file))

    async def write() -> None:
        for number in range(300):
            pair = [(f"{number}a", "x" * 500), (f"{number}b", "x" * 500)]
            await database.transact(lambda c, pair=pair: c.write(SETTING, pair))  # type: ignore[misc]  # bound now

    writing = asyncio.get_running_loop().create_task(write())
    counts = []
    for number in range(5):
        copy = tmp_path / f"{number}.sqlite"
        await database.backup(str(copy))
        with closing(sqlite3.connect(copy)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            ((names,),) = raw.execute("SELECT COUNT(*) FROM setting").fetchall()
            assert names % 2 == 0
            counts.append(names)
    await writing
    assert counts == sorted(counts)
    await database.close()


async def test_a_restored_copy_goes_on(file: Path, tmp_path: Path) -> None:
    database = SqliteDatabase(str(file))
    await database.transact(lambda c: c.write(SETTING, [("a", "1")]))
    await database.backup(str(tmp_path / "copy.sqlite"))
    await database.close()
    restored = SqliteDatabase(str(tmp_path / "copy.sqlite"))
    await restored.transact(lambda c: c.write(SETTING, [("b", "1")]))
    assert await asked(restored, "SELECT name FROM setting ORDER BY name") == [("a",), ("b",)]
    await restored.close()


async def test_memory_is_a_database_too(tmp_path: Path) -> None:
    database = SqliteDatabase(":memory:")
    assert await asked(database, "SELECT 1") == [(1,)]
    await database.backup(str(tmp_path / "copy.sqlite"))
    await database.close()
