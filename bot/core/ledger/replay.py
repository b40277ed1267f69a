"""Books made again from their entries alone: to check what is stored, and to know what was so at any time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.core.ledger.entries import Account, Draw, Entry, Extension, Reason
from bot.core.ledger.explained import Sums
from bot.core.ledger.holds import Hold, HoldState
from bot.core.ledger.lots import Lot, moved_end
from bot.core.ledger.wallet import Wallet

Places = dict[Account, int]
"""How much of a lot is in each account; what it was issued counts against `issue`."""


@dataclass(slots=True)
class Replay:
    """What entries say: sums by account, where each lot's credit is, which holds they closed, lots' ends."""

    accounts: Places = field(default_factory=lambda: defaultdict(int))
    lots: dict[str, Places] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    passed_on: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What went from a lot into a child lot."""
    received: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What a child lot got from its parent."""
    given: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What a lot got from another member."""
    ends: dict[str, date] = field(default_factory=dict)
    """The last days to which lots' ends were moved."""
    opened: dict[str, list[Draw]] = field(default_factory=dict)
    """What each hold set aside, in draw order."""
    closed: dict[str, Entry] = field(default_factory=dict)
    """The entry that closed a hold."""

    def add(self, entry: Entry) -> None:
        """Apply one entry."""
        for draw in entry.draws:
            self.accounts[draw.source] -= draw.amount_minor
            self.accounts[draw.target] += draw.amount_minor
            if draw.lot_id is None:
                continue
            self.lots[draw.lot_id][draw.source] -= draw.amount_minor
            self.lots[draw.child_lot_id or draw.lot_id][draw.target] += draw.amount_minor
            if draw.child_lot_id is not None:
                self.passed_on[draw.lot_id] += draw.amount_minor
                self.received[draw.child_lot_id] += draw.amount_minor
            if entry.reason is Reason.RECEIVE or entry.crosses_in:
                self.given[draw.lot_id] += draw.amount_minor
        for extension in entry.extended:
            self.ends[extension.lot_id] = extension.expires_on
        if entry.reason is Reason.HOLD:
            self.opened[entry.source_id] = list(entry.draws)
        elif entry.reason in {Reason.CAPTURE, Reason.RELEASE}:
            self.closed[entry.source_id] = entry

    @property
    def sums(self) -> Sums:
        """The member's four sums."""
        return Sums(
            self.accounts[Account.AVAILABLE],
            self.accounts[Account.PENDING],
            self.accounts[Account.HELD],
            -self.accounts[Account.DEBT],
        )


def replayed(entries: Iterable[Entry]) -> Replay:
    """Replay entries in their order."""
    replay = Replay()
    for entry in entries:
        replay.add(entry)
    return replay


@dataclass(frozen=True, slots=True)
class Standing:
    """A wallet with all its lots and holds, as it is or was: `Books` says what can or could be spent."""

    wallet: Wallet
    lots: tuple[Lot, ...]
    holds: tuple[Hold, ...]


def as_of(
    stored: Standing, entries: Sequence[Entry], at: datetime, later: Iterable[Extension] = ()
) -> Standing:
    """Return a wallet as it was at an instant, from what is stored now and the entries recorded until then.

    `later` are the ends of lots that were moved since, first ones first.
    """
    replay = replayed(entries)
    ends: dict[str, date] = {}
    for extension in later:
        ends.setdefault(extension.lot_id, extension.was_on)
    sums = replay.sums
    wallet = replace(
        stored.wallet,
        available_minor=sums.available_minor,
        pending_minor=sums.pending_minor,
        held_minor=sums.held_minor,
        debt_minor=sums.debt_minor,
        entry_count=len(entries),
        last_hash=entries[-1].hash if entries else "",
        version=len(entries),
    )
    return Standing(
        wallet,
        tuple(_lot_then(lot, replay, ends, at) for lot in stored.lots if lot.id in replay.lots),
        tuple(_hold_then(hold, replay) for hold in stored.holds if hold.id in replay.opened),
    )


def _lot_then(lot: Lot, replay: Replay, ends: Mapping[str, date], at: datetime) -> Lot:
    places = replay.lots[lot.id]
    noticed_at = lot.noticed_at if lot.noticed_at is not None and lot.noticed_at <= at else None
    then = moved_end(lot, ends[lot.id]) if lot.id in ends else lot
    return replace(
        then,
        noticed_at=noticed_at,
        pending_minor=places[Account.PENDING],
        available_minor=places[Account.AVAILABLE],
        held_minor=places[Account.HELD],
    )


def _hold_then(hold: Hold, replay: Replay) -> Hold:
    if hold.id in replay.closed:
        return hold
    parts = tuple(replace(part, captured_minor=0, released_minor=0) for part in hold.parts)
    return replace(hold, state=HoldState.OPEN, parts=parts)
