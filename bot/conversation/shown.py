"""What was shown in inboxes on our pages: recorded beside the reading, so that no page waits for it."""

import contextlib
from collections.abc import Iterable

from bot.conversation.receipts import Receipt, Receipts
from bot.core.in_app import APP
from bot.core.messages import OutboxState

_WAITING_MAX = 10_000
"""More are not kept in mind: what is shown again is recorded then."""
_AT_ONCE = 200


class Shown:
    """Messages of contacts that were shown and are not recorded as delivered yet."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts
        self._waiting: dict[tuple[str, str], None] = {}

    def add(self, contact_id: str, messages: Iterable[str]) -> None:
        """Keep in mind that these were shown."""
        if len(self._waiting) < _WAITING_MAX:
            self._waiting.update(dict.fromkeys((contact_id, message) for message in messages))

    async def record(self) -> int:
        """Record some of them: what follows from it (credit ends as announced) goes the road of receipts."""
        some = list(self._waiting)[:_AT_ONCE]
        for contact_id, message_id in some:
            await self._receipts.record(
                Receipt(contact_id, message_id, APP, f"{APP}:{message_id}", OutboxState.DELIVERED)
            )
            with contextlib.suppress(KeyError):
                del self._waiting[contact_id, message_id]
        return len(some)
