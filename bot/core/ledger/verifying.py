"""Whether a wallet's books hold: what is stored against what the entries say, law by law.

The numbers are those of the ledger's invariants (`tests/ledger/test_invariants.py` lists them all).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.ledger.chain import verify
from bot.core.ledger.entries import LEGAL_MOVES, Account, Entry, Reason
from bot.core.ledger.explained import sums_of
from bot.core.ledger.holds import Hold, HoldState
from bot.core.ledger.lots import Lot, draw_order, moved_end
from bot.core.ledger.replay import Replay, Standing, replayed

_DRAWN_IN_ORDER = frozenset({Reason.REDEEM, Reason.HOLD, Reason.REPAY, Reason.GIVE})
_IN_A_LOT = frozenset({Account.ISSUE, Account.PENDING, Account.AVAILABLE, Account.HELD})
_UNDONE_FROM = (Account.SPENT, Account.BREAKAGE, Account.CLAWBACK, Account.TRANSFER)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: the number of the law that it breaks, and what is wrong."""

    law: int
    problem: str


def findings(stored: Standing, entries: Sequence[Entry], left: Sequence[Entry] = ()) -> list[Finding]:
    """Say all that is wrong with a wallet's books; `entries` are all of them, by number.

    `left` are those of contacts that were joined to this one: what they did may be undone here.
    """
    replay = replayed(entries)
    return [
        *_moves(entries),
        *_sums(stored, replay),
        *_lots(stored.lots, replay),
        *_holds(stored, replay),
        *_order_of_draws(stored.lots, entries),
        *_undone((*left, *entries)),
        *_keys(entries),
        *_chain(stored, entries),
    ]


def _moves(entries: Sequence[Entry]) -> list[Finding]:
    found = []
    for entry in entries:
        if not entry.draws and not entry.extended:
            found.append(Finding(1, f"entry {entry.number} moves nothing"))
        for draw in entry.draws:
            if draw.amount_minor <= 0 or (draw.source, draw.target) not in LEGAL_MOVES:
                what = f"{draw.amount_minor} from {draw.source} to {draw.target}"
                found.append(Finding(1, f"entry {entry.number} moves {what}"))
    return found


def _sums(stored: Standing, replay: Replay) -> list[Finding]:
    found = []
    wallet = stored.wallet
    if sum(replay.accounts.values()) != 0:
        found.append(Finding(2, "what entries took and gave differs"))
    if sums_of(wallet) != replay.sums:
        found.append(Finding(3, f"the wallet says {sums_of(wallet)}, its entries {replay.sums}"))
    if min(wallet.available_minor, wallet.pending_minor, wallet.held_minor, wallet.debt_minor) < 0:
        found.append(Finding(5, "the wallet has less than nothing"))
    if replay.accounts[Account.SPENT] < 0:
        found.append(Finding(5, "more was given back than was ever spent"))
    return found


def _lots(lots: Sequence[Lot], replay: Replay) -> list[Finding]:
    known = {lot.id for lot in lots}
    unknown = sorted(replay.lots.keys() - known)
    found = [Finding(3, f"lot {lot_id} is in entries and not stored") for lot_id in unknown]
    for lot in lots:
        places = replay.lots[lot.id]
        there = (places[Account.PENDING], places[Account.AVAILABLE], places[Account.HELD])
        if (lot.pending_minor, lot.available_minor, lot.held_minor) != there:
            found.append(Finding(3, f"lot {lot.id} says other amounts than its entries"))
        given = replay.given[lot.id]
        issued = -places[Account.ISSUE] + replay.received[lot.id] + given
        gone = given + sum(minor for account, minor in places.items() if account not in _IN_A_LOT)
        if not issued == lot.granted_minor == sum(there) + gone + replay.passed_on[lot.id]:
            found.append(
                Finding(4, f"lot {lot.id} was granted {lot.granted_minor}, entries account for less")
            )
        # What came from another member left no account of this one: it is no overdraft there.
        given_back = [
            places[account] + (given if account is Account.TRANSFER else 0) for account in _UNDONE_FROM
        ]
        if min(*there, *given_back) < 0 or sum(there) > lot.granted_minor:
            found.append(Finding(5, f"lot {lot.id} is overdrawn"))
        if lot.id in replay.ends and lot.expires_on != replay.ends[lot.id]:
            found.append(Finding(12, f"lot {lot.id} ends {lot.expires_on}, moved to {replay.ends[lot.id]}"))
        if lot.parent_lot_id is not None and lot.parent_lot_id not in known:
            found.append(Finding(12, f"lot {lot.id} is the child of a lot that is not stored"))
    return found


def _holds(stored: Standing, replay: Replay) -> list[Finding]:
    found = []
    held: dict[str, int] = {}
    for hold in stored.holds:
        if hold.id not in replay.opened:
            found.append(Finding(7, f"hold {hold.id} was opened by no entry"))
            continue
        opened = [(draw.of_lot, draw.amount_minor) for draw in replay.opened[hold.id]]
        if opened != [(part.lot_id, part.amount_minor) for part in hold.parts]:
            found.append(Finding(6, f"hold {hold.id} says other parts than its entry"))
        if hold.state is HoldState.OPEN:
            for part in hold.parts:
                held[part.lot_id] = held.get(part.lot_id, 0) + part.amount_minor
        found += _closed(hold, replay)
    for lot in stored.lots:
        if lot.held_minor != held.get(lot.id, 0):
            found.append(Finding(6, f"lot {lot.id} holds {lot.held_minor}, open holds {held.get(lot.id, 0)}"))
    return found


def _closed(hold: Hold, replay: Replay) -> list[Finding]:
    is_open, entry = hold.state is HoldState.OPEN, replay.closed.get(hold.id)
    if is_open != (entry is None):
        return [Finding(7, f"hold {hold.id} is {hold.state} and its entries say otherwise")]
    if entry is None:
        return []
    captured = sum(part.captured_minor for part in hold.parts)
    whole = all(part.captured_minor + part.released_minor == part.amount_minor for part in hold.parts)
    if not whole or captured != entry.moved_minor(target=Account.SPENT):
        return [Finding(7, f"hold {hold.id} was closed with other amounts than it set aside")]
    return []


def _order_of_draws(lots: Sequence[Lot], entries: Sequence[Entry]) -> list[Finding]:
    """What was drawn came from no lot that had ended for sure, and left none before it that had not."""
    found = []
    then = _with_first_ends(lots, entries)
    replay = Replay()
    for entry in entries:
        replay.add(entry)
        for extension in entry.extended:
            if extension.lot_id in then:
                then[extension.lot_id] = moved_end(then[extension.lot_id], extension.expires_on)
        drawn = [then[d.of_lot] for d in entry.draws if d.source is Account.AVAILABLE and d.of_lot in then]
        if entry.reason not in _DRAWN_IN_ORDER or not drawn:
            continue
        at = entry.effective_at
        if any(lot.active_from > at or _has_surely_ended(lot, at) for lot in drawn):
            found.append(Finding(9, f"entry {entry.number} drew from credit that could not be spent"))
        last = max(draw_order(lot) for lot in drawn)
        left = [
            lot
            for lot in then.values()
            if replay.lots[lot.id][Account.AVAILABLE] > 0
            and draw_order(lot) < last
            and lot.active_from <= at
            and (lot.expires_at is None or at < lot.expires_at)
        ]
        if left:
            found.append(Finding(8, f"entry {entry.number} passed over credit that ends sooner"))
    return found


def _with_first_ends(lots: Sequence[Lot], entries: Sequence[Entry]) -> dict[str, Lot]:
    """Lots as they were granted: with the ends they had before any was moved."""
    first = {}
    for entry in reversed(entries):
        for extension in entry.extended:
            first[extension.lot_id] = extension.was_on
    return {lot.id: moved_end(lot, first[lot.id]) if lot.id in first else replace(lot) for lot in lots}


def _has_surely_ended(lot: Lot, at: datetime) -> bool:
    """Whether it had ended even with its grace: whether somebody was told before is not known any more."""
    return lot.grace_until is not None and lot.grace_until <= at


def _undone(entries: Sequence[Entry]) -> list[Finding]:
    """No more of an entry is undone than it did."""
    by_id = {entry.id: entry for entry in entries}
    undone: dict[str, int] = {}
    for entry in entries:
        if entry.reverses is not None:
            undone[entry.reverses] = undone.get(entry.reverses, 0) + entry.total_minor
    found = []
    for entry_id, minor in undone.items():
        made = by_id.get(entry_id)
        if made is None:
            found.append(Finding(10, f"entry {entry_id} was undone and never made"))
            continue
        granted = made.moved_minor(source=Account.ISSUE)
        if minor > (granted or sum(made.moved_minor(target=account) for account in _UNDONE_FROM)):
            found.append(
                Finding(11 if granted else 10, f"of entry {made.number} more was undone than it did")
            )
    return found


def _keys(entries: Sequence[Entry]) -> list[Finding]:
    seen: set[str] = set()
    found = []
    for entry in entries:
        if entry.key in seen:
            found.append(Finding(13, f"entry {entry.number} was made twice: {entry.key}"))
        seen.add(entry.key)
    return found


def _chain(stored: Standing, entries: Collection[Entry]) -> list[Finding]:
    wallet = stored.wallet
    broken = verify(
        entries, entry_count=wallet.entry_count, last_hash=wallet.last_hash, genesis=wallet.genesis
    )
    return [Finding(17, f"entry {broken.number} {broken.problem}")] if broken else []
