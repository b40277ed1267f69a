"""A connection that dies before or after a statement of one's choice, row by row: for enumerating crashes."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.storage.driver import Asked, Changes, Connection, Database, Record, Rows, Statement, Value, Written

T = TypeVar("T")


class Crash(Exception):
    """The process is gone: nothing after this point happened."""


@dataclass
class Dying:
    """Counts the points at which a process can die, two for each statement, and dies at one of them.

    Rows of one write are statements of their own: a process may die between them.
    """

    inner: Connection
    at: int = -1
    for_good: bool = False
    points: int = 0
    is_near: bool = False  # so that every statement is a point of its own

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        self._point()
        found = await self.inner.read(statement, **parameters)
        self._point()
        return found

    async def read_all(self, many: Sequence[Asked]) -> list[Sequence[Record]]:
        return [await self.read(statement, **parameters) for statement, parameters in many]

    async def version(self) -> int | None:
        return await self.inner.version()

    async def run(self, statement: Statement, many: Sequence[Mapping[str, object]]) -> None:
        for one in many:
            self._point()
            await self.inner.run(statement, [one])
            self._point()

    async def write(self, rows: Rows | Changes, values: Sequence[tuple[Value, ...]]) -> None:
        for one in values:
            self._point()
            await self.inner.write(rows, [one])
            self._point()

    async def write_all(self, many: Sequence[Written]) -> None:
        for rows, values in many:
            await self.write(rows, values)

    async def claim(self, rows: Rows, values: Sequence[tuple[Value, ...]]) -> list[bool]:
        claimed = []
        for one in values:
            self._point()
            claimed += await self.inner.claim(rows, [one])
            self._point()
        return claimed

    async def claim_and_read(
        self, rows: Rows, values: Sequence[tuple[Value, ...]], many: Sequence[Asked]
    ) -> tuple[list[bool], list[Sequence[Record]]]:
        found = await self.read_all(many)
        return await self.claim(rows, values), found

    def _point(self) -> None:
        if self.points == self.at:
            if self.for_good:
                os._exit(9)  # as `kill -9` would: no rollback, no goodbye
            raise Crash
        self.points += 1


@dataclass
class DyingDatabase:
    """A database whose next transaction dies at a point; `points` is how many it had."""

    inner: Database
    at: int = -1
    for_good: bool = False
    points: int = 0

    @property
    def dialect(self) -> str:
        return self.inner.dialect

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        dying: list[Dying] = []

        async def until_it_dies(connection: Connection) -> T:
            dying.append(Dying(connection, self.at, self.for_good))
            return await work(dying[-1])

        done = await self.inner.transact(until_it_dies)
        self.points = dying[-1].points
        return done

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self.inner.query(work)

    async def close(self) -> None:
        await self.inner.close()
