"""Brings a database to the newest schema, and says whether it is there."""

from collections.abc import Callable
from functools import partial
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

# Any number: it only has to be the same in every process that migrates the same database. Two that
# start together must not both create the first table; where the schema lives there is one such lock.
_MIGRATION_LOCK = 727_285_727


def newest() -> str:
    """Return the revision this version of the code expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "there is at least the first migration"
    return head


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to the newest schema; nothing happens where it is there already."""
    await _with_connection(url, partial(_upgrade, revision=revision))


async def current(url: str) -> str | None:
    """Return the revision the database is at; None for an empty one."""
    found: list[str | None] = []
    await _with_connection(
        url, lambda connection: found.append(MigrationContext.configure(connection).get_current_revision())
    )
    return found[0]


async def _with_connection(url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK})
    else:
        # Python begins no transaction before CREATE TABLE: whoever broke off would leave half a schema.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("bot.storage") / "migrations"))
    return config
