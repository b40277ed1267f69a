"""Orders of the past, written together: each with its lines, the name it is found by, and its event."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.audiences.rule import Happened
from bot.core.contact import JsonValue
from bot.core.ids import bucket_of, derived_id, microseconds
from bot.core.importing.orders import PastOrder
from bot.core.loyalty.orders import REFUNDED
from bot.storage import orders, tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.rows import RowValues, to_json

SOURCE = "import"
"""The source of the events of orders that were imported."""
# What is in the book of orders: enough to see whether it is what the file says.
_THERE = Statement("""
    SELECT o.id, o.status, o.total_minor, o.cash_minor, o.discount_minor,
        (SELECT COUNT(*) FROM order_line n
         WHERE n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id AND n.quantity > 0)
    FROM @each(keys: bucket integer, contact text, id text)
    CROSS JOIN shop_order o
    WHERE o.bucket = keys.bucket AND o.contact = keys.contact AND o.id = keys.id
""")
_OWNERS = Statement("""
    SELECT d.value, d.contact FROM @each(keys: value text)
    JOIN directory d ON d.kind = 'order' AND d.value = keys.value
""")
_Own = tuple[int, str, str]
"""Bucket, contact and id of an order."""
_TABLES = tables.Row.metadata.tables
_OWNER = Rows(_TABLES["directory"], Present.KEEP, returning="kind, value")
_ORDER = Rows(_TABLES["shop_order"], Present.FAIL)
_LINE = Rows(_TABLES["order_line"], Present.FAIL)
_EVENT = Rows(_TABLES["event"], Present.FAIL)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is on record of an order: enough to compare it with what is told again."""

    total_minor: int
    cash_minor: int
    discount_minor: int
    lines: int

    @classmethod
    def of(cls, order: PastOrder) -> "Kept":
        """What will be on record of an order once it is written."""
        return cls(order.total_minor, order.cash_minor, order.discount_minor, len(order.lines))

    def is_same(self, order: PastOrder) -> bool:
        """Whether it is the order as it is told."""
        return self == Kept.of(order)


async def claim(connection: Connection, owned: Sequence[tuple[str, str]]) -> list[bool]:
    """Make orders (reference, contact) theirs; False of those that somebody told of before."""
    rows = [(orders.ORDER, reference, bucket_of(contact), contact) for reference, contact in owned]
    in_order = sorted(range(len(rows)), key=rows.__getitem__)
    won = await connection.claim(_OWNER, [rows[number] for number in in_order])
    first = [False] * len(rows)
    for number, is_first in zip(in_order, won, strict=True):
        first[number] = is_first
    return first


async def there(connection: Connection, owned: Sequence[tuple[str, str]]) -> dict[str, Kept]:
    """What is on record of orders (reference, contact), by reference; what is not is missing."""
    ids = {order_id(reference, contact): reference for reference, contact in owned}
    keys = [(bucket_of(contact), contact, order_id(reference, contact)) for reference, contact in owned]
    found = await connection.read(_THERE, keys=keys)
    return {ids[row[0]]: Kept(row[2], row[3], row[4], row[5]) for row in found}


def order_id(reference: str, contact: str) -> str:
    """Return our id of an order that the shop calls so."""
    return derived_id(f"order/{reference}", bucket_of(contact))


async def write(
    connection: Connection, told: Sequence[tuple[PastOrder, str]], currency: str, exponent: int
) -> list[tuple[str, Happened]]:
    """Write orders that are new, each with whose it is; returns what happened to whom by them.

    `currency` is that of orders that tell none, `exponent` how many decimals it has.
    """
    heads: list[RowValues] = []
    lines: list[RowValues] = []
    happened: list[tuple[str, Happened]] = []
    for order, contact in told:
        own = (bucket_of(contact), contact, order_id(order.reference, contact))
        heads.append(_head(own, order, currency))
        lines += _lines(own, order)
        happened += [(contact, one) for one in _happened(own, order, currency, exponent)]
    await connection.write(_ORDER, heads)
    await connection.write(_LINE, lines)
    events: list[RowValues] = [
        (bucket_of(contact), contact, one.id, one.name, microseconds(one.at), to_json(one.properties), SOURCE)
        for contact, one in happened
    ]
    await connection.write(_EVENT, events)
    return happened


def _head(own: _Own, order: PastOrder, currency: str) -> RowValues:
    return (
        *own,
        order.source,
        order.status,
        microseconds(order.at),
        order.total_minor,
        0,  # paid with credit
        order.reference,
        order.currency or currency,
        order.cash_minor,
        order.discount_minor,
        order.shipping_minor,
        order.tax_minor,
        order.refunded_minor,
        0,  # credit that came back
        None,
        to_json(order.facts) if order.facts else "{}",
    )


def _lines(own: _Own, order: PastOrder) -> list[RowValues]:
    bucket, contact, identity = own
    return [
        (
            bucket,
            contact,
            identity,
            number,
            line[0],
            line[1],
            line[3],
            line[4],
            line[2],
            line[5],
            0,
            True,
            line[3] if line[6] and line[6] == line[3] * line[4] - line[5] else 0,
            line[6],
        )
        for number, line in enumerate(order.lines, 1)
    ]


def _happened(own: _Own, order: PastOrder, currency: str, exponent: int) -> list[Happened]:
    """The events that an order was bought, and that some of it came back, as turns tell them."""
    if not order.was_bought:
        return []
    bucket, _, identity = own
    scale = 10**exponent if exponent else 1
    names: dict[str, JsonValue] = {"order_id": identity, "reference": order.reference}
    properties: dict[str, JsonValue] = {
        **names,
        "currency": order.currency or currency,
        "revenue": order.cash_minor / scale if exponent else order.cash_minor,
        "total_minor": order.total_minor,
        "cash_minor": order.cash_minor,
        "credit_minor": 0,
        "products": [
            {
                "sku": line[0],
                "name": line[1],
                "category": line[2],
                "quantity": line[7],
                "price": line[4] / scale if exponent else line[4],
            }
            for line in order.lines
        ],
    }
    happened = [
        Happened(derived_id(f"completed/{identity}", bucket), "Order Completed", order.at, properties)
    ]
    if order.returned_at is not None:
        back: dict[str, JsonValue] = {
            **names,
            "refunded": order.refunded_minor,
            "refunded_total": order.refunded_minor,
            "is_all": order.status == REFUNDED,
        }
        happened.append(
            Happened(derived_id(f"refunded/{identity}", bucket), "Order Refunded", order.returned_at, back)
        )
    return happened
