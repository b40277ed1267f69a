"""Visits to short links: where they lead, who came, and what follows when it was a person."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.audiences.rule import Happened
from bot.core.clicks import EVENT, VisitKind, click_key
from bot.core.contact import Event, JsonValue
from bot.core.errors import RetryLater
from bot.core.ids import Entropy, bucket_of, new_id
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import links
from bot.storage.driver import Connection, Database
from bot.storage.links import FoundLink
from bot.storage.message_marks import note_click

__all__ = ["Clicks", "FoundLink"]


@dataclass(frozen=True, slots=True)
class Clicks:
    """Finds links and records visits; flows hear of a person's within a second, from whoever works."""

    database: Database
    clock: Callable[[], datetime]
    entropy: Entropy = os.urandom
    keep: Callable[[Connection, str, Happened, datetime], Awaitable[object]] | None = None
    """Keeps figures of the contact current with the event; None: there are none."""

    async def find(self, code: str) -> FoundLink | None:
        """Return the link of a code, expired or not; None where there is none. Raises RetryLater."""
        try:
            return await self.database.query(lambda connection: links.find(connection, code))
        except Exception as error:  # whatever the database says: it may be visited again
            raise RetryLater("the link cannot be looked up") from error

    async def record(self, link: FoundLink, kind: VisitKind) -> None:
        """Record a visit; a person's is an event besides, once an hour for each link."""
        now = self.clock()
        visit_id = new_id(now, bucket_of(link.contact_id), self.entropy)

        async def record(connection: Connection) -> None:
            await links.record_visit(connection, link, visit_id, kind.value, now)
            if kind is VisitKind.PERSON:
                event, trigger = _clicked(link, now)
                happened = await links.record_event(connection, link.contact_id, event, trigger)
                if happened is not None and self.keep is not None:
                    await self.keep(connection, link.contact_id, happened, now)
                await note_click(connection, link.contact_id, link.message_id, now)

        await self.database.transact(record)


def _clicked(link: FoundLink, now: datetime) -> tuple[Event, Trigger]:
    properties: dict[str, JsonValue] = {
        "flow": link.flow,
        "step": link.step,
        "url": link.url,
        "link": link.code,
        "message": link.message_id,
    }
    event = Event(EVENT, now, properties)
    payload: dict[str, JsonValue] = {"name": EVENT, "properties": properties}
    return event, Trigger(click_key(link.code, now), TriggerKind.EVENT, now, payload, event=event)
