"""Answers to requests of the shop that are no turn of a contact: kept in the transaction that did it."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from bot.core.contact import JsonValue
from bot.core.ids import microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement

_FIND = Statement("SELECT a.digest, a.result FROM api_answer a WHERE a.key = :key")
_SET = Statement("UPDATE api_answer SET result = :result WHERE key = :key")
_ROW = Rows(tables.Row.metadata.tables["api_answer"], Present.KEEP, returning="key")

Json = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a request came to; `is_replay`: it was asked before, `is_conflict`: something else was."""

    result: Json
    is_replay: bool = False
    is_conflict: bool = False


async def done_once(
    connection: Connection,
    key: str,
    request: Json,
    now: datetime,
    do: Callable[[Connection], Awaitable[Json]],
) -> Kept:
    """Do what is asked for, once for each key; what raises leaves nothing, and may be asked again."""
    (is_new,) = await connection.claim(_ROW, [(key, _digest(request), "", microseconds(now))])
    if is_new:
        result = await do(connection)
        await connection.run(_SET, [{"key": key, "result": orjson.dumps(result).decode()}])
        return Kept(result)
    kept = await find(connection, key, request)
    assert kept is not None, "it was there"
    return kept


async def find(connection: Connection, key: str, request: Json) -> Kept | None:
    """What was answered to the request with this key; None where none was."""
    found = await connection.read(_FIND, key=key)
    if not found:
        return None
    digest, answer = found[0]
    return Kept(orjson.loads(answer), is_replay=True, is_conflict=digest != _digest(request))


async def is_used(connection: Connection, key: str) -> bool:
    """Whether a request with this key was answered."""
    return bool(await connection.read(_FIND, key=key))


def _digest(request: Json) -> str:
    return hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()
