"""Who stands behind never holds so many connections that the others have to wait."""

import asyncio

from bot.storage.behind import Behind
from bot.storage.driver import Connection, Database, Statement


async def test_only_so_many_are_under_way_and_each_gets_its_turn(database: Database) -> None:
    behind, under_way, most = Behind(database, 2), 0, 0
    assert behind.dialect == database.dialect

    async def one(connection: Connection) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if database.dialect != "sqlite":  # which must not suspend
            await asyncio.sleep(0.01)
        found = await connection.read(Statement("SELECT 1"))
        under_way -= 1
        return int(found[0][0])

    done = await asyncio.gather(
        *(behind.transact(one) for _ in range(6)), *(behind.query(one) for _ in range(6))
    )
    assert done == [1] * 12
    assert most == (2 if database.dialect != "sqlite" else most) <= 2


async def test_who_raises_makes_room(database: Database) -> None:
    behind = Behind(database, 1)

    async def fail(_: Connection) -> None:
        raise ZeroDivisionError

    for _ in range(3):
        assert isinstance(
            (await asyncio.gather(behind.transact(fail), return_exceptions=True))[0], ZeroDivisionError
        )
    await behind.close()
    assert await database.query(lambda c: c.read(Statement("SELECT 1"))), "the database itself stays open"
