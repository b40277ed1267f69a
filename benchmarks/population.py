"""A million members from a few: the rows of members who joined by texting, copied under new ids and numbers.

It knows nothing of the schema but its two rules (design, section 8): a contact's rows carry its id in a
column `contact` (or `id`, in the table of that name), and its bucket is the last byte of that id. So the
copies are whole members, and the schema may change without this file. Run it while no server runs.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import asyncpg
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.databases import plain_url
from benchmarks.members import number

Row = Sequence[object]
ROWS_PER_BATCH = 50_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the database describes it; `key` holds the positions of its primary key's columns."""

    name: str
    columns: tuple[str, ...]
    key: frozenset[int]

    @property
    def owner(self) -> int | None:
        """The position of the contact's id, None for tables that no contact owns."""
        wanted = "id" if self.name == "contact" else "contact"
        return self.columns.index(wanted) if wanted in self.columns else None


def multiply(url: str, templates: range, made: range) -> int:
    """Make members `made` as copies of members `templates`, in turn; returns how many rows were written."""
    return asyncio.run(_multiply(url, templates, made))


async def _multiply(url: str, templates: range, made: range) -> int:
    tables = await _tables(url)
    database: _Sqlite | _Postgres = _Sqlite(url) if url.startswith("sqlite") else _Postgres(url)
    await database.open()
    try:
        ids = await _ids(database, templates)
        written = 0
        for table in tables:
            if table.owner is not None:
                rows = await database.read(table)
                written += await database.write(table, _copies(table, rows, ids, made))
        await database.finish()
    finally:
        await database.close()
    return written


async def _ids(database: "_Sqlite | _Postgres", templates: range) -> list[tuple[str, str]]:
    """The contact id and number of each template, found where the bot itself finds them."""
    directory = Table("directory", ("value", "contact"), frozenset())
    by_number = {row[0]: str(row[1]) for row in await database.read(directory)}
    return [(by_number[number(index)], number(index)) for index in templates]


def _copies(
    table: Table, rows: Sequence[Row], templates: Sequence[tuple[str, str]], made: range
) -> Iterator[Row]:
    """The table's rows of all copies. A row whose primary key would stay the same is its original's alone."""
    owner = table.owner
    assert owner is not None
    owned: dict[object, list[Row]] = {}
    for row in rows:
        owned.setdefault(row[owner], []).append(row)
    for index in made:
        old_id, old_number = templates[index % len(templates)]
        new_id, new_number = _copied_id(old_id, index), number(index)
        for row in owned.get(old_id, ()):
            copy = [
                value.replace(old_id, new_id).replace(old_number, new_number)
                if isinstance(value, str)
                else value
                for value in row
            ]
            if any(copy[position] != row[position] for position in table.key):
                yield copy


def _copied_id(template: str, index: int) -> str:
    """A new id of the same bucket (its last byte) and the same instant."""
    return f"{template[:17]}{index:013x}{template[30:]}"


async def _tables(url: str) -> list[Table]:
    def read(connection: Connection) -> list[Table]:
        inspector = inspect(connection)
        tables: list[Table] = []
        for name in inspector.get_table_names():
            columns = tuple(column["name"] for column in inspector.get_columns(name))
            key = inspector.get_pk_constraint(name)["constrained_columns"]
            tables.append(Table(name, columns, frozenset(columns.index(column) for column in key)))
        return tables

    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(read)
    finally:
        await engine.dispose()


class _Sqlite:
    """Reads and writes a file that nobody else has open."""

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(url.partition(":///")[2], isolation_level=None)

    async def open(self) -> None:
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.execute("BEGIN")

    async def read(self, table: Table) -> list[Row]:
        names = ", ".join(table.columns)
        return self.connection.execute(f"SELECT {names} FROM {table.name}").fetchall()  # noqa: S608 - its own names

    async def write(self, table: Table, rows: Iterator[Row]) -> int:
        marks = ", ".join("?" * len(table.columns))
        names = ", ".join(table.columns)
        insert = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - its own names
        return self.connection.executemany(insert, rows).rowcount

    async def finish(self) -> None:
        self.connection.execute("COMMIT")
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        self.connection.close()


class _Postgres:
    """The same by COPY."""

    def __init__(self, url: str) -> None:
        self.url = plain_url(url)

    async def open(self) -> None:
        self.connection = await asyncpg.connect(self.url)

    async def read(self, table: Table) -> list[Row]:
        names = ", ".join(table.columns)
        rows = await self.connection.fetch(f"SELECT {names} FROM {table.name}")  # noqa: S608 - its own names
        return [tuple(row) for row in rows]

    async def write(self, table: Table, rows: Iterator[Row]) -> int:
        written = 0
        batch: list[Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == ROWS_PER_BATCH:
                written += await self._copy(table, batch)
                batch = []
        return written + await self._copy(table, batch)

    async def _copy(self, table: Table, batch: list[Row]) -> int:
        await self.connection.copy_records_to_table(table.name, records=batch, columns=list(table.columns))
        return len(batch)

    async def finish(self) -> None:
        # A server that grew to this size has statistics; one filled in a minute has none yet.
        await self.connection.execute("VACUUM ANALYZE")

    async def close(self) -> None:
        await self.connection.close()
