"""What a contact leaves that turned out to be another one, and what is kept of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.contact import Address, Contact, JsonValue, Pending, SubscriptionState
from bot.core.experiments.exposure import Exposure
from bot.core.grants import Grant
from bot.core.ledger.entries import Entry
from bot.core.ledger.lots import Lot
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.standing import Standing

ERASED_AT = "erased_at"
"""The attribute that is left of an erased contact."""


@dataclass(frozen=True, slots=True)
class WholeBooks:
    """All entries of a wallet, by number, and the ids of all its lots, open or not."""

    wallet: str
    entries: tuple[Entry, ...]
    lot_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    """Until when anything is set aside for a purchase; None: nothing is."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeftWallet:
    """A wallet that was left: its lots, and the entry by which they were; None where it was empty."""

    id: str
    lots: tuple[Lot, ...]
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """All of a contact that was joined to another; nothing writes to it any more."""

    contact: Contact
    addresses: tuple[Address, ...] = ()
    subscriptions: Mapping[str, SubscriptionState] = field(default_factory=dict)
    pending: Mapping[str, Pending] = field(default_factory=dict)
    wallets: tuple[LeftWallet, ...] = ()
    notices: Collection[tuple[str, int]] = ()
    """Notices given: (lot, days before its end)."""
    standings: tuple[Standing, ...] = ()
    offers: tuple[Offer, ...] = ()
    grants: Mapping[tuple[str, str], Grant] = field(default_factory=dict)
    exposures: tuple[Exposure, ...] = ()
    """Arms it met; those of runs that came along are the survivor's already."""


@dataclass(frozen=True, slots=True)
class Joined:
    """That a contact was joined to this one: by which joining, on what evidence, whether it was undone."""

    other: str
    at: datetime
    join: str
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)
    undone_at: datetime | None = None
    runs: tuple[str, ...] = ()
    """The runs that came along."""
