"""SQLite: one writer thread, whole transactions in one hop, durable before anybody is answered."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from bot.storage.driver import (
    Asked,
    Changes,
    Connection,
    DatabaseUnavailable,
    Record,
    Rows,
    Statement,
    Value,
    Written,
    sqlite_parameters,
)

T = TypeVar("T")

# WAL lets readers go on beside the writer; FULL makes every commit durable, which costs nothing
# under load because a batch of turns shares one commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA temp_store = MEMORY",
)


_GLANCE_MILLISECONDS = 50  # whoever waits longer holds up all others who ask
# Another process writes for longer than the timeout, or the disk is full or unwell
# (https://www.sqlite.org/rescode.html; the low byte is the primary code).
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
    }
)


class SqliteDatabase:
    """An SQLite file, or `:memory:` for tests."""

    dialect = "sqlite"

    def __init__(self, path: str, *, is_kept: bool = True) -> None:
        """Open the file; it is made where it is missing.

        One that is not kept waits for no disk, and works in the thread that asks: whose rehearsal it is, is
        alone with it, and every change of threads would take longer than most of what is asked.
        """
        self._path = path
        self._write = _open(path, cache_kilobytes=16_000)
        if not is_kept:
            self._write.execute("PRAGMA synchronous = OFF")
        self._read = self._write if path == ":memory:" else _open(path, cache_kilobytes=4_000)
        self._glance: sqlite3.Connection | None = None
        self._is_kept = is_kept
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._reader = self._writer if path == ":memory:" else ThreadPoolExecutor(1, "sqlite-reader")

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.transact`."""
        if not self._is_kept:
            return _transact(self._write, work, "BEGIN IMMEDIATE")
        return await asyncio.get_running_loop().run_in_executor(
            self._writer, _transact, self._write, work, "BEGIN IMMEDIATE"
        )

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.query`."""
        if not self._is_kept:
            return _transact(self._read, work, "BEGIN")
        return await asyncio.get_running_loop().run_in_executor(
            self._reader, _transact, self._read, work, "BEGIN"
        )

    async def glance(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` that reads a few rows in the thread that asks: see `bot.storage.glancing`."""
        if self._read is self._write:  # a database in memory has one connection, which a turn may be using
            return await self.query(work)
        if self._glance is None:
            self._glance = _open(self._path, cache_kilobytes=4_000)
            self._glance.execute(f"PRAGMA busy_timeout = {_GLANCE_MILLISECONDS}")
        return _transact(self._glance, work, "BEGIN")

    async def backup(self, path: str) -> None:
        """Copy the whole database to a new file while others go on writing."""

        def copy() -> None:
            with sqlite3.connect(path) as target:
                self._read.backup(target)
            target.close()

        await asyncio.get_running_loop().run_in_executor(self._reader, copy)

    async def close(self) -> None:
        """See `Database.close`."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._writer.shutdown)
        await loop.run_in_executor(None, self._reader.shutdown)
        if self._glance is not None:
            self._glance.close()
        if self._read is not self._write:
            self._read.close()
        self._write.close()


class SqliteConnection:
    """A `Connection` whose coroutines never suspend."""

    __slots__ = ("_raw",)
    is_near = True

    def __init__(self, raw: sqlite3.Connection) -> None:
        """Speak over an open connection."""
        self._raw = raw

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        """See `Connection.read`."""
        arguments = cast("Sequence[Any]", sqlite_parameters(statement, parameters))
        return self._raw.execute(statement.sqlite, arguments).fetchall()

    async def read_all(self, many: Sequence[Asked]) -> list[Sequence[Record]]:
        """See `Connection.read_all`."""
        return [await self.read(statement, **parameters) for statement, parameters in many]

    async def version(self) -> int | None:
        """See `Connection.version` (https://www.sqlite.org/pragma.html#pragma_data_version)."""
        (version,) = self._raw.execute("PRAGMA data_version").fetchone()
        return int(version)

    async def run(self, statement: Statement, many: Sequence[Mapping[str, object]]) -> None:
        """See `Connection.run`."""
        self._raw.executemany(statement.sqlite, [sqlite_parameters(statement, one) for one in many])

    async def write(self, rows: Rows | Changes, values: Sequence[tuple[Value, ...]]) -> None:
        """See `Connection.write`."""
        self._raw.executemany(rows.sqlite, values)

    async def write_all(self, many: Sequence[Written]) -> None:
        """See `Connection.write_all`."""
        for rows, values in many:
            self._raw.executemany(rows.sqlite, values)

    async def claim(self, rows: Rows, values: Sequence[tuple[Value, ...]]) -> list[bool]:
        """See `Connection.claim`."""
        return [self._raw.execute(rows.sqlite, row).rowcount == 1 for row in values]

    async def claim_and_read(
        self, rows: Rows, values: Sequence[tuple[Value, ...]], many: Sequence[Asked]
    ) -> tuple[list[bool], list[Sequence[Record]]]:
        """See `Connection.claim_and_read`."""
        found = await self.read_all(many)
        return await self.claim(rows, values), found


def _open(path: str, *, cache_kilobytes: int) -> sqlite3.Connection:
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in _PRAGMAS:
        raw.execute(pragma)
    raw.execute(f"PRAGMA cache_size = -{cache_kilobytes}")
    return raw


def _transact(raw: sqlite3.Connection, work: Callable[[Connection], Awaitable[T]], begin: str) -> T:
    try:
        raw.execute(begin)
        result = _drive(cast("Coroutine[object, object, T]", work(SqliteConnection(raw))))
        raw.execute("COMMIT")
    except BaseException as error:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in _PASSING:
            raise DatabaseUnavailable(f"SQLite says {error.sqlite_errorname}") from error
        raise
    return result


def _drive(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine that never suspends to its end."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    coroutine.close()
    message = "a transaction awaited something other than its connection"
    raise AssertionError(message)
