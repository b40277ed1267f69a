"""What turns need beside the database, and what decides them."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.conversation.audiences import Keeping
from bot.conversation.foresight import Foresight
from bot.core.contact import Event
from bot.core.ids import Drawn, Entropy, IdSource, bucket_of
from bot.core.messages import Inbound
from bot.core.turn import Shop, Turn
from bot.storage.driver import Connection


class Decider(Protocol):
    """What decides a turn: the publication in force."""

    @property
    def shop(self) -> Shop:
        """What turns know of the shop."""

    def decide(self, turn: Turn) -> None:
        """Decide a turn by recording effects; may raise NeedsMore, NeedsMoreLots, NeedsRevision."""

    def revoke(self, turn: Turn, inbound: Inbound, *, silently: bool = False) -> bool:
        """Take the contact out if that is what it says, by its addresses and subscriptions alone."""

    def hears(self, turn: Turn, event_name: str) -> bool:
        """Whether a flow starts on the event or a run of the contact waits for it."""

    def starts_on(self, event: Event) -> bool:
        """Whether a flow starts on the event, or it earns credit, whoever it happens to."""


class NeedsRevision(Exception):
    """A run stands in a revision that is not loaded yet."""

    def __init__(self, flow: str, revision: int) -> None:
        super().__init__(f"{flow}@{revision}")
        self.flow = flow
        self.revision = revision


@dataclass(slots=True)
class Conversation:
    """What turns need beside the database: the clock, randomness and the publication in force."""

    decider: Decider
    clock: Callable[[], datetime]
    load_revision: Callable[[Connection, str, int], Awaitable[None]]
    hash_address: Callable[[str], tuple[str, ...]]
    """The keyed hashes an address may be suppressed under, one for each secret, newest first."""
    entropy: Entropy = os.urandom
    ids: IdSource = field(default_factory=lambda: IdSource(Drawn(os.urandom)))
    foresight: Foresight = field(default_factory=Foresight)
    keeping: Keeping = field(init=False)
    """Keeps figures of contacts and audiences current."""

    def __post_init__(self) -> None:
        """Let events that follow from figures have ids of the same source."""
        self.keeping = Keeping(self.ids)

    def mint(self, now: datetime, contact_id: str) -> Callable[[], str]:
        """Return what gives ids in the contact's bucket, each higher than the one before."""
        return partial(self.ids.mint, now, bucket_of(contact_id))
