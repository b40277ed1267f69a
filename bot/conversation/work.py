"""What is handed to the dispatcher and what comes back."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.triggers import Trigger


@dataclass(frozen=True, slots=True)
class Work:
    """A trigger and whom it concerns: a known contact, or whoever is behind the inbound's address.

    `is_stored` says that the trigger waits in the table already: it is taken, not inserted.
    """

    trigger: Trigger
    contact_id: str | None = None
    is_stored: bool = False

    @property
    def lane(self) -> str:
        """What keeps the order: works of one lane are never in hand at the same time."""
        if self.contact_id is not None:
            return self.contact_id
        inbound = self.trigger.inbound
        assert inbound is not None, "only an inbound may come without its contact"
        return f"{inbound.channel}:{inbound.address}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that goes back in the webhook's own answer."""

    id: str
    contact_id: str
    body: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a work; `replies` must be written before `inline_until` or given back."""

    contact_id: str
    outcome: str
    replies: tuple[Reply, ...] = ()
    inline_until: datetime | None = None
    is_duplicate: bool = False
    follow_ups: tuple[Work, ...] = ()
    has_queued: bool = False
    """Whether answers were left to the outbox."""
    refused: tuple[str, ...] = ()
    """Why the gate refused messages of the turn, one reason for each."""
