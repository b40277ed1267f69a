"""What the ledger machine does and sees: operations, and the ledger under test as an adapter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Protocol

from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.entries import Cause, Entry
from bot.core.ledger.holds import Hold
from bot.core.ledger.lots import Grant, Lot
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.expiry import Activity


@dataclass(frozen=True, slots=True)
class Earn:
    grant: Grant


@dataclass(frozen=True, slots=True)
class AdjustUp:
    grant: Grant


@dataclass(frozen=True, slots=True)
class AdjustDown:
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Redeem:
    amount_minor: int


@dataclass(frozen=True, slots=True)
class SetAside:
    order_id: str
    amount_minor: int
    ttl: timedelta


@dataclass(frozen=True, slots=True)
class Capture:
    hold_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Release:
    hold_id: str


@dataclass(frozen=True, slots=True)
class Settle:
    """What the job does: time out, activate."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the job does besides: settle, then expire every lot given."""

    lot_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restore:
    number: int
    share: Fraction
    grace: timedelta


@dataclass(frozen=True, slots=True)
class ClawBack:
    number: int
    share: Fraction


@dataclass(frozen=True, slots=True)
class Reverse:
    number: int
    grace: timedelta


@dataclass(frozen=True, slots=True)
class MarkNoticed:
    lot_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renew:
    """The member bought something: what that keeps alive ends later."""


@dataclass(frozen=True, slots=True)
class Reinstate:
    number: int
    days: int


Deed = (
    Earn
    | AdjustUp
    | AdjustDown
    | Redeem
    | SetAside
    | Capture
    | Release
    | Settle
    | Sweep
    | Restore
    | ClawBack
    | Reverse
    | MarkNoticed
    | Renew
    | Reinstate
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A deed under an idempotency key at an instant."""

    key: str
    at: datetime
    deed: Deed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation answers: the id of what it made, or the refusal's name, never both."""

    made: str = ""
    refusal: str = ""


CONFLICT = Outcome(refusal="KeyConflict")
"""The key was used for something else."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the ledger has stored of one wallet: entries by number, lots and holds in any order."""

    wallet: Wallet
    lots: tuple[Lot, ...]
    holds: tuple[Hold, ...]
    entries: tuple[Entry, ...]


class Ledger(Protocol):
    """The system under test: one wallet, empty at first."""

    def apply(self, operation: Operation) -> Outcome:
        """Do it, once for each key; `CONFLICT` when the key stood for something else."""

    def spendable(self, now: datetime) -> int:
        """What the ledger says can be spent."""

    def snapshot(self) -> Snapshot:
        """All that is stored."""

    def close(self) -> None:
        """Let go of what was opened for it."""


def perform(books: Books, operation: Operation, history: Sequence[Entry]) -> Outcome:  # noqa: C901, PLR0912  # one line for each deed
    """Do the deed on opened books. Raises what the books raise."""
    now, deed = operation.at, operation.deed
    cause = Cause(operation.key, "tester", reason_text=f"because of {operation.key}")
    made: Entry | Hold | None = None
    match deed:
        case Earn(grant):
            made = books.earn(grant, now, cause)
        case AdjustUp(grant):
            made = books.adjust_up(grant, now, cause)
        case AdjustDown(amount_minor):
            made = books.adjust_down(amount_minor, now, cause)
        case Redeem(amount_minor):
            made = books.redeem(amount_minor, now, cause)
        case SetAside(order_id, amount_minor, ttl):
            made = books.hold(order_id, amount_minor, ttl, now, cause)
        case Capture(hold_id, amount_minor):
            made = books.capture(hold_id, amount_minor, now, cause)
        case Release(hold_id):
            made = books.release(hold_id, now, cause)
        case Settle():
            books.settle(now)
        case Sweep(lot_ids):
            books.settle(now)
            for lot_id in lot_ids:
                made = books.expire(lot_id, now) or made
        case Restore(number, share, grace):
            made = books.restore(_undoing(history, number, share), now, cause, grace)
        case ClawBack(number, share):
            made = books.claw_back(_undoing(history, number, share), now, cause)
        case Reverse(number, grace):
            made = books.reverse(_undoing(history, number, Fraction(1)), now, cause, grace)
        case MarkNoticed(lot_ids):
            books.mark_noticed(lot_ids, now)
        case Renew():
            if not books.lots_complete:
                raise NeedsMoreLots
            books.settle(now)
            made = books.renew([Activity.PURCHASE], now.date(), now, cause)
        case Reinstate(number, days):
            undoing = _undoing(history, number, Fraction(1))
            made = books.reinstate(undoing, now, cause, timedelta(days=days), broken_by(history))
    return Outcome(made.id if made is not None else "nothing")


def broken_by(history: Sequence[Entry]) -> dict[str, int]:
    """How much of each lot is breakage, by the entries."""
    broken: dict[str, int] = {}
    for entry in history:
        for draw in entry.draws:
            if draw.lot_id is not None and "breakage" in {draw.source.value, draw.target.value}:
                sign = 1 if draw.target.value == "breakage" else -1
                broken[draw.lot_id] = broken.get(draw.lot_id, 0) + sign * draw.amount_minor
    return broken


def _undoing(history: Sequence[Entry], number: int, share: Fraction) -> Undoing:
    entry = history[number - 1]
    return Undoing(entry, tuple(other for other in history if other.reverses == entry.id), share)
