"""No look shows less than was committed before it was asked for, and none reads what another just read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from bot.conversation.looking import Looks
from bot.core.turn import Turn
from bot.storage.driver import Connection, Database, Record, Statement
from tests.conversation.shop.till import Till
from tests.storage.scripted import open_at

T = TypeVar("T")


@dataclass
class Counted:
    """A connection that counts how many statements it is given to read."""

    inner: Connection
    watched: "Watched"

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        """See `Connection.read`."""
        self.watched.statements += 1
        return await self.inner.read(statement, **parameters)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever else a connection can do
        """Do everything else as it is done."""
        return getattr(self.inner, name)


@dataclass
class Watched:
    """A database that counts what is read of it."""

    inner: Database
    statements: int = 0

    def __post_init__(self) -> None:
        """Be of the same kind."""
        self.dialect = self.inner.dialect

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.query`."""
        return await self.inner.query(lambda connection: work(Counted(connection, self)))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever else a database can do
        """Do everything else as it is done."""
        return getattr(self.inner, name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def spendable(turn: Turn) -> int:
    return turn.books.spendable(turn.now)


async def test_every_look_shows_what_was_committed(database: Database) -> None:
    till = await Till.of_member(database, credit=100)
    looks = Looks(database)

    async def look() -> int:
        return await looks.look(till.shop, till.contact_id, till.now, spendable)

    for credit in (100, 200, 300):
        assert await asyncio.gather(*[look() for _ in range(3)]) == [credit] * 3
        await till.grant(100)


async def test_nothing_is_read_again_while_nobody_commits(database: Database) -> None:
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL does not say whether anybody has committed")
    till = await Till.of_member(database, credit=100)
    watched: Any = Watched(database)
    looks = Looks(watched)
    read: list[int] = []
    for credit in (100, 100, 200, 200):
        if credit == 200 and len(read) == 2:
            await till.grant(100)
        before = watched.statements
        assert await looks.look(till.shop, till.contact_id, till.now, spendable) == credit
        read.append(watched.statements - before)
    assert [bool(statements) for statements in read] == [True, False, True, False]
