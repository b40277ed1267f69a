"""The seam between statements and the two databases: compiled statements and the `Connection` protocol.

A transaction is one coroutine over a `Connection`. On PostgreSQL it awaits the network; on SQLite
nothing in it suspends, so that the whole coroutine runs in the writer's thread in one hop.

Reads are SQL with three small macros, compiled at import into the text and order of parameters of
either driver; writes of whole rows are made from the tables themselves, so that they cannot drift.
The ORM would cost twenty times the work itself (`docs/decisions.md`).
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from enum import Enum, auto
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import BigInteger, Boolean, Integer, Table

from bot.core.errors import RetryLater

T = TypeVar("T")
Value = None | bool | int | str
Record = Sequence[Any]

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_EACH = re.compile(r"@each\((\w+): ([^)]+)\)")
_ROWS = re.compile(r"@rows\(([^()]*)\)")
_LIST = re.compile(r"@list\(([^()]*)\)")
_LOCK = re.compile(r"@lock\((\w+)\)")
_SKIP_LOCKED = re.compile(r"@skip_locked\((\w+(?:, \w+)*)\)")
_INDEXED = re.compile(r"@indexed\((\w+)\)")


class Statement:
    """One SQL statement in both dialects, with named parameters (`:now`).

    Macros: `@each(keys: bucket integer, contact text)` is a table of the given keys (a list of
    tuples); `@rows(a, b)` collects rows as one JSON list of lists, and `@list(a)` values as one list;
    `@lock(a)` and `@skip_locked(a)` lock rows of `a` where the database has row locks (SQLite has one writer
    and needs none); `@indexed(i)` behind a table names the index to go by, where SQLite, which keeps no
    statistics, would not see it.
    """

    __slots__ = ("postgres", "postgres_order", "sqlite", "sqlite_order", "tables")

    def __init__(self, sql: str) -> None:
        """Compile for both dialects."""
        self.tables = {name: len(columns.split(",")) for name, columns in _EACH.findall(sql)}
        self.sqlite, self.sqlite_order = _for_sqlite(sql)
        self.postgres, self.postgres_order = _for_postgres(sql)


class Present(Enum):
    """What writing a row does to one that is there already."""

    FAIL = auto()  # the transaction fails: for what is written once and never again
    KEEP = auto()  # nothing: for what is claimed
    REPLACE = auto()  # it is written over, by primary key: for what is kept current
    ADD = auto()  # the new numbers are added to its own: for what is counted


class Rows:
    """Whole rows of one table to write; `columns` in the order the rows give them."""

    __slots__ = ("_conflict", "_kinds", "columns", "is_copied", "postgres", "sqlite", "table")

    def __init__(
        self, table: Table, present: Present, *, returning: str = "", once: Collection[str] = ()
    ) -> None:
        """Insert rows; `present` says what becomes of those whose key is there already.

        Columns in `once` are written with a new row and left alone when it is replaced.
        """
        self.table = table.name
        self.columns = tuple(column.name for column in table.columns)
        self.is_copied = present is Present.FAIL
        names = ", ".join(f'"{name}"' for name in self.columns)
        conflict = "ON CONFLICT DO NOTHING" if present is Present.KEEP else ""
        if present in {Present.REPLACE, Present.ADD}:
            keys = [column.name for column in table.primary_key.columns]
            kept = {*keys, *once}
            plus = f'"{table.name}".' if present is Present.ADD else ""
            sets = ", ".join(
                f'"{name}" = {plus}"{name}" + excluded."{name}"' if plus else f'"{name}" = excluded."{name}"'
                for name in self.columns
                if name not in kept
            )
            conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sets}"
        places = ", ".join("?" for _ in self.columns)
        self._kinds = tuple(_postgres_type(column.type) for column in table.columns)
        self._conflict = conflict
        self.sqlite = f'INSERT INTO "{table.name}" ({names}) VALUES ({places}) {conflict}'  # noqa: S608  # names from our tables
        self.postgres = self.postgres_from(1)
        if returning:
            self.postgres += f" RETURNING {returning}"

    def postgres_from(self, first: int) -> str:
        """Return the insert whose parameters, an array for each column, begin at a number."""
        names = ", ".join(f'"{name}"' for name in self.columns)
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(self._kinds, first))
        return f'INSERT INTO "{self.table}" ({names}) SELECT * FROM unnest({arrays}) {self._conflict}'  # noqa: S608  # names from our tables


Written = tuple[Rows, Sequence[tuple[Value, ...]]]
"""Rows and the values they are to be given."""


class Changes:
    """Some columns of rows that are there to change, by primary key: each gives these, then its key."""

    __slots__ = ("columns", "postgres", "sqlite")

    def __init__(self, table: Table, *columns: str) -> None:
        """Change `columns` of a table."""
        keys = [column.name for column in table.primary_key.columns]
        self.columns = (*columns, *keys)
        sets = ", ".join(f'"{name}" = ?' for name in columns)
        found = " AND ".join(f'"{name}" = ?' for name in keys)
        self.sqlite = f'UPDATE "{table.name}" SET {sets} WHERE {found}'  # noqa: S608  # names from our tables
        arrays = ", ".join(
            f"${number}::{_postgres_type(table.columns[name].type)}[]"
            for number, name in enumerate(self.columns, 1)
        )
        named = ", ".join(f'"{name}"' for name in self.columns)
        sets = ", ".join(f'"{name}" = given."{name}"' for name in columns)
        found = " AND ".join(f'"{table.name}"."{name}" = given."{name}"' for name in keys)
        self.postgres = (
            f'UPDATE "{table.name}" SET {sets} FROM unnest({arrays}) AS given({named}) WHERE {found}'  # noqa: S608  # as above
        )


Asked = tuple[Statement, Mapping[str, object]]
"""A statement that returns rows, and its parameters."""


class Connection(Protocol):
    """What a transaction may do."""

    is_near: bool
    """Whether the database is in this process: to ask twice costs no more than to ask for both at once."""

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        """Run a statement that returns rows; lists of keys go to its `@each` tables."""

    async def read_all(self, many: Sequence[Asked]) -> list[Sequence[Record]]:
        """Run statements that only read, without locks, in as few round trips as there can be."""

    async def version(self) -> int | None:
        """A number that stays the same as long as no other connection commits; None where there is none."""

    async def run(self, statement: Statement, many: Sequence[Mapping[str, object]]) -> None:
        """Run a statement that returns nothing, once for each set of parameters."""

    async def write(self, rows: Rows | Changes, values: Sequence[tuple[Value, ...]]) -> None:
        """Write whole rows, or change some columns of theirs."""

    async def write_all(self, many: Sequence[Written]) -> None:
        """Write whole rows of several tables, in their order, in as few round trips as there can be."""

    async def claim(self, rows: Rows, values: Sequence[tuple[Value, ...]]) -> list[bool]:
        """Insert rows and say of each whether it was new; its first columns are the key."""

    async def claim_and_read(
        self, rows: Rows, values: Sequence[tuple[Value, ...]], many: Sequence[Asked]
    ) -> tuple[list[bool], list[Sequence[Record]]]:
        """Do both, as `claim` and `read_all` do; what is read does not show what is inserted."""


class DatabaseUnavailable(RetryLater):
    """The database is busy, gone or full: nothing was done, the same work may succeed later."""


class Database(Protocol):
    """A database: runs transactions, one after the other where it has one writer."""

    dialect: str

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` in a transaction that is committed when it returns and leaves no trace when it raises.

        `work` may be run again after a deadlock or a lost connection: it must decide from what it reads.
        """

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` that only reads, without waiting for writers."""

    async def close(self) -> None:
        """Finish what runs and let go of the connections."""


def _for_sqlite(sql: str) -> tuple[str, tuple[str, ...]]:
    def each(match: re.Match[str]) -> str:
        columns = [column.split()[0] for column in match[2].split(", ")]
        fields = ", ".join(f"value ->> {number} AS {name}" for number, name in enumerate(columns))
        return f"(SELECT {fields} FROM json_each(:{match[1]})) AS {match[1]}"  # noqa: S608  # our own text

    sql = _EACH.sub(each, sql)
    sql = _ROWS.sub(r"json_group_array(json_array(\1))", sql)
    sql = _LIST.sub(r"json_group_array(\1)", sql)
    sql = _INDEXED.sub(r"INDEXED BY \1", _SKIP_LOCKED.sub("", _LOCK.sub("", sql)))
    order = tuple(_PARAMETER.findall(sql))
    return _PARAMETER.sub("?", sql), order


def _for_postgres(sql: str) -> tuple[str, tuple[str, ...]]:
    def each(match: re.Match[str]) -> str:
        columns = [column.split() for column in match[2].split(", ")]
        arrays = ", ".join(f"CAST(:{match[1]}_{n} AS {kind}[])" for n, (_, kind) in enumerate(columns))
        return f"unnest({arrays}) AS {match[1]}({', '.join(name for name, _ in columns)})"

    sql = _EACH.sub(each, sql)
    sql = _ROWS.sub(r"json_agg(json_build_array(\1))", sql)
    sql = _LIST.sub(r"json_agg(\1)", sql)
    sql = _SKIP_LOCKED.sub(r"FOR UPDATE OF \1 SKIP LOCKED", _LOCK.sub(r"FOR UPDATE OF \1", sql))
    sql = _INDEXED.sub("", sql)
    order: dict[str, int] = {}
    sql = _PARAMETER.sub(lambda match: f"${order.setdefault(match[1], len(order) + 1)}", sql)
    return sql, tuple(order)


def sqlite_parameters(statement: Statement, parameters: Mapping[str, object]) -> list[object]:
    """Parameters in SQLite's order; lists of keys as JSON."""
    return [
        orjson.dumps(parameters[name]).decode() if name in statement.tables else parameters[name]
        for name in statement.sqlite_order
    ]


def postgres_parameters(statement: Statement, parameters: Mapping[str, object]) -> list[object]:
    """Parameters in PostgreSQL's order; lists of keys as one array for each column."""
    if not statement.tables:
        return [parameters[name] for name in statement.postgres_order]
    flat = dict(parameters)
    for name, width in statement.tables.items():
        keys = parameters[name]
        assert isinstance(keys, list)
        columns: Sequence[Sequence[object]] = list(zip(*keys, strict=True)) if keys else [()] * width
        flat.update({f"{name}_{number}": column for number, column in enumerate(columns)})
    return [flat[name] for name in statement.postgres_order]


def _postgres_type(kind: object) -> str:
    if isinstance(kind, BigInteger):
        return "bigint"
    if isinstance(kind, Boolean):
        return "boolean"
    return "integer" if isinstance(kind, Integer) else "text"
