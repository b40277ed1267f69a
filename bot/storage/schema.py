"""Which schema this version of the code expects, told without loading the migration tools at every start."""

import sqlite3

import asyncpg

from bot.storage.driver import Connection, Database, Statement

NEWEST = "0010"
"""The newest migration; a test holds it against `bot.storage.migrations`."""

_CURRENT = Statement("SELECT version_num FROM alembic_version")


async def is_newest(database: Database) -> bool:
    """Whether the database has the schema this version of the code expects."""

    async def current(connection: Connection) -> str:
        return str((await connection.read(_CURRENT))[0][0])

    try:
        return await database.query(current) == NEWEST
    except (sqlite3.OperationalError, asyncpg.UndefinedTableError, IndexError):
        return False
