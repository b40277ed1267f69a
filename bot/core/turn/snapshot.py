"""What turns look at: a snapshot of one contact, and what a turn asks for beyond it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.contact import Address, Contact, Pending, SubscriptionState
from bot.core.counting import Take
from bot.core.errors import RegularsError
from bot.core.flow.run import Run
from bot.core.ledger.holds import Hold
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import Wallet
from bot.core.quickly import quickly_made

CREDIT = "credit"
"""What is needed, by name, where a snapshot came without it: wallet, lots and holds."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a batch loads of one contact: enough for almost every turn.

    `lots` are the open ones, soonest expiry first; `lots_complete` says whether they are all.
    `more` holds what was asked for by name beyond that (`orders` …).
    """

    contact: Contact
    addresses: tuple[Address, ...]
    subscriptions: Mapping[str, SubscriptionState]
    runs: tuple[Run, ...]
    wallet: Wallet
    lots: Sequence[Lot] = ()
    holds: Sequence[Hold] = ()
    lots_complete: bool = True
    more: Mapping[str, object] = field(default_factory=dict)
    pending: Mapping[str, Pending] = field(default_factory=dict)
    """Double opt-ins that wait, by subscription key as `subscriptions` (see `bot.core.groups`)."""
    taken: Mapping[Take, int] = field(default_factory=dict)
    """What was taken of counters for this turn, and how much of it there was."""
    has_credit: bool = True
    """Whether wallet, lots and holds were loaded: who only looks may not want them."""

    def knowing(self, more: Mapping[str, object]) -> "Snapshot":
        """Return the same with that beyond it: every look asks for one, and `replace` costs it dear."""
        return Snapshot(
            self.contact,
            self.addresses,
            self.subscriptions,
            self.runs,
            self.wallet,
            self.lots,
            self.holds,
            self.lots_complete,
            more,
            self.pending,
            self.taken,
            self.has_credit,
        )


@dataclass(frozen=True, slots=True)
class OpenWallet:
    """A wallet beside the main one, with all its open lots and holds, and those that were asked for."""

    wallet: Wallet
    lots: Sequence[Lot] = ()
    holds: Sequence[Hold] = ()


class NeedsMore(RegularsError):
    """The turn needs something beyond the snapshot; load it and decide again."""

    def __init__(self, name: str, *others: str) -> None:
        super().__init__(name, *others)
        self.name = name
        self.names = (name, *others)


class NeedsUnits(RegularsError):
    """The turn needs units of a counter; take them and decide again."""

    def __init__(self, take: Take) -> None:
        super().__init__(take.counter)
        self.take = take
