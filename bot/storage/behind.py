"""A database as those see it for whom nobody waits: they never take all of its connections."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.storage.driver import Connection, Database

T = TypeVar("T")


class Behind:
    """A `Database` with so many transactions of these at the same time at most; the others have the rest.

    Without it the outbox would hold every connection where each statement takes long, and whoever writes to
    us would wait behind it.
    """

    def __init__(self, database: Database, most: int) -> None:
        """Stand in front of a database that others use directly."""
        self.dialect = database.dialect
        self._database = database
        self._free = asyncio.Semaphore(most)

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.transact`."""
        async with self._free:
            return await self._database.transact(work)

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.query`."""
        async with self._free:
            return await self._database.query(work)

    async def close(self) -> None:
        """Leave the database to whom it belongs."""
