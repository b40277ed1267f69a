"""What only PostgreSQL does: many writers at once, and transactions that are run again."""

import asyncio

import asyncpg
import pytest

from bot.storage import turns
from bot.storage.driver import Connection, DatabaseUnavailable, Present, Rows, Statement
from bot.storage.postgres import PostgresDatabase
from bot.storage.tables import Row
from tests.databases import PostgresDatabases
from tests.storage.scripted import asked, contacts

SETTING = Rows(Row.metadata.tables["setting"], Present.FAIL)
FALL = Statement("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
async def server(postgresql_databases: PostgresDatabases) -> PostgresDatabase:
    return await PostgresDatabase.open(await postgresql_databases.create())


async def test_two_that_lock_in_a_circle_both_get_through(server: PostgresDatabase) -> None:
    """A deadlock: the server picks one to fail, and it is run again."""
    one, other = await contacts(server, 2)
    tries = 0
    met = asyncio.Barrier(2)

    async def both(first: str, second: str, name: str) -> None:
        async def work(connection: Connection) -> None:
            nonlocal tries
            tries += 1
            await turns.lock(connection, [first])
            if tries <= 2:
                await met.wait()
            await turns.lock(connection, [second])
            await connection.write(SETTING, [(name, "")])

        await server.transact(work)

    await asyncio.gather(both(one, other, "a"), both(other, one, "b"))
    assert tries == 3
    assert await asked(server, "SELECT name FROM setting ORDER BY name") == [("a",), ("b",)]
    await server.close()


async def test_a_snapshot_that_went_stale_is_taken_again(server: PostgresDatabase) -> None:
    """40001 under REPEATABLE READ: whoever comes second decides from what the first one left."""
    await server.transact(lambda c: c.write(SETTING, [("n", "0")]))
    tries = 0

    async def add_one(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        await connection.run(Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"), [{}])
        ((value,),) = await connection.read(Statement("SELECT value FROM setting WHERE name = 'n'"))
        await asyncio.sleep(0.02)
        statement = Statement("UPDATE setting SET value = :value WHERE name = 'n'")
        await connection.run(statement, [{"value": str(int(value) + 1)}])

    await asyncio.gather(*(server.transact(add_one) for _ in range(3)))
    assert await asked(server, "SELECT value FROM setting") == [("3",)]
    assert tries > 3
    await server.close()


async def test_a_lost_connection_is_taken_anew(server: PostgresDatabase) -> None:
    tries = 0

    async def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        await connection.write(SETTING, [(f"try {tries}", "")])
        if tries == 1:
            await connection.read(FALL)

    await server.transact(work)
    assert await asked(server, "SELECT name FROM setting") == [("try 2",)]
    await server.close()


@pytest.mark.parametrize("state", ["53100", "53300", "25006", "55P03", "58030"])
async def test_what_passes_is_tried_again(server: PostgresDatabase, state: str) -> None:
    """A full disk, too many connections, a server that became a standby, a lock, a broken disk."""
    failing = Statement(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
    tries = 0

    async def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await connection.run(failing, [{}])

    await server.transact(work)
    assert tries == 2
    await server.close()


async def test_a_migration_that_goes_by_is_not_noticed(server: PostgresDatabase) -> None:
    """The server refuses statements that were prepared for columns of other types."""
    read = Statement("SELECT value FROM setting")

    async def work(connection: Connection) -> None:
        await connection.read(read)

    await server.transact(work)
    change = Statement("ALTER TABLE setting ALTER COLUMN value TYPE varchar(100)")
    await server.transact(lambda c: c.run(change, [{}]))
    await server.transact(work)
    await server.close()


async def test_it_gives_up_in_the_end(server: PostgresDatabase) -> None:
    tries = 0

    async def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        await connection.read(FALL)

    with pytest.raises(DatabaseUnavailable):
        await server.transact(work)
    assert tries == 5
    await server.close()


@pytest.mark.parametrize(
    "statement",
    [
        Statement("INSERT INTO setting (name, value) VALUES ('a', ''), ('a', '')"),
        Statement("SELECT 1 / 0"),
        Statement("SELECT nothing FROM nowhere"),
    ],
)
async def test_what_is_wrong_is_not_tried_again(server: PostgresDatabase, statement: Statement) -> None:
    tries = 0

    async def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        await connection.read(statement)

    with pytest.raises(asyncpg.PostgresError):
        await server.transact(work)
    assert tries == 1
    await server.close()


async def test_a_parameter_of_the_wrong_type_is_not_tried_again(server: PostgresDatabase) -> None:
    tries = 0

    async def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        await connection.write(SETTING, [("a", 5)])

    with pytest.raises(asyncpg.DataError):
        await server.transact(work)
    assert tries == 1
    await server.close()


async def test_a_locked_contact_is_waited_for_and_then_read(server: PostgresDatabase) -> None:
    """Lock, then read: who waited sees what the one before wrote."""
    (contact_id,) = await contacts(server)
    locked, go_on = asyncio.Event(), asyncio.Event()

    async def rename(connection: Connection) -> None:
        await turns.lock(connection, [contact_id])
        locked.set()
        await go_on.wait()
        await connection.run(Statement("UPDATE contact SET first_name = :name"), [{"name": "Ana"}])

    async def look(connection: Connection) -> str | None:
        return (await turns.lock(connection, [contact_id]))[contact_id].first_name

    first = asyncio.get_running_loop().create_task(server.transact(rename))
    await locked.wait()
    second = asyncio.get_running_loop().create_task(server.transact(look))
    await asyncio.sleep(0.05)
    assert not second.done()
    go_on.set()
    await first
    assert await second == "Ana"
    await server.close()
