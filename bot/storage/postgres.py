"""PostgreSQL: pooled asyncpg, arrays in and rows out, retried where the database says so."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg

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
    postgres_parameters,
)
from bot.storage.postgres_at_once import read_at_once

T = TypeVar("T")

_TRIES = 5
_COPIED_FROM = 50
"""From how many new rows on COPY is the cheaper way: asyncpg looks at each value of an array three times."""
# Serialization failure, deadlock, lost connection, server shutting down; no room or connections left, no
# writer any more after a failover, a lock not to be had, broken disks: the transaction did not happen or is
# claimed, so running it again is right (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_RETRY = ("40001", "40P01", "08", "57", "53", "25006", "55P03", "58")


class PostgresDatabase:
    """A PostgreSQL server, or a Citus coordinator."""

    dialect = "postgresql"

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Use an open pool; see `open`."""
        self._pool = pool

    @classmethod
    async def open(cls, url: str, *, connections: int = 10) -> "PostgresDatabase":
        """Connect; raises OSError or asyncpg's errors when the server cannot be reached."""

        async def keep(_: object) -> None:
            """Leave the session as it is: we never change its settings, and a reset is a round trip."""

        pool = await asyncpg.create_pool(
            url.replace("postgresql+asyncpg://", "postgresql://"),
            min_size=1,
            max_size=connections,
            reset=keep,
            command_timeout=60,
            # What turns write is one statement for each set of tables, and some are long.
            statement_cache_size=500,
            max_cacheable_statement_size=0,
            # Nor are they forgotten after five minutes: all at once they would cost a round trip each.
            max_cached_statement_lifetime=0,
            # The hot statements are planned once: a plan made for one set of arrays fits the next.
            server_settings={"plan_cache_mode": "force_generic_plan", "application_name": "regulars"},
        )
        return cls(pool)

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.transact`."""
        for tries_left in reversed(range(_TRIES)):
            try:
                async with self._pool.acquire() as raw, raw.transaction():
                    return await work(PostgresConnection(raw))
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                if not _is_passing(error):
                    raise
                if not tries_left:
                    raise DatabaseUnavailable(f"PostgreSQL: {type(error).__name__}") from error
                await asyncio.sleep(random.uniform(0.01, 0.05) * 2 ** (_TRIES - tries_left))  # noqa: S311  # only spreads retries
        raise AssertionError

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.query`."""
        async with self._pool.acquire() as raw:
            return await work(PostgresConnection(raw))

    async def close(self) -> None:
        """See `Database.close`."""
        await self._pool.close()


class PostgresConnection:
    """A `Connection` over asyncpg."""

    __slots__ = ("_raw",)
    is_near = False

    def __init__(self, raw: Any) -> None:  # noqa: ANN401  # asyncpg's pooled proxy has no public type
        """Speak over an acquired connection."""
        self._raw = raw

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        """See `Connection.read`."""
        rows: Sequence[Record] = await self._raw.fetch(
            statement.postgres, *postgres_parameters(statement, parameters)
        )
        return rows

    async def read_all(self, many: Sequence[Asked]) -> list[Sequence[Record]]:
        """See `Connection.read_all`: one statement."""
        if len(many) == 1:
            ((statement, parameters),) = many
            return [await self.read(statement, **parameters)]
        return (await read_at_once(self._raw, many))[0] if many else []

    async def version(self) -> int | None:
        """See `Connection.version`."""
        return None

    async def run(self, statement: Statement, many: Sequence[Mapping[str, object]]) -> None:
        """See `Connection.run`."""
        await self._raw.executemany(statement.postgres, [postgres_parameters(statement, one) for one in many])

    async def write(self, rows: Rows | Changes, values: Sequence[tuple[Value, ...]]) -> None:
        """See `Connection.write`."""
        if not values:
            return
        if len(values) >= _COPIED_FROM and isinstance(rows, Rows) and rows.is_copied:
            await self._raw.copy_records_to_table(rows.table, records=values, columns=rows.columns)
            return
        await self._raw.execute(rows.postgres, *zip(*values, strict=True))

    async def write_all(self, many: Sequence[Written]) -> None:
        """See `Connection.write_all`: one statement, unless a table is written twice."""
        together: list[Written] = []
        for rows, values in many:
            if any(rows.table == other.table for other, _ in together):
                await self._write_together(together)
                together = []
            if values:
                together.append((rows, values))
        await self._write_together(together)

    async def _write_together(self, many: Sequence[Written]) -> None:
        if many:
            columns = [column for _, values in many for column in zip(*values, strict=True)]
            await self._raw.execute(_together(tuple(rows for rows, _ in many)), *columns)

    async def claim(self, rows: Rows, values: Sequence[tuple[Value, ...]]) -> list[bool]:
        """See `Connection.claim`."""
        if not values:
            return []
        columns = zip(*values, strict=True)
        lost = await self._raw.fetchval(_unless_all(rows), *columns, len(values))
        return [True] * len(values) if lost is None else _won(lost, values)

    async def claim_and_read(
        self, rows: Rows, values: Sequence[tuple[Value, ...]], many: Sequence[Asked]
    ) -> tuple[list[bool], list[Sequence[Record]]]:
        """See `Connection.claim_and_read`: one statement."""
        if not values or not many:
            return await self.claim(rows, values), await self.read_all(many)
        claiming = rows.postgres, [list(column) for column in zip(*values, strict=True)]
        found, inserted = await read_at_once(self._raw, many, claiming=claiming)
        return _won(inserted, values), found


@lru_cache(maxsize=1024)
def _unless_all(rows: Rows) -> str:
    """The keys of rows that were new, unless all that were given are: then nothing, as nearly always."""
    given = len(rows.columns) + 1
    return f"""
        WITH won AS ({rows.postgres})
        SELECT CASE WHEN (SELECT COUNT(*) FROM won) < ${given}::bigint THEN ARRAY(SELECT won FROM won) END
    """  # noqa: S608  # our own text


def _won(inserted: Sequence[Record], values: Sequence[tuple[Value, ...]]) -> list[bool]:
    """Say of each row whether it was inserted, by the keys of those that were."""
    won = {tuple(record) for record in inserted}
    width = len(next(iter(won))) if won else 0
    result = []
    for row in values:
        key = row[:width]
        result.append(key in won)
        won.discard(key)  # the same key twice in one batch: the first wins
    return result


@lru_cache(maxsize=1024)
def _together(many: tuple[Rows, ...]) -> str:
    """One statement that inserts into several tables.

    PostgreSQL runs the part without a name first and then the named ones, the last of them first:
    so they are written in reverse.
    """
    first, inserts = 1, []
    for rows in many:
        inserts.append(rows.postgres_from(first))
        first += len(rows.columns)
    named = [f"part_{number} AS ({insert})" for number, insert in enumerate(inserts[1:])]
    return f"WITH {', '.join(reversed(named))} {inserts[0]}" if named else inserts[0]


def _is_passing(error: Exception) -> bool:
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        return True  # a migration went by
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_RETRY)
    return not isinstance(error, ValueError)  # a parameter of the wrong type stays wrong
