"""All that is stored of one person, table by table: what they may ask for, and what erasing would leave."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import BigInteger, Table

from bot.core.contact import JsonValue
from bot.core.ids import bucket_of, instant
from bot.storage import contacts, tables
from bot.storage.driver import Connection, Statement
from bot.storage.families import family
from bot.storage.tables import FOREVER, Kind, kind_of

_TABLES = tables.Row.metadata.tables
_OWNED = [table for table in _TABLES.values() if kind_of(table) is Kind.CONTACT_OWNED]
_TIMES = ("at", "since", "until", "from", "by")
_DOCUMENTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "payload": frozenset({"trigger", "call"}),
        "result": frozenset({"trigger"}),
        "state": frozenset({"run"}),
        "properties": frozenset({"event"}),
        "attributes": frozenset({"contact"}),
        "parts": frozenset({"hold"}),
        "extended": frozenset({"entry"}),
        "evidence": frozenset({"referral"}),
        "proof": frozenset({"spin"}),
        "by_line": frozenset({"earned"}),
        "because": frozenset({"earned"}),
    }
)
"""Columns that hold JSON, beside every `facts`."""


def _rows_of(table: Table) -> Statement:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    own = "id" if table.name == "contact" else "contact"
    order = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    return Statement(
        f'SELECT {names} FROM "{table.name}" WHERE bucket = :bucket AND {own} = :contact ORDER BY {order}'  # noqa: S608  # names of our tables
    )


_READ = {table.name: _rows_of(table) for table in _OWNED}
_NAMES = Statement(
    "SELECT d.kind, d.value FROM directory d WHERE d.contact = :contact ORDER BY d.kind, d.value"
)


async def exported(connection: Connection, contact_id: str, now: datetime) -> dict[str, JsonValue] | None:
    """Return everything we store of a person; None where nobody has that id.

    `joined` holds the same of contacts that turned out to be this one, where there are any.

    `tables` holds rows by table, in the order of their keys. Instants are ISO 8601 in UTC, amounts in minor
    units, documents as they are.
    """
    contact = await contacts.known(connection, contact_id)
    if contact is None:
        return None
    own, *joined = [
        await _kept_of(connection, member.contact_id) for member in await family(connection, contact.id)
    ]
    document: dict[str, JsonValue] = {"contact": contact.id, "exported_at": now.isoformat(), **own}
    return {**document, "joined": list[JsonValue](joined)} if joined else document


async def _kept_of(connection: Connection, contact_id: str) -> dict[str, JsonValue]:
    own: dict[str, object] = {"bucket": bucket_of(contact_id), "contact": contact_id}
    kept: dict[str, JsonValue] = {}
    for table in _OWNED:
        found = await connection.read(_READ[table.name], **own)
        if found:
            kept[str(table.name)] = [_row(table, row) for row in found]
    names = await connection.read(_NAMES, contact=contact_id)
    known_as: list[JsonValue] = [{"kind": kind, "value": value} for kind, value in names]
    return {"contact": contact_id, "known_as": known_as, "tables": kept}


def _row(table: Table, row: Any) -> dict[str, JsonValue]:  # noqa: ANN401  # what a driver gives
    return {
        str(column.name): _value(table.name, column.name, column.type, value)
        for column, value in zip(table.columns, row, strict=True)
        if column.name != "bucket"
    }


def _value(table: str, column: str, kind: object, value: Any) -> JsonValue:  # noqa: ANN401  # as above
    if isinstance(kind, BigInteger) and value is not None and column.rpartition("_")[2] in _TIMES:
        return None if value >= FOREVER else instant(value).isoformat()
    if value and (column == "facts" or table in _DOCUMENTS.get(column, ())):
        document: JsonValue = orjson.loads(value)
        return document
    if isinstance(value, bool | int | str) or value is None:
        return value
    return str(value)
