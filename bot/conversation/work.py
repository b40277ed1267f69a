"""What is handed to the dispatcher and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.contact import JsonValue
from bot.core.triggers import Trigger
from bot.core.turn import Turn


@dataclass(frozen=True, slots=True)
class Work:
    """A trigger and whom it concerns: a known contact, or whoever is behind the inbound's address.

    `is_stored` says that the trigger waits in the table already: it is taken, not inserted.
    """

    trigger: Trigger
    contact_id: str | None = None
    is_stored: bool = False
    address: tuple[str, str] | None = None
    """Channel and address of whom an operation concerns, known or not, where it names no contact."""

    @property
    def lane(self) -> str:
        """What keeps the order: works of one lane are never in hand at the same time."""
        if self.contact_id is not None:
            return self.contact_id
        channel, address = self.name
        return f"{channel}:{address}"

    @property
    def name(self) -> tuple[str, str]:
        """What the directory knows whom it concerns by, where it does not say the contact."""
        inbound = self.trigger.inbound
        if inbound is not None:
            return inbound.channel, inbound.address
        assert self.address is not None, "a work says whom it concerns"
        return self.address


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
    result: Mapping[str, JsonValue] | None = None
    """What an operation came to; the stored one where it was done before."""
    is_conflict: bool = False
    """Whether the key was used for another request before."""
    transfers: bool = False
    """Whether the message is handed over to the people of the shop in the webhook's own answer."""
    refused: tuple[str, ...] = ()
    """Why the gate refused messages of the turn, one reason for each."""


@dataclass(slots=True)
class Part:
    """One work inside a batch, as far as it has come."""

    work: Work
    contact_id: str = ""
    is_new: bool = True
    turn: Turn | None = None
    before: list[str] = field(default_factory=list)
    """Whom it was for, where they have become the contact since."""
    kept_by: str = ""
    """On whose record it is that it was done before, where that has become the contact since."""

    @property
    def owner(self) -> str:
        """On whose record it is, where it was done before."""
        return self.kept_by or self.contact_id
