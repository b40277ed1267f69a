"""Orders in our book, as rows and as the core knows them."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import orjson

from bot.core.contact import Order, OrderLine
from bot.core.ids import bucket_of, instant
from bot.storage.driver import Connection, Statement
from bot.storage.rows import json_rows, loaded

ORDER_COLUMNS = """
    o.contact, o.id, o.source, o.status, o.placed_at, o.total_minor, o.credit_minor, o.reference, o.currency,
    o.cash_minor, o.discount_minor, o.shipping_minor, o.tax_minor, o.refunded_minor, o.returned_credit_minor,
    o.changed_at, o.facts,
    (SELECT @rows(n.line, n.sku, n.name, n.quantity, n.unit_minor, n.category, n.discount_minor,
                  n.credit_minor, n.earns, n.returned_quantity, n.returned_minor) FROM order_line n
     WHERE n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id)
"""
"""What `order_from` reads of `shop_order o`."""

_BY_REFERENCE = Statement(f"""
    SELECT {ORDER_COLUMNS} FROM shop_order o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.id = :id
""")  # noqa: S608  # our own constants


def order_from(row: Sequence[Any]) -> Order:
    """Read the values of `ORDER_COLUMNS`."""
    lines = sorted(json_rows(row[17]), key=itemgetter(0))
    return Order(
        id=row[1],
        source=row[2],
        status=row[3],
        placed_at=instant(row[4]),
        total_minor=row[5],
        credit_minor=row[6],
        reference=row[7],
        currency=row[8],
        cash_minor=row[9],
        discount_minor=row[10],
        shipping_minor=row[11],
        tax_minor=row[12],
        refunded_minor=row[13],
        returned_credit_minor=row[14],
        changed_at=loaded(row[15]),
        facts=orjson.loads(row[16]),
        lines=tuple(_line(line[1:]) for line in lines),
    )


async def order_by_id(connection: Connection, contact_id: str, order_id: str) -> Order | None:
    """The contact's order with this id (ours, not the shop's); None if there is none."""
    found = await connection.read(
        _BY_REFERENCE, bucket=bucket_of(contact_id), contact=contact_id, id=order_id
    )
    return order_from(found[0]) if found else None


def _line(row: Sequence[Any]) -> OrderLine:
    sku, name, quantity, unit, category, discount, credit, earns, returned, returned_minor = row
    return OrderLine(
        sku, name, quantity, unit, category, discount, credit, bool(earns), returned, returned_minor
    )
