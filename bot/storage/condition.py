"""How a database is: its clock, size and durability, and when it was last archived; only read."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import instant
from bot.storage.driver import Connection, Statement

_SQLITE_JOURNAL = Statement("PRAGMA journal_mode")
_SQLITE_SYNCHRONOUS = Statement("PRAGMA synchronous")
_FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
_POSTGRES_SETTINGS = Statement("""
    SELECT name, setting FROM pg_settings
    WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'archive_mode', 'max_connections',
        'server_encoding')
""")
_POSTGRES_SIZE = Statement("SELECT pg_database_size(current_database())")
_POSTGRES_USED = Statement("SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
_POSTGRES_NOW = Statement("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)")
_POSTGRES_ARCHIVED = Statement("""
    SELECT CAST(EXTRACT(EPOCH FROM last_archived_time) * 1000000 AS bigint) FROM pg_stat_archiver
""")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a database says of itself; None: it has no such thing.

    `risks` are settings by which what was committed may be lost, each with its remedy.
    """

    risks: tuple[tuple[str, str], ...]
    size_bytes: int | None = None
    now: datetime | None = None
    connections: int | None = None
    connections_max: int | None = None
    is_archived: bool = False
    archived_at: datetime | None = None


async def of_sqlite(connection: Connection) -> Condition:
    """Ask SQLite."""
    ((journal,),) = await connection.read(_SQLITE_JOURNAL)
    ((synchronous,),) = await connection.read(_SQLITE_SYNCHRONOUS)
    risks = []
    if journal != "wal":
        risks.append((f"the journal is {journal} and not WAL", "keep the file on a disk of this machine"))
    if synchronous < _FULL:
        risks.append(("commits are not written through", "open it with Regulars alone"))
    return Condition(tuple(risks))


async def of_postgres(connection: Connection) -> Condition:
    """Ask PostgreSQL."""
    settings = {row[0]: str(row[1]) for row in await connection.read(_POSTGRES_SETTINGS)}
    risks = [
        (f"{name} is off", f"set {name} = on in postgresql.conf")
        for name in ("fsync", "synchronous_commit", "full_page_writes")
        if settings.get(name) == "off"
    ]
    if settings.get("server_encoding") != "UTF8":
        risks.append((f"the encoding is {settings.get('server_encoding')}", "make the database anew in UTF8"))
    ((size,),) = await connection.read(_POSTGRES_SIZE)
    ((now,),) = await connection.read(_POSTGRES_NOW)
    ((used,),) = await connection.read(_POSTGRES_USED)
    ((archived,),) = await connection.read(_POSTGRES_ARCHIVED)
    return Condition(
        tuple(risks),
        size_bytes=int(size),
        now=instant(int(now)),
        connections=int(used),
        connections_max=int(settings["max_connections"]),
        is_archived=settings.get("archive_mode") != "off",
        archived_at=None if archived is None else instant(int(archived)),
    )
