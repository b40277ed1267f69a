"""The wallet: its four sums, and what a member is told about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.ledger.lots import Lot, good_through, has_ended, spendable_until
from bot.core.quickly import quickly_made

MAIN_WALLET = "main"
"""The wallet of the program's own currency; others hold stamps (`card/<id>`) or a currency (`<CODE>`)."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Wallet:
    """A contact's credit: the sums of its lots, plus what is owed, and the head of its chain.

    The sums say what the entries moved, not what can be spent: for that ask the lots (`Books.spendable`).
    `version` rises with every change, entries and others; a writer expects the one it read.
    """

    contact_id: str
    pending_minor: int = 0
    available_minor: int = 0
    held_minor: int = 0
    debt_minor: int = 0
    entry_count: int = 0
    last_hash: str = ""
    version: int = 0
    id: str = MAIN_WALLET

    @property
    def genesis(self) -> str:
        """The hash before the first entry: another for each wallet, so that none passes for another's."""
        return genesis(self.id)


def genesis(wallet: str) -> str:
    """Return the hash before the first entry of the wallet of that name."""
    return "" if wallet == MAIN_WALLET else wallet


@quickly_made
@dataclass(frozen=True, slots=True)
class Waiting:
    """Credit that is earned and can be spent from `active_from` on."""

    amount_minor: int
    active_from: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class Ending:
    """Credit that ends together: good through `good_through`, a day in `zone`; None if it never ends."""

    amount_minor: int
    good_through: date | None
    ends_at: datetime | None
    zone: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Balance:
    """What a member has, as of one instant; soonest first in `pending` and `endings`.

    `available_minor` can be spent now and is the sum of `endings`.
    """

    available_minor: int
    pending_minor: int
    held_minor: int
    debt_minor: int
    pending: tuple[Waiting, ...]
    endings: tuple[Ending, ...]

    @property
    def is_there(self) -> bool:
        """Whether there is anything, to be spent or owed."""
        return bool(self.available_minor or self.pending_minor or self.held_minor or self.debt_minor)

    @property
    def soonest(self) -> Ending | None:
        """What ends first and when; None if nothing that can be spent ever ends."""
        if self.endings and self.endings[0].ends_at is not None:
            return self.endings[0]
        return None


def spendable_minor(lots: Iterable[Lot], now: datetime) -> int:
    """Sum what can be spent now of the open lots of a settled wallet; see `balance`."""
    return sum(lot.available_minor for lot in lots if _is_spendable(lot, now))


def balance(wallet: Wallet, lots: Iterable[Lot], now: datetime) -> Balance:
    """Explain a settled wallet from all its open lots; what has ended but is still booked does not count."""
    endings: dict[tuple[datetime | None, str], Ending] = {}
    waiting: dict[datetime, int] = {}
    for lot in lots:
        if lot.pending_minor and lot.active_from > now:
            waiting[lot.active_from] = waiting.get(lot.active_from, 0) + lot.pending_minor
        if _is_spendable(lot, now):
            end = spendable_until(lot)
            before = endings[end, lot.zone].amount_minor if (end, lot.zone) in endings else 0
            amount = before + lot.available_minor
            endings[end, lot.zone] = Ending(amount, good_through(lot, now), end, lot.zone)
    # In the order of the days members are told of: a lot may be good a little longer than was said (grace).
    ordered = sorted(
        endings.values(),
        key=lambda ending: (ending.good_through or date.max, ending.ends_at is None, ending.ends_at or now),
    )
    return Balance(
        available_minor=sum(ending.amount_minor for ending in ordered),
        pending_minor=sum(waiting.values()),
        held_minor=wallet.held_minor,
        debt_minor=wallet.debt_minor,
        pending=tuple(Waiting(amount, active_from) for active_from, amount in sorted(waiting.items())),
        endings=tuple(ordered),
    )


def _is_spendable(lot: Lot, now: datetime) -> bool:
    return bool(lot.available_minor) and lot.active_from <= now and not has_ended(lot, now)
