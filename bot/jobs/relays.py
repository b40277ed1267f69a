"""Hands on what turns left for other contacts: gifts, what a friend's order earned whoever brought them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.inbox import restored
from bot.conversation.work import Work
from bot.core.errors import RetryLater
from bot.core.triggers import relayed
from bot.storage import due, turns
from bot.storage.driver import Database
from bot.storage.due import StoredTrigger

_MOST = 100


@dataclass(frozen=True, slots=True)
class Relays:
    """A relay is done once its trigger is claimed, or kept as failed, by the contact it is for.

    If this process dies between, it is handed on again, and the trigger's key makes it happen once.
    """

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    stopping: asyncio.Event

    async def hand_on(self) -> int:
        """Hand on everything that waits."""
        now = self.clock()
        done = 0
        for bucket in await self.database.query(lambda c: due.buckets_with_triggers(c, now)):
            if self.stopping.is_set():
                break
            found = await self.database.query(
                lambda c, bucket=bucket: due.relays(c, bucket, now, _MOST)  # type: ignore[misc]  # bound now
            )
            done += sum(await asyncio.gather(*map(self._hand_on, found)))
        return done

    async def _hand_on(self, stored: StoredTrigger) -> bool:
        contact_id, trigger = relayed(restored(stored).trigger)
        try:
            await self.dispatcher.submit(Work(trigger, contact_id=contact_id))
        except RetryLater:
            return False
        taken = await self.database.transact(lambda c: turns.take(c, [(stored.contact_id, stored.key)]))
        return bool(taken)
