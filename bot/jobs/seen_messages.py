"""Forgets which tracked messages came, once none of them can come again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.conversation.tracking.ingest import REMEMBERED
from bot.storage import tracking
from bot.storage.driver import Database

_SLICE = timedelta(minutes=10)
"""What came within it is forgotten in one transaction: at a thousand messages a second more would hold up
whoever writes to us."""


@dataclass(frozen=True, slots=True)
class SeenMessages:
    """Forgets the oldest messages, some minutes' worth at a time."""

    database: Database
    clock: Callable[[], datetime]
    stopping: asyncio.Event

    async def forget(self) -> int:
        """Forget what came longer ago than it is remembered; returns how many slices that were."""
        last, slices = self.clock() - REMEMBERED, 0
        while not self.stopping.is_set():
            oldest = await self.database.query(tracking.oldest_seen)
            if oldest is None or oldest >= last:
                break
            before = min(oldest + _SLICE, last)
            await self.database.transact(
                lambda connection, before=before: tracking.forget_seen(connection, before)  # type: ignore[misc]  # bound now
            )
            slices += 1
        return slices
