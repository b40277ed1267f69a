"""The settings' database for a command: usable, or a line that says why not and what to do."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from bot import app
from bot.cli.endings import end
from bot.config import Settings
from bot.storage import migrate
from bot.storage.driver import Database

UNREACHABLE = (OSError, sqlite3.Error, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def problem_of(settings: Settings) -> str | None:
    """What is wrong with the database, and the remedy; None where nothing is."""
    file = settings.sqlite_file
    if file is not None and not file.exists():
        return f"there is no database {file} yet; `regulars migrate` or `regulars serve` makes it"
    try:
        current = await migrate.current(settings.database_url)
    except UNREACHABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"the database cannot be reached: {reason}; check DATABASE_URL and that it runs"
    if current != migrate.newest():
        return "the database is not at the newest schema; run `regulars migrate`"
    return None


async def usable(settings: Settings) -> Database:
    """Open the database; ends the command where it cannot be used."""
    problem = await problem_of(settings)
    if problem is not None:
        end(problem)
    return await app.open_database(settings)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, closed at the end; ends the command where it cannot be used."""
    database = await usable(settings)
    try:
        yield database
    finally:
        await database.close()
