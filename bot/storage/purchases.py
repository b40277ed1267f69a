"""Who bought what when, bucket by bucket, and who redeemed credit: what insights are reckoned from."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import instant, microseconds
from bot.storage.driver import Connection, Statement

_COUNTS = "o.status NOT IN ('canceled', 'refunded')"
# Who was joined to another bought as that one; orders in other currencies cannot be added.
_ORDERS = Statement(f"""
    SELECT COALESCE(c.merged_into, c.id), o.placed_at, o.cash_minor - o.refunded_minor FROM shop_order o
    JOIN contact c ON c.bucket = o.bucket AND c.id = o.contact
    WHERE o.bucket = :bucket AND o.placed_at >= :since AND o.placed_at < :until AND {_COUNTS}
        AND (o.currency = '' OR o.currency = :currency)
""")  # noqa: S608  # our own text
_CATEGORIES = Statement(f"""
    SELECT DISTINCT COALESCE(c.merged_into, c.id), n.category, o.placed_at FROM shop_order o
    JOIN order_line n ON n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id
    JOIN contact c ON c.bucket = o.bucket AND c.id = o.contact
    WHERE o.bucket = :bucket AND o.placed_at >= :since AND o.placed_at < :until AND {_COUNTS}
        AND n.category <> '' AND n.quantity > n.returned_quantity
""")  # noqa: S608  # our own text
_JOINED_AT = Statement("""
    SELECT c.id, c.enrolled_at FROM contact c
    WHERE c.bucket = :bucket AND c.enrolled_at IS NOT NULL AND c.merged_into IS NULL
""")
# Who was kept out of something is compared with who was not, by what each met first.
_EXPOSED = Statement("""
    SELECT x.contact, x.experiment, x.arm, x.at FROM exposure x
    WHERE x.bucket = :bucket AND x.at >= :since AND x.at < :until
""")
_REDEEMED = Statement("""
    SELECT e.contact, e.effective_at FROM entry e
    WHERE e.bucket = :bucket AND e.effective_at >= :since AND e.effective_at < :until
        AND e.reason IN ('redeem', 'capture')
""")
_THERE = Statement("""
    SELECT c.id FROM contact c
    WHERE c.bucket = :bucket AND c.created_at < :before AND c.merged_into IS NULL
""")
_OPTED_OUT = Statement("""
    SELECT DISTINCT COALESCE(c.merged_into, c.id) FROM consent x
    JOIN contact c ON c.bucket = x.bucket AND c.id = x.contact
    WHERE x.bucket = :bucket AND x.state = 'unsubscribed' AND x.at >= :since AND x.at < :until
""")


@dataclass(frozen=True, slots=True)
class Bought:
    """An order: whose, when, and the cash it brought net of what went back."""

    contact: str
    at: datetime
    cash_minor: int


@dataclass(frozen=True, slots=True)
class Exposed:
    """A contact that met an arm, or was kept out."""

    contact: str
    experiment: str
    arm: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when, the end not included."""

    since: datetime
    until: datetime

    @property
    def bounds(self) -> dict[str, object]:
        """As statements take them."""
        return {"since": microseconds(self.since), "until": microseconds(self.until)}


async def orders(connection: Connection, bucket: int, period: Period, currency: str) -> list[Bought]:
    """All orders of a bucket that were neither canceled nor given back whole."""
    found = await connection.read(_ORDERS, bucket=bucket, currency=currency, **period.bounds)
    return [Bought(row[0], instant(row[1]), row[2]) for row in found]


async def by_category(connection: Connection, bucket: int, period: Period) -> list[tuple[str, str, datetime]]:
    """Who bought something of which category when."""
    found = await connection.read(_CATEGORIES, bucket=bucket, **period.bounds)
    return [(row[0], row[1], instant(row[2])) for row in found]


async def enrolled(connection: Connection, bucket: int) -> dict[str, datetime]:
    """Since when each member of a bucket is one."""
    found = await connection.read(_JOINED_AT, bucket=bucket)
    return {row[0]: instant(row[1]) for row in found}


async def exposed(connection: Connection, bucket: int, period: Period) -> list[Exposed]:
    """Who met an arm of an experiment, or its holdout."""
    found = await connection.read(_EXPOSED, bucket=bucket, **period.bounds)
    return [Exposed(row[0], row[1], row[2], instant(row[3])) for row in found]


async def redeemed(connection: Connection, bucket: int, period: Period) -> list[tuple[str, datetime]]:
    """When contacts of a bucket spent credit."""
    found = await connection.read(_REDEEMED, bucket=bucket, **period.bounds)
    return [(row[0], instant(row[1])) for row in found]


async def there(connection: Connection, bucket: int, before: datetime) -> list[str]:
    """All contacts of a bucket that we knew before an instant and who are nobody else since."""
    found = await connection.read(_THERE, bucket=bucket, before=microseconds(before))
    return [str(contact) for (contact,) in found]


async def opted_out(connection: Connection, bucket: int, period: Period) -> set[str]:
    """Who of a bucket unsubscribed from anything."""
    found = await connection.read(_OPTED_OUT, bucket=bucket, **period.bounds)
    return {str(contact) for (contact,) in found}
