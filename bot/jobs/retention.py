"""Removes what sources told when the time that the tracking plan gives it is over."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.core.ids import BUCKETS
from bot.core.tracking.plan import OURS, Plan
from bot.storage import learnt, retention
from bot.storage.driver import Database
from bot.storage.retention import BATCH, Ends

LEARNT_FOR = timedelta(days=90)
"""How long it is known of an event that it came."""
_TOGETHER = 64
"""Buckets that are looked at together: few questions where nothing is over, and none that takes an hour."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes events, bucket by bucket in batches; what it does not come to is there the next time."""

    database: Database
    plan: Callable[[], Plan]
    clock: Callable[[], datetime]
    stopping: asyncio.Event

    async def remove(self) -> int:
        """Remove what is over; returns how many events that were."""
        now, plan, removed = self.clock(), self.plan(), 0
        await self.database.transact(lambda connection: learnt.forget(connection, now - LEARNT_FOR))
        if not plan.ends_anything:
            return 0
        ends = ends_of(plan, now)
        for first in range(0, BUCKETS, _TOGETHER):
            among = range(first, first + _TOGETHER)
            found = await self.database.query(partial(retention.buckets, among=among, ends=ends))
            for bucket in found:
                removed += await self._remove_of(bucket, ends)
        return removed

    async def _remove_of(self, bucket: int, ends: Ends) -> int:
        removed, after = 0, ("", "")
        while not self.stopping.is_set():
            # Looked for without the writer: that is most of the work, and events do not change.
            over = await self.database.query(partial(retention.over, bucket=bucket, ends=ends, after=after))
            if over:
                await self.database.transact(partial(retention.remove, bucket=bucket, events=over))
            removed += len(over)
            if len(over) < BATCH:
                break
            after = over[-1]
        return removed


def ends_of(plan: Plan, now: datetime) -> Ends:
    """Before when events are over, under a plan."""
    return Ends(
        now - plan.keep if plan.keep is not None else None,
        {name: now - kept if kept is not None else None for name, kept in plan.ends},
        OURS,
    )
