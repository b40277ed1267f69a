"""Baskets as they were bought, bucket by bucket: what pairs of products are counted from."""

from datetime import datetime
from itertools import groupby
from operator import itemgetter

from bot.core.ids import instant, microseconds
from bot.storage.driver import Connection, Statement
from bot.storage.due import buckets, peek

_COUNTS = "o.status NOT IN ('canceled', 'refunded') AND n.quantity > n.returned_quantity"
# Which products there are at all is asked first: most are bought too seldom to be in a pair.
_SOLD = Statement(f"""
    SELECT n.sku, COUNT(*) FROM order_line n
    JOIN shop_order o ON o.bucket = n.bucket AND o.contact = n.contact AND o.id = n.shop_order
    WHERE n.bucket = :bucket AND o.placed_at >= :since AND {_COUNTS}
    GROUP BY n.sku
""")  # noqa: S608  # our own text
_BASKETS = Statement(f"""
    SELECT o.contact, o.id, o.placed_at, n.sku FROM shop_order o
    JOIN order_line n ON n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id
    WHERE o.bucket = :bucket AND o.placed_at >= :since AND {_COUNTS}
    ORDER BY o.contact, o.id
""")  # noqa: S608  # our own text
_PEEK = peek("shop_order", "t.placed_at >= :now")
_SPAN = Statement("""
    SELECT MIN(o.placed_at), MAX(o.placed_at) FROM shop_order o
    WHERE o.bucket = :bucket AND o.placed_at >= :since
""")

Basket = tuple[frozenset[str], datetime]
"""The products of an order, and when it was placed."""


async def buckets_with_orders(connection: Connection, since: datetime) -> list[int]:
    """Buckets that have orders since then."""
    return await buckets(connection, _PEEK, since)


async def sold(connection: Connection, bucket: int, since: datetime) -> dict[str, int]:
    """How many order lines each product has in a bucket."""
    found = await connection.read(_SOLD, bucket=bucket, since=microseconds(since))
    return {row[0]: int(row[1]) for row in found}


async def span(connection: Connection, bucket: int, since: datetime) -> tuple[datetime, datetime] | None:
    """When the first and the last order of a bucket were placed; None where there is none."""
    ((first, last),) = await connection.read(_SPAN, bucket=bucket, since=microseconds(since))
    return None if first is None else (instant(first), instant(last))


async def baskets(connection: Connection, bucket: int, since: datetime) -> list[list[Basket]]:
    """All baskets of a bucket, member by member."""
    found = await connection.read(_BASKETS, bucket=bucket, since=microseconds(since))
    return [
        [
            (frozenset(line[3] for line in order), instant(order[0][2]))
            for order in (list(lines) for _, lines in groupby(of_member, key=itemgetter(1)))
        ]
        for _, of_member in groupby(found, key=itemgetter(0))
    ]
