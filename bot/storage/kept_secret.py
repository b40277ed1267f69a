"""The secret of processes that share a database and were given none: made by the first, read by all."""

from bot.storage import tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement

_NAME = "secret"
_SECRET = Statement("SELECT value FROM setting WHERE name = :name")
_FIRST = Rows(tables.Row.metadata.tables["setting"], Present.KEEP)


async def kept_secret(database: Database, made: str) -> str:
    """Return the secret kept in the database; `made` becomes it where there is none."""

    async def keep(connection: Connection) -> str:
        await connection.write(_FIRST, [(_NAME, made)])
        return str((await connection.read(_SECRET, name=_NAME))[0][0])

    return await database.transact(keep)
