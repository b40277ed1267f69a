"""The sources of tracked messages: rows of `api_key` that say what kind of source they are."""

from collections.abc import Sequence
from typing import Any

import orjson

from bot.core.ids import instant, microseconds
from bot.core.sources import Source, SourceKind, SourceScope
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows, Statement

_COLUMNS = "k.id, k.name, k.hash, k.scopes, k.created_at, k.created_by, k.revoked_at, k.facts"
_IS_ONE = "k.facts <> '{}'"
_BY_HASH = Statement(f"SELECT {_COLUMNS} FROM api_key k WHERE k.hash = :hash AND {_IS_ONE}")  # noqa: S608  # our own text
_ALL = Statement(f"SELECT {_COLUMNS} FROM api_key k WHERE {_IS_ONE} ORDER BY k.id")  # noqa: S608  # same
_IS_USED = Statement("SELECT k.id FROM api_key k WHERE k.hash = :hash")
_SET_FACTS = Statement("UPDATE api_key SET facts = :facts WHERE id = :id")
_ROW = Rows(tables.Row.metadata.tables["api_key"], Present.FAIL)


async def add(connection: Connection, source: Source) -> bool:
    """Keep a new source; False where its key was somebody's before, also one that was revoked since."""
    if await connection.read(_IS_USED, hash=source.hash):
        return False
    scopes = " ".join(sorted(source.scopes))
    created_at = microseconds(source.created_at)
    row = (source.id, source.name, source.hash, scopes, created_at, source.created_by, None, _facts(source))
    await connection.write(_ROW, [row])
    return True


async def of_key(connection: Connection, key_hash: str) -> Source | None:
    """The source whose key has this hash, if it is in force."""
    found = next((_source(row) for row in await connection.read(_BY_HASH, hash=key_hash)), None)
    return found if found is not None and found.revoked_at is None else None


async def listed(connection: Connection) -> list[Source]:
    """All sources there ever were, oldest first."""
    return [_source(row) for row in await connection.read(_ALL)]


async def change(connection: Connection, source: Source) -> None:
    """Keep a source's quota and origins as they are now."""
    await connection.run(_SET_FACTS, [{"id": source.id, "facts": _facts(source)}])


def _facts(source: Source) -> str:
    return rows.to_json({"kind": source.kind, "quota": source.quota, "origins": list(source.origins)})


def _source(row: Sequence[Any]) -> Source:
    facts = orjson.loads(row[7])
    known = set(SourceScope)
    return Source(
        id=row[0],
        name=row[1],
        kind=SourceKind(facts["kind"]),
        # A scope of a newer release than this process allows nothing here.
        scopes=frozenset(SourceScope(scope) for scope in row[3].split() if scope in known),
        hash=row[2],
        created_at=instant(row[4]),
        created_by=row[5],
        quota=int(facts["quota"]),
        origins=tuple(facts["origins"]),
        revoked_at=instant(row[6]) if row[6] is not None else None,
    )
