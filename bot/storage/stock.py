"""How many of a product there are, and the news of it that goes to those who like it best."""

from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from bot.core.ids import instant, microseconds
from bot.core.loyalty.stock import News, news_of
from bot.storage import counters, products, tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.products import stock_of
from bot.storage.rows import to_json

_PREFIX = "stock_news/"
_PENDING = Statement("""
    SELECT s.name, s.value FROM setting s WHERE s.name >= :since AND s.name < :until ORDER BY s.name
""")
_FORGET = Statement("DELETE FROM setting WHERE name = :name")
_TOLD = Statement("DELETE FROM setting WHERE name = :name AND value = :value")
_REACHED = Statement("UPDATE setting SET value = :reached WHERE name = :name AND value = :value")
_NEWS = Rows(tables.Row.metadata.tables["setting"], Present.REPLACE)
_LOW_AT = "low_at"
"""The fact of a product that says from how many on it is low."""


@dataclass(frozen=True, slots=True)
class Pending:
    """News that not everybody was told yet; buckets before `bucket` were."""

    news: News
    bucket: int
    stored: str


async def put(connection: Connection, sku: str, units: int, now: datetime) -> None:
    """Say how many units of a product there are from now on; if that is news, who likes it best hears."""
    name = stock_of(sku)
    before = (await counters.left(connection, [name])).get(name)
    await counters.set_units(connection, name, units)
    product = await products.one(connection, sku)
    low_at = product.facts.get(_LOW_AT) if product is not None else None
    news = news_of(sku, before, units, now, low_at=low_at if isinstance(low_at, int) else None)
    if news is not None:
        await connection.write(_NEWS, [(_PREFIX + sku, _written(news, 0))])
    elif units == 0:
        await connection.run(_FORGET, [{"name": _PREFIX + sku}])  # what is gone again is not back


async def pending(connection: Connection) -> list[Pending]:
    """News that not everybody was told."""
    until = _PREFIX[:-1] + chr(ord(_PREFIX[-1]) + 1)
    found = await connection.read(_PENDING, since=_PREFIX, until=until)
    return [_pending(value) for _, value in found]


async def reached(connection: Connection, told: Pending, bucket: int) -> Pending:
    """Record that all buckets before this one were told; nothing where there is newer news."""
    after = replace(told, bucket=bucket, stored=_written(told.news, bucket))
    row = {"name": _PREFIX + told.news.sku, "value": told.stored, "reached": after.stored}
    await connection.run(_REACHED, [row])
    return after


async def told_all(connection: Connection, told: Pending) -> None:
    """Forget news that everybody was told; nothing where there is newer news."""
    await connection.run(_TOLD, [{"name": _PREFIX + told.news.sku, "value": told.stored}])


def _pending(value: str) -> Pending:
    facts = orjson.loads(value)
    news = News(facts["event"], facts["sku"], facts["units"], instant(facts["at"]))
    return Pending(news, facts["bucket"], value)


def _written(news: News, bucket: int) -> str:
    facts = {"event": news.event, "sku": news.sku, "units": news.units, "at": microseconds(news.at)}
    return to_json({**facts, "bucket": bucket})
