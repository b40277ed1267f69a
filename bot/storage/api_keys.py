"""The keys of the shop API: read at every request, so that revoking one works at once.

Keys of sources (`sources.py`) are rows of the same table, which say of what kind: they open nothing here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.core.api_keys import ApiKey, Scope
from bot.core.ids import instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement

_COLUMNS = "k.id, k.name, k.hash, k.scopes, k.created_at, k.created_by, k.revoked_at"
_IS_ONE = "k.facts = '{}'"
_ONE = Statement(f"SELECT {_COLUMNS} FROM api_key k WHERE k.id = :id AND {_IS_ONE}")  # noqa: S608  # our own text
_ALL = Statement(f"SELECT {_COLUMNS} FROM api_key k WHERE {_IS_ONE} ORDER BY k.id")  # noqa: S608  # our own text
_REVOKE = Statement("""
    UPDATE api_key SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL RETURNING id
""")
_ROW = Rows(tables.Row.metadata.tables["api_key"], Present.FAIL)


async def add(connection: Connection, key: ApiKey) -> None:
    """Keep a new key."""
    scopes = " ".join(sorted(key.scopes))
    created_at = microseconds(key.created_at)
    await connection.write(
        _ROW, [(key.id, key.name, key.hash, scopes, created_at, key.created_by, None, "{}")]
    )


async def one(connection: Connection, key_id: str) -> ApiKey | None:
    """The key with this id."""
    return next((_key(row) for row in await connection.read(_ONE, id=key_id)), None)


async def listed(connection: Connection) -> list[ApiKey]:
    """All keys there ever were, oldest first."""
    return [_key(row) for row in await connection.read(_ALL)]


async def revoke(connection: Connection, key_id: str, now: datetime) -> bool:
    """Let a key open nothing any more; False where it was revoked before, or never was."""
    return bool(await connection.read(_REVOKE, id=key_id, now=microseconds(now)))


def _key(row: Sequence[Any]) -> ApiKey:
    known = set(Scope)
    return ApiKey(
        id=row[0],
        name=row[1],
        hash=row[2],
        # A scope of a newer release than this process opens nothing here.
        scopes=frozenset(Scope(scope) for scope in row[3].split() if scope in known),
        created_at=instant(row[4]),
        created_by=row[5],
        revoked_at=instant(row[6]) if row[6] is not None else None,
    )
