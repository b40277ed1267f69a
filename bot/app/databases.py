"""Opening the database, bringing it to the newest schema, publishing the folder into it."""

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg

from bot.app.handlers import HANDLERS
from bot.config import Settings
from bot.conversation.checking import look_over
from bot.conversation.publishing import Published, compile_folder, publish, read_folder
from bot.core.errors import CannotStart
from bot.core.flow.reader import together
from bot.core.ids import new_id
from bot.storage import revisions, schema
from bot.storage.driver import Database
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of every process but demo and tests."""
    return datetime.now(UTC)


async def open_database(settings: Settings) -> Database:
    """Open the database the settings name. Raises CannotStart."""
    try:
        if settings.sqlite_file is not None:
            return SqliteDatabase(str(settings.sqlite_file))
        return await PostgresDatabase.open(settings.database_url)
    except (OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CannotStart(
            f"the database cannot be reached: {reason}; check DATABASE_URL and that it runs"
        ) from error


async def prepare_database(settings: Settings, clock: Clock) -> Database:
    """Open the database, bring it to the newest schema, publish the folder's files if none ever was."""
    database = await open_database(settings)
    if not await schema.is_newest(database):
        from bot.storage import migrate  # noqa: PLC0415  # its tools take as long to load as all the rest

        await migrate.upgrade(settings.database_url)
    if not await database.query(revisions.generation):
        await publish_folder(database, settings, clock)
    return database


async def push(database: Database, settings: Settings, clock: Clock, *, force: bool = False) -> Published:
    """Look over the folder as `flows check` does and publish what has changed.

    Raises:
        FlowError: with every complaint, also about what files say of each other (see `others`).
    """
    look = look_over(settings.flows, settings.locales, HANDLERS)
    if look.errors:
        raise together([complaint.error for complaint in look.errors])
    return await publish_folder(database, settings, clock, force=force)


async def publish_folder(
    database: Database, settings: Settings, clock: Clock, *, force: bool = False
) -> Published:
    """Publish what has changed, each file looked at by itself. Raises FlowError."""
    now = clock()
    files = compile_folder(read_folder(settings.flows, settings.locales), now)
    return await database.transact(
        lambda connection: publish(connection, files, new_id(now, 0, os.urandom), force=force)
    )
