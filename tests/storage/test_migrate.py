"""Migrations end where the tables begin, however often and by however many they are run."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage import migrate, schema
from bot.storage.tables import Row
from tests.storage.scripted import open_at

PROJECT = Path(__file__).parents[2]
UPGRADE = "import asyncio, sys; from bot.storage import migrate; asyncio.run(migrate.upgrade(sys.argv[1]))"


async def differences(url: str) -> list[object]:
    """What alembic would write a migration for."""

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Row.metadata))

    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


async def keys(url: str) -> dict[str, tuple[object, ...]]:
    """Keys, unique constraints, indexes, checks and order of each table, by the database's own account."""

    def look(connection: Connection) -> dict[str, tuple[object, ...]]:
        seen = inspect(connection)
        return {
            name: (
                tuple(seen.get_pk_constraint(name)["constrained_columns"]),
                sorted(
                    (one["name"] or "", *one["column_names"]) for one in seen.get_unique_constraints(name)
                ),
                sorted(
                    (one["name"] or "", bool(one["unique"]), *one["column_names"])
                    for one in seen.get_indexes(name)
                    if not one.get("duplicates_constraint")
                ),
                sorted(one["name"] or "" for one in seen.get_check_constraints(name)),
                seen.get_table_options(name).get("sqlite_with_rowid"),
            )
            for name in seen.get_table_names()
        }

    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(look)
    await engine.dispose()
    return found


async def test_an_empty_database_becomes_todays(bare_database_url: str) -> None:
    assert await migrate.current(bare_database_url) is None
    await migrate.upgrade(bare_database_url)
    assert await migrate.current(bare_database_url) == migrate.newest()
    assert await differences(bare_database_url) == []


async def test_migrated_tables_have_the_keys_that_are_written_down(bare_database_url: str) -> None:
    """Alembic compares no primary keys and no checks: a fresh schema beside the migrated one does."""
    await migrate.upgrade(bare_database_url)
    migrated = await keys(bare_database_url)
    migrated.pop("alembic_version")
    engine = create_async_engine(bare_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Row.metadata.drop_all)
        await connection.run_sync(Row.metadata.create_all)
    await engine.dispose()
    fresh = await keys(bare_database_url)
    fresh.pop("alembic_version")
    assert migrated == fresh


async def test_the_newest_schema_is_told_without_the_migration_tools(bare_database_url: str) -> None:
    assert migrate.newest() == schema.NEWEST
    database = await open_at(bare_database_url)
    assert not await schema.is_newest(database)
    await migrate.upgrade(bare_database_url)
    assert await schema.is_newest(database)
    await database.close()


async def test_upgrading_twice_changes_nothing(bare_database_url: str) -> None:
    await migrate.upgrade(bare_database_url)
    before = await keys(bare_database_url)
    await migrate.upgrade(bare_database_url)
    assert await keys(bare_database_url) == before


async def test_the_differences_are_seen(database_url: str) -> None:
    """The tests above could not fail if nothing were ever compared."""
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP INDEX ix_hold_due")
        await connection.exec_driver_sql("ALTER TABLE product ADD COLUMN colour TEXT")
    await engine.dispose()
    assert len(await differences(database_url)) == 2


async def test_processes_that_start_together_migrate_once(bare_database_url: str) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", UPGRADE, bare_database_url, cwd=PROJECT, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    ended = await asyncio.gather(*(one.communicate() for one in started))
    assert [one.returncode for one in started] == [0, 0], ended
    assert await migrate.current(bare_database_url) == migrate.newest()
    assert await differences(bare_database_url) == []


async def test_a_migration_that_breaks_off_leaves_nothing(bare_database_url: str) -> None:
    """What is there already stops the first migration in the middle; without it, it can be run again."""
    engine = create_async_engine(bare_database_url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE outbox (id TEXT)")
    with pytest.raises(DBAPIError, match="outbox"):
        await migrate.upgrade(bare_database_url)
    assert set(await keys(bare_database_url)) == {"outbox"}
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE outbox")
    await engine.dispose()
    await migrate.upgrade(bare_database_url)
    assert await differences(bare_database_url) == []


def test_on_sqlite_only_wide_rows_are_kept_in_the_order_in_which_they_came() -> None:
    tables = Row.metadata.sorted_tables
    by_arrival = {table.name for table in tables if table.dialect_options["sqlite"]["with_rowid"]}
    assert by_arrival == {"answer", "consent", "outbox", "run", "trigger"}


async def test_writing_wide_tables_anew_keeps_their_rows(bare_database_url: str) -> None:
    await migrate.upgrade(bare_database_url, "0002")
    engine = create_async_engine(bare_database_url)
    insert = (
        'INSERT INTO "trigger" (bucket, contact, key, kind, state, at, due_at, payload, attempts)'
        " VALUES (1, 'c', 'twilio:SM1', 'inbound', 'done', 1, 2, '{\"text\": \"Ana: hi\"}', 0)"
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql(insert)
    await migrate.upgrade(bare_database_url)
    async with engine.connect() as connection:
        (found,) = await connection.exec_driver_sql('SELECT key, due_at, payload, failure FROM "trigger"')
        assert tuple(found) == ("twilio:SM1", 2, '{"text": "Ana: hi"}', None)
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        async with engine.begin() as connection:
            await connection.exec_driver_sql(insert)
    await engine.dispose()
