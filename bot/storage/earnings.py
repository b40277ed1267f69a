"""What a member earned and bought before, as far as the limits and repeats of rules ask."""

from bot.core.ids import bucket_of, instant
from bot.core.loyalty.gains import Bought, Tally
from bot.storage.driver import Connection, Statement

_GRANTED = Statement("""
    SELECT COUNT(*), COALESCE(SUM(e.granted_minor), 0) FROM earned e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.at >= :since
        AND e.granted_minor > 0
""")
_GRANTED_BY = Statement("""
    SELECT COUNT(*), COALESCE(SUM(e.granted_minor), 0) FROM earned e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.at >= :since
        AND e.granted_minor > 0 AND e.rule = :rule
""")
_BOUGHT = Statement("""
    SELECT o.id, o.placed_at, n.sku, n.category FROM shop_order o
    JOIN order_line n ON n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.placed_at >= :since
        AND o.status NOT IN ('canceled', 'cancelled', 'rejected', 'refunded')
    ORDER BY o.placed_at, o.id
""")


async def granted(connection: Connection, contact_id: str, asked: str) -> Tally:
    """How often, and how much, was granted: `asked` is since when in microseconds, rule or none, wallet."""
    since, rule, wallet = asked.split("|")
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet, "since": int(since)}
    if rule:
        ((times, minor),) = await connection.read(_GRANTED_BY, **own, rule=rule)
    else:
        ((times, minor),) = await connection.read(_GRANTED, **own)
    return Tally(int(times), int(minor))


async def bought(connection: Connection, contact_id: str, since: str) -> tuple[Bought, ...]:
    """What orders since then (microseconds) had in them, oldest first; those never bought are left out."""
    found = await connection.read(_BOUGHT, bucket=bucket_of(contact_id), contact=contact_id, since=int(since))
    orders: dict[str, list[tuple[int, str, str]]] = {}
    for order_id, placed_at, sku, category in found:
        orders.setdefault(order_id, []).append((placed_at, sku, category))
    return tuple(
        Bought(
            order_id,
            instant(lines[0][0]),
            frozenset(sku for _, sku, _ in lines),
            frozenset(category for _, _, category in lines),
        )
        for order_id, lines in orders.items()
    )
