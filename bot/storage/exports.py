"""All that there is of one kind, bucket by bucket, for files: by the names that imports read.

A contact that was joined to another is that one here; who was erased is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from bot.core.contact import JsonValue
from bot.core.deeds.left import ERASED_AT
from bot.core.ids import instant
from bot.core.importing.kinds import CHANNELS
from bot.storage.driver import Connection, Statement
from bot.storage.rows import WALLET

Exported = dict[str, JsonValue]
"""One row; what is not known is not in it."""

_CONTACTS = Statement("""
    SELECT c.id, c.merged_into, c.first_name, c.locale, c.zone, c.birthday_on, c.enrolled_at, c.attributes
    FROM contact c WHERE c.bucket = :bucket ORDER BY c.id
""")
_ADDRESSES = Statement("""
    SELECT a.contact, a.channel, a.value FROM address a WHERE a.bucket = :bucket
    ORDER BY a.contact, a.created_at, a.value
""")
_CONSENTS = Statement("""
    SELECT n.contact, n.subscription_group, n.channel, n.state, n.words, n.at, n.address, n.source
    FROM consent n WHERE n.bucket = :bucket ORDER BY n.contact, n.number
""")
_ORDERS = Statement("""
    SELECT o.contact, o.id, o.reference, o.placed_at, o.status, o.source, o.currency, o.shipping_minor,
        o.tax_minor, o.facts, n.sku, n.name, n.category, n.quantity, n.unit_minor, n.discount_minor,
        CASE WHEN o.status = 'refunded' AND o.refunded_minor = o.cash_minor
            THEN n.quantity * n.unit_minor - n.discount_minor - n.credit_minor ELSE n.returned_minor END
    FROM shop_order o
    JOIN order_line n ON n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id
    WHERE o.bucket = :bucket AND n.quantity > 0 ORDER BY o.contact, o.placed_at, o.id, n.line
""")
_EVENTS = Statement("""
    SELECT e.contact, e.id, e.name, e.at, e.properties FROM event e WHERE e.bucket = :bucket
    ORDER BY e.contact, e.at, e.id
""")
_BALANCES = Statement(f"""
    SELECT l.contact, l.id, l.available_minor + l.held_minor + l.pending_minor, l.expires_on FROM lot l
    WHERE l.bucket = :bucket AND l.wallet = '{WALLET}'
        AND l.available_minor + l.held_minor + l.pending_minor > 0
    ORDER BY l.contact, l.id
""")  # noqa: S608  # our own constant
_BY_CHANNEL = {channel: field for field, channel in CHANNELS.items()}

Who = Mapping[str, Exported]
"""What contacts are called, by id."""
Amount = Callable[[int], str]
"""Writes minor units in whole ones."""


async def of_bucket(connection: Connection, kind: str, bucket: int, amount: Amount) -> list[Exported]:
    """Read all rows of a kind in one bucket."""
    statement, row_of = _KINDS[kind]
    people = await connection.read(_CONTACTS, bucket=bucket)
    living = {row[0] for row in people if ERASED_AT not in orjson.loads(row[7])}
    who: dict[str, Exported] = {contact: {} for contact in living}
    for contact, channel, value in await connection.read(_ADDRESSES, bucket=bucket):
        if contact in who and channel in _BY_CHANNEL:
            who[contact].setdefault(_BY_CHANNEL[channel], value)
    found = people if statement is _CONTACTS else await connection.read(statement, bucket=bucket)
    rows = (row_of(row, who, amount) for row in found if row[0] in who and who[row[0]])
    return [row for row in rows if row is not None]


def _contact(row: Sequence[Any], who: Who, _amount: Amount) -> Exported | None:
    contact, merged_into, first_name, locale, zone, birthday, enrolled_at, attributes = row
    if merged_into is not None:
        return None
    told: Exported = {
        "first_name": first_name,
        "locale": locale,
        "zone": zone,
        "birthday": birthday,
        "enrolled_at": _at(enrolled_at),
        "attributes": orjson.loads(attributes) or None,
    }
    return {**who[contact], **told}


def _consent(row: Sequence[Any], who: Who, _amount: Amount) -> Exported:
    contact, group, channel, state, words, at, address, source = row
    named = {_BY_CHANNEL.get(channel, channel): address} if address else {}
    told: Exported = {"group": group, "state": state, "words": words, "at": _at(at), "channel": channel}
    return {**who[contact], **named, **told, "place": source}


def _order(row: Sequence[Any], who: Who, amount: Amount) -> Exported:
    told: Exported = {
        "order": row[2] or row[1],
        "at": _at(row[3]),
        "status": row[4],
        "source": row[5],
        "currency": row[6] or None,
        "shipping": amount(row[7]),
        "tax": amount(row[8]),
        "facts": {name: one for name, one in orjson.loads(row[9]).items() if name[:1] != "_"} or None,
        "sku": row[10],
        "name": row[11],
        "category": row[12],
        "quantity": row[13],
        "unit_price": amount(row[14]),
        "discount": amount(row[15]),
        "returned": amount(row[16]),
    }
    return {**who[row[0]], **told}


def _event(row: Sequence[Any], who: Who, _amount: Amount) -> Exported:
    contact, identity, name, at, properties = row
    told: Exported = {"event": name, "at": _at(at), "id": identity, "properties": orjson.loads(properties)}
    return {**who[contact], **told}


def _balance(row: Sequence[Any], who: Who, amount: Amount) -> Exported:
    contact, identity, left, expires_on = row
    return {**who[contact], "amount": amount(left), "expires_on": expires_on or "never", "id": identity}


def _at(at: int | None) -> str | None:
    return instant(at).isoformat() if at is not None else None


_KINDS: Mapping[str, tuple[Statement, Callable[[Sequence[Any], Who, Amount], Exported | None]]] = (
    MappingProxyType(
        {
            "contacts": (_CONTACTS, _contact),
            "consents": (_CONSENTS, _consent),
            "orders": (_ORDERS, _order),
            "events": (_EVENTS, _event),
            "balances": (_BALANCES, _balance),
        }
    )
)
