"""Why a balance is what it is: a line for every entry, newest first, and what was there before them.

The sums of the lines and of what is carried forward are the balance, to the minor unit, always: what is due
but not booked yet (credit whose time has come, credit that has ended) has its lines too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from bot.core.ledger.books import Books
from bot.core.ledger.entries import Account, Entry, Reason
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import Wallet

LINES_TEXTED = 5
"""How many lines one text message explains."""


class Kind(StrEnum):
    """What a line tells."""

    GRANTED = "granted"  # can be spent at once
    COMING = "coming"  # can be spent from a day on
    ARRIVED = "arrived"  # what was coming can be spent
    SPENT = "spent"
    SET_ASIDE = "set_aside"
    CAPTURED = "captured"  # what was set aside paid for its order
    RELEASED = "released"  # what was set aside came back
    ENDED = "ended"
    TAKEN = "taken"  # by hand
    GIVEN_BACK = "given_back"  # of what was spent
    TAKEN_BACK = "taken_back"  # of what was granted
    REPAID = "repaid"  # what was owed
    EXTENDED = "extended"  # good for longer
    REINSTATED = "reinstated"  # after it had ended


@dataclass(frozen=True, slots=True)
class Sums:
    """A wallet's four sums, or by how much an entry changes them; minor units."""

    available_minor: int = 0
    pending_minor: int = 0
    held_minor: int = 0
    debt_minor: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(
            self.available_minor + other.available_minor,
            self.pending_minor + other.pending_minor,
            self.held_minor + other.held_minor,
            self.debt_minor + other.debt_minor,
        )

    def __sub__(self, other: "Sums") -> "Sums":
        """Return the sums before a change."""
        return Sums(
            self.available_minor - other.available_minor,
            self.pending_minor - other.pending_minor,
            self.held_minor - other.held_minor,
            self.debt_minor - other.debt_minor,
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """What one rule granted for one source, and what it would have granted without a cap or budget."""

    rule: str
    desired_minor: int
    granted_minor: int


@dataclass(frozen=True, slots=True)
class Known:
    """What explains entries beside themselves.

    `lots` and `orders` are those the entries name: lots by id, the shop's number of an order by ours and by
    the hold for it. `undone` are the entries that they undo, `granted` what the rules said, by entry id.
    """

    lots: Mapping[str, Lot] = field(default_factory=dict)
    orders: Mapping[str, str] = field(default_factory=dict)
    undone: Mapping[str, Entry] = field(default_factory=dict)
    granted: Mapping[str, tuple[Granted, ...]] = field(default_factory=dict)


Place = tuple[int, ...]
"""Where a page of a history begins: at which entry's number, the contact's own wallet first, then those of
whoever was joined to it; 0: nothing of it is left. Empty: at the newest there are."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries without gaps, oldest first, the sums after the newest of them, and what explains them.

    `older` is where the page before them begins; empty where they go back to the beginning.
    """

    entries: tuple[Entry, ...]
    after: Sums
    known: Known
    older: Place = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What one entry did, and what for.

    `number` is 0 for what is due and not booked yet. `amount_minor` is what the line is about; how the
    balance changed is `change`. `source_type` and `source_id` say what for: an order by the shop's number,
    a reward by its id. `until` is the last day of what came, and `until_minor` how much of it that is where
    only a part ends then; `starts_at` is when it can be spent. `undoes` is the number of the entry that is
    undone. `desired_minor` is what the rules would have given without a cap, None where they gave it. `words`
    are an operator's.
    """

    number: int
    at: datetime
    kind: Kind
    amount_minor: int
    change: Sums
    after: Sums
    source_type: str = ""
    source_id: str = ""
    rule: str = ""
    until: date | None = None
    until_minor: int | None = None
    starts_at: datetime | None = None
    undoes: int | None = None
    desired_minor: int | None = None
    words: str = ""
    entry_id: str = ""
    contact_id: str = ""
    """In whose books it is: the contact's own, or of somebody who was joined to it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Some lines, newest first, and what the wallet held before them.

    `older` is where what is not among them begins, empty where they go back to the beginning.
    """

    lines: tuple[Line, ...]
    carried: Sums
    older: Place = ()


def explain(entries: Sequence[Entry], after: Sums, known: Known, *, unbooked: int = 0) -> Explanation:
    """Explain entries that follow one another without gaps; `after` are the sums after the last of them.

    The last `unbooked` of them are due and not in the books yet.
    """
    lines = []
    for position, entry in enumerate(reversed(entries)):
        change = change_of(entry)
        lines.append(_line(entry, change, after, known, is_booked=position >= unbooked))
        after -= change
    return Explanation(tuple(lines), after)


def explain_page(page: Page, books: Books | None, now: datetime) -> Explanation:
    """Explain a page of entries; `books` are given with the newest one, for what is due since."""
    if books is None:
        return replace(explain(page.entries, page.after, page.known), older=page.older)
    due = what_is_due(books, now)
    orders = page.known.orders
    held = {hold.id: orders.get(hold.order_id, hold.order_id) for hold in books.holds.values()}
    known = replace(page.known, lots={**page.known.lots, **due.lots}, orders={**held, **orders})
    entries = (*page.entries, *due.entries)
    found = explain(entries, sums_of(due.wallet), known, unbooked=len(due.entries))
    return replace(found, older=page.older)


def what_is_due(books: Books, now: datetime) -> Books:
    """Return a copy of the books with all that is due by now: its `entries` are not booked yet."""
    copy = Books(books.wallet, books.lots.values(), books.holds.values(), lots_complete=True, mint=str)
    copy.settle(now)
    for lot_id in tuple(copy.lots):
        copy.expire(lot_id, now)
    return copy


def sums_of(wallet: Wallet) -> Sums:
    """Return what a wallet's columns say."""
    return Sums(wallet.available_minor, wallet.pending_minor, wallet.held_minor, wallet.debt_minor)


def change_of(entry: Entry) -> Sums:
    """By how much an entry changes the wallet's sums."""
    return Sums(
        _net(entry, Account.AVAILABLE),
        _net(entry, Account.PENDING),
        _net(entry, Account.HELD),
        -_net(entry, Account.DEBT),
    )


def _net(entry: Entry, account: Account) -> int:
    return entry.moved_minor(target=account) - entry.moved_minor(source=account)


_NAMED_BY_RULE = frozenset({"event", "proof"})
"""Sources whose ids mean nothing to a member: what was earned for them is called by its rule."""
_STAYS = frozenset({Account.AVAILABLE, Account.PENDING})
"""Where what comes can be spent, or will be."""
_KINDS: Mapping[Reason, Kind] = {
    Reason.EARN: Kind.GRANTED,
    Reason.ACTIVATE: Kind.ARRIVED,
    Reason.REDEEM: Kind.SPENT,
    Reason.HOLD: Kind.SET_ASIDE,
    Reason.CAPTURE: Kind.CAPTURED,
    Reason.RELEASE: Kind.RELEASED,
    Reason.EXPIRE: Kind.ENDED,
    Reason.RESTORE: Kind.GIVEN_BACK,
    Reason.CLAW_BACK: Kind.TAKEN_BACK,
    Reason.REPAY: Kind.REPAID,
    Reason.EXTEND: Kind.EXTENDED,
    Reason.REINSTATE: Kind.REINSTATED,
    Reason.GIVE: Kind.SPENT,
    Reason.RECEIVE: Kind.GRANTED,
    Reason.JOIN: Kind.GRANTED,
}


def _kind(entry: Entry, change: Sums) -> Kind:
    if entry.reason in {Reason.EARN, Reason.ADJUST} and change.pending_minor > 0:
        return Kind.COMING
    if entry.reason is Reason.JOIN:
        return Kind.GRANTED if entry.crosses_in or entry.reverses is not None else Kind.SPENT
    if entry.reason is Reason.ADJUST:
        return Kind.GRANTED if entry.moved_minor(source=Account.ISSUE) else Kind.TAKEN
    if entry.reason is Reason.REVERSE:
        gives = change.available_minor > 0 or entry.moved_minor(source=Account.SPENT) > 0
        return Kind.GIVEN_BACK if gives else Kind.TAKEN_BACK
    return _KINDS[entry.reason]


def _line(entry: Entry, change: Sums, after: Sums, known: Known, *, is_booked: bool) -> Line:
    kind = _kind(entry, change)
    about = _about(entry, known)
    granted = known.granted.get(entry.id, ())
    if granted and about.source_type in _NAMED_BY_RULE:
        about = _About("event", granted[0].rule)
    received = _received(entry, known.lots)
    undone = known.undone.get(entry.reverses or "")
    until = _until(entry, received) if kind is not Kind.ENDED else None
    return Line(
        number=entry.number if is_booked else 0,
        at=entry.effective_at,
        kind=kind,
        amount_minor=_amount(entry, kind, change),
        change=change,
        after=after,
        source_type=about.source_type,
        source_id=known.orders.get(about.source_id, about.source_id),
        rule=entry.rule,
        until=until,
        until_minor=_part(entry, received, until),
        starts_at=min((lot.active_from for lot in received), default=None) if kind is Kind.COMING else None,
        undoes=undone.number if undone else None,
        desired_minor=_desired(granted),
        words=entry.reason_text if _is_of_a_person(entry) else "",
        entry_id=entry.id,
        contact_id=entry.contact_id,
    )


@dataclass(frozen=True, slots=True)
class _About:
    source_type: str
    source_id: str


def _about(entry: Entry, known: Known) -> _About:
    """What an entry is for: what arrives, comes back or is taken back is for what it was granted for."""
    undone = known.undone.get(entry.reverses or "")
    if undone is not None:
        return _about(undone, known)
    if entry.source_type == "hold" and entry.source_id in known.orders:
        return _About("order", entry.source_id)
    if entry.reason in {Reason.ACTIVATE, Reason.EXPIRE} and entry.source_id in known.lots:
        lot = known.lots[entry.source_id]
        return _About(_purpose(lot.source_type, lot.fund), lot.source_id)
    granted = [lot for lot in _received(entry, known.lots) if entry.moved_minor(source=Account.ISSUE)]
    fund = granted[0].fund if granted else ""
    return _About(_purpose(entry.source_type, fund), entry.source_id)


def _purpose(source_type: str, fund: str) -> str:
    """The word for what credit is for; a flow is no purpose, what it gave it for is."""
    return fund if source_type in {"", "flow", "api"} and fund else source_type


def _amount(entry: Entry, kind: Kind, change: Sums) -> int:
    if entry.reason is Reason.JOIN:  # a lot crosses with what was spent of it: no member is told of that
        return abs(change.available_minor + change.pending_minor)
    if kind in {Kind.COMING, Kind.GRANTED}:
        return entry.moved_minor(source=Account.ISSUE) or entry.moved_minor(source=Account.TRANSFER)
    if kind is Kind.CAPTURED:
        return entry.moved_minor(target=Account.SPENT)
    if kind is Kind.TAKEN_BACK:
        return entry.moved_minor(target=Account.CLAWBACK)
    if kind is Kind.ENDED:
        return entry.total_minor
    return abs(change.available_minor) or entry.total_minor


def _received(entry: Entry, lots: Mapping[str, Lot]) -> list[Lot]:
    """The lots to which an entry added what can be spent, or will be."""
    ids = [draw.child_lot_id or draw.of_lot for draw in entry.draws if draw.target in _STAYS]
    return [lots[lot_id] for lot_id in dict.fromkeys(ids) if lot_id in lots]


def _until(entry: Entry, received: Sequence[Lot]) -> date | None:
    """The day on which the first of what came, or now stays, ends."""
    moved = [extension.expires_on for extension in entry.extended]
    return min((*moved, *(lot.expires_on for lot in received if lot.expires_on is not None)), default=None)


def _part(entry: Entry, received: Sequence[Lot], until: date | None) -> int | None:
    """How much of what came ends on that first day; None where all of it does."""
    later = {lot.id for lot in received if lot.expires_on != until}
    if until is None or not later:
        return None
    drawn = [draw for draw in entry.draws if draw.target in _STAYS]
    return sum(draw.amount_minor for draw in drawn if (draw.child_lot_id or draw.of_lot) not in later)


def _desired(granted: Sequence[Granted]) -> int | None:
    desired = sum(one.desired_minor for one in granted)
    return desired if desired > sum(one.granted_minor for one in granted) else None


def _is_of_a_person(entry: Entry) -> bool:
    """Whether the words were written by somebody for this entry, and not by us for all such."""
    return entry.actor != "system" and entry.reason in {Reason.ADJUST, Reason.REVERSE, Reason.REINSTATE}
