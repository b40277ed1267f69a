"""Members with their orders, bucket by bucket: what a change of rules is reckoned on before it is made."""

from datetime import date, datetime
from operator import attrgetter

import orjson

from bot.core.contact import Order
from bot.core.ids import instant, microseconds
from bot.core.local_time import local_date
from bot.core.loyalty.costing import MemberOrders
from bot.core.loyalty.eligibility import MemberFacts
from bot.storage.driver import Connection, Statement
from bot.storage.orders import ORDER_COLUMNS, order_from
from bot.storage.tables import IS_MEMBER

_MEMBERS = Statement(f"""
    SELECT c.id, c.locale, c.enrolled_at, c.attributes, s.value FROM contact c
    LEFT JOIN standing s ON s.bucket = c.bucket AND s.contact = c.id AND s.kind = 'tier'
    WHERE c.bucket = :bucket AND {IS_MEMBER}
""")  # noqa: S608  # our own constant
_ORDERS = Statement(f"""
    SELECT {ORDER_COLUMNS} FROM shop_order o WHERE o.bucket = :bucket AND o.placed_at >= :since
""")  # noqa: S608  # our own constants


async def members_with_orders(
    connection: Connection, bucket: int, since: datetime, zone: str
) -> dict[str, MemberOrders]:
    """The members of a bucket, by id, with their orders since then; `zone` is the shop's."""
    orders: dict[str, list[Order]] = {}
    for row in await connection.read(_ORDERS, bucket=bucket, since=microseconds(since)):
        orders.setdefault(row[0], []).append(order_from(row))
    members = {}
    for contact, locale, enrolled_at, attributes, tier in await connection.read(_MEMBERS, bucket=bucket):
        facts = MemberFacts(
            today=date.min,
            joined_on=local_date(instant(enrolled_at), zone),
            locale=locale,
            attributes=orjson.loads(attributes),
            tier=tier or None,
        )
        found = sorted(orders.get(contact, []), key=attrgetter("placed_at", "id"))
        members[contact] = MemberOrders(facts, found)
    return members
