"""Spreads the news that a product is low or back: a stored trigger for each member whose favourite it is.

Some members at a time and bucket by bucket, each trigger with a key of the news: it can be stopped anywhere
and run again, by any worker.
"""

import asyncio
import hashlib
from dataclasses import dataclass

from bot.core.contact import JsonValue
from bot.core.ids import BUCKETS, microseconds
from bot.core.loyalty.stock import TELL, News
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import refills, schedules, stock
from bot.storage.driver import Connection, Database
from bot.storage.stock import Pending

_MOST = 500
"""Members in one transaction."""
_BUCKETS_AT_ONCE = 16
"""So many buckets are told before it is recorded how far it has come."""


@dataclass(frozen=True, slots=True)
class StockNews:
    """Finds news and spreads it; `spread` is one strike of a job."""

    database: Database
    stopping: asyncio.Event

    async def spread(self) -> int:
        """Spread all news there is; returns how many members will hear of it."""
        return sum([await self._spread(each) for each in await self.database.query(stock.pending)])

    async def _spread(self, pending: Pending) -> int:
        done, trigger = 0, trigger_of(pending.news)
        for bucket in range(pending.bucket, BUCKETS):
            if self.stopping.is_set():
                return done
            done += await self._tell_bucket(bucket, pending.news.sku, trigger)
            if (bucket + 1) % _BUCKETS_AT_ONCE == 0:
                pending = await self._come_to(pending, bucket + 1)
        await self.database.transact(lambda c: stock.told_all(c, pending))
        return done

    async def _tell_bucket(self, bucket: int, sku: str, trigger: Trigger) -> int:
        done, after = 0, ""

        async def store(connection: Connection) -> list[str]:
            found = await refills.whose_favourite(connection, bucket, sku, after=after, most=_MOST)
            await schedules.store(connection, found, trigger)
            return found

        while True:
            found = await self.database.transact(store)
            done += len(found)
            if len(found) < _MOST:
                return done
            after = found[-1]

    async def _come_to(self, pending: Pending, bucket: int) -> Pending:
        return await self.database.transact(lambda c: stock.reached(c, pending, bucket))


def trigger_of(news: News) -> Trigger:
    """Return the trigger that everybody gets once."""
    digest = hashlib.sha256(f"{news.event}/{news.sku}/{microseconds(news.at)}".encode()).hexdigest()[:24]
    payload: dict[str, JsonValue] = {"operation": TELL, "body": dict(news.body)}
    return Trigger(f"stock:{digest}", TriggerKind.OPERATION, news.at, payload)
