"""Forgets what nobody asks about any more: verdicts of long ago, personal codes that are over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.ids import BUCKETS
from bot.storage import evaluations, invitations
from bot.storage.driver import Connection, Database

EVERY = timedelta(minutes=15)
"""How often a bucket is looked through; each has its turn within three days."""
EVALUATIONS_FOR = timedelta(days=400)
"""How long it is known what was decided, counted from when it was decided so for the last time."""
STEPS_FOR = timedelta(days=90)
"""The same of steps of journeys, which leave as much with every run."""
INVITATIONS_FOR = timedelta(days=90)
"""How long it is known that a personal code is over, which whoever texts it is told."""

_Forget = Callable[[Connection, int, datetime], Awaitable[int]]
_KEPT: tuple[tuple[_Forget, int, timedelta], ...] = (
    (evaluations.forget, evaluations.BATCH, EVALUATIONS_FOR),
    (evaluations.forget_steps, evaluations.BATCH, STEPS_FOR),
    (invitations.forget, invitations.BATCH, INVITATIONS_FOR),
)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Looks through one bucket at each strike, whichever the time is of: together they need no index."""

    database: Database
    clock: Callable[[], datetime]
    stopping: asyncio.Event

    async def forget(self) -> int:
        """Forget what is over in the bucket of this hour's quarter; returns how much that was."""
        now, forgotten = self.clock(), 0
        bucket = int(now.timestamp() // EVERY.total_seconds()) % BUCKETS
        for forget, batch, kept in _KEPT:
            found = batch
            while found == batch and not self.stopping.is_set():
                found = await self.database.transact(
                    lambda c, forget=forget, kept=kept: forget(c, bucket, now - kept)  # type: ignore[misc]  # bound now
                )
                forgotten += found
        return forgotten
