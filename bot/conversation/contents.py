"""Exclusive content behind signed links: where it is, and what follows when its member opens it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.contact import Event, JsonValue
from bot.core.errors import RetryLater
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.core.signed_links import Opened
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import fulfilments, links
from bot.storage.driver import Connection, Database

EVENT = "Content Opened"
"""What flows start on or wait for when a member opens content for the first time that day (UTC)."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Finds claimed content and records that it was opened."""

    database: Database
    clock: Callable[[], datetime]

    async def find(self, opened: Opened) -> str | None:
        """Return where the content is that a link opens; None where it was canceled. Raises RetryLater."""
        try:
            found = await self.database.query(
                lambda connection: fulfilments.find(connection, opened.contact_id, opened.id)
            )
        except Exception as error:  # whatever the database says: it may be opened again
            raise RetryLater("the content cannot be looked up") from error
        return _address(found) if found is not None else None

    async def record(self, opened: Opened) -> None:
        """Record that the member opened it, once a day."""
        now = self.clock()
        properties: dict[str, JsonValue] = {"claim": opened.id}
        event = Event(EVENT, now, properties)
        payload: dict[str, JsonValue] = {"name": EVENT, "properties": properties}
        key = f"content:{opened.id}:{now.date().isoformat()}"
        trigger = Trigger(key, TriggerKind.EVENT, now, payload, event=event)

        async def record(connection: Connection) -> None:
            await links.record_event(connection, opened.contact_id, event, trigger)

        await self.database.transact(record)


def _address(fulfilment: Fulfilment) -> str | None:
    url = fulfilment.facts.get("url")
    return url if isinstance(url, str) and fulfilment.state is not FulfilmentState.CANCELED else None
