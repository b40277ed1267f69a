"""What happened to a contact lately, and to those joined to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bot.core.contact import JsonValue
from bot.core.ids import bucket_of, instant
from bot.storage import traits
from bot.storage.driver import Connection, Statement

_LATEST = Statement("""
    SELECT e.name, e.at, e.properties, COALESCE(s.name, '') FROM @each(keys: bucket integer, contact text)
    JOIN event e ON e.bucket = keys.bucket AND e.contact = keys.contact
    LEFT JOIN api_key s ON s.id = e.source
    ORDER BY e.at DESC, e.id DESC LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class LatestEvent:
    """An event as it is kept; `source` is the name of who told of it, empty where we did."""

    name: str
    at: datetime
    properties: dict[str, JsonValue]
    source: str


async def latest(connection: Connection, contact_id: str, most: int) -> list[LatestEvent]:
    """The latest events, newest first."""
    members = (await traits.families(connection, [contact_id]))[contact_id]
    keys = [(bucket_of(member), member) for member in members]
    return [_event(*row) for row in await connection.read(_LATEST, keys=keys, most=most)]


def _event(name: str, at: int, properties: str, source: str) -> LatestEvent:
    read: dict[str, Any] = orjson.loads(properties)
    return LatestEvent(name, instant(at), read, source)
