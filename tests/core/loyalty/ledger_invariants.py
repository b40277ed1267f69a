"""The invariants of reference/loyalty.md section 2.3 that a snapshot alone can show, by number."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from bot.core.ledger.chain import erased, verify
from bot.core.ledger.entries import Draw, Entry
from bot.core.ledger.holds import HoldState
from bot.core.ledger.lots import Lot, moved_end
from bot.core.ledger.replay import Standing
from bot.core.ledger.verifying import findings
from bot.core.ledger.wallet import Wallet
from tests.core.loyalty.ledger_operations import Snapshot

# Written out again on purpose: the table in the code is under test too.
LEGAL = {
    *(("issue", target) for target in ("pending", "available")),
    *(("pending", target) for target in ("available", "clawback", "breakage")),
    *(("available", target) for target in ("held", "spent", "clawback", "breakage", "debt")),
    *(("held", target) for target in ("spent", "available", "breakage")),
    *(("spent", target) for target in ("available", "breakage")),
    *(("clawback", target) for target in ("available", "breakage")),
    *(("breakage", target) for target in ("available", "clawback")),
    *(("debt", target) for target in ("clawback", "writeoff")),
}
Places = dict[str, int]


def check_snapshot(snapshot: Snapshot) -> None:
    lots = {lot.id: lot for lot in snapshot.lots}
    every_draw_is_legal_1(snapshot.entries)
    accounts = accounts_sum_to_zero_2(snapshot)
    replay_is_projection_3(snapshot, accounts)
    lots_conserve_4(snapshot)
    nothing_is_negative_5(snapshot, accounts)
    held_is_the_open_holds_6(snapshot)
    holds_close_once_7(snapshot)
    draws_are_soonest_first_and_live_8_9(snapshot.entries, lots)
    children_12(snapshot, lots)
    debt_means_nothing_left_14(snapshot)
    numbers_and_chain_17(snapshot)
    standing = Standing(snapshot.wallet, snapshot.lots, snapshot.holds)
    assert findings(standing, snapshot.entries) == [], "the audit agrees"


def every_draw_is_legal_1(entries: Sequence[Entry]) -> None:
    for entry in entries:
        assert bool(entry.draws) != bool(entry.extended), "an entry moves credit or ends"
        for draw in entry.draws:
            assert draw.amount_minor > 0
            assert (draw.source.value, draw.target.value) in LEGAL, (entry.reason, draw)
            assert draw.child_lot_id is None or draw.target == "available"


def accounts_of(entries: Sequence[Entry]) -> Places:
    accounts: Places = defaultdict(int)
    for entry in entries:
        for draw in entry.draws:
            accounts[draw.source.value] -= draw.amount_minor
            accounts[draw.target.value] += draw.amount_minor
    return accounts


def accounts_sum_to_zero_2(snapshot: Snapshot) -> Places:
    """The members' accounts, as stored, and the program's, as replayed, cancel out."""
    accounts, wallet = accounts_of(snapshot.entries), snapshot.wallet
    program = sum(accounts[name] for name in ("issue", "spent", "breakage", "clawback", "writeoff"))
    member = wallet.pending_minor + wallet.available_minor + wallet.held_minor - wallet.debt_minor
    assert program + member == 0
    return accounts


def wallet_sums(wallet: Wallet) -> tuple[int, int, int, int]:
    return (wallet.pending_minor, wallet.available_minor, wallet.held_minor, wallet.debt_minor)


def replayed_sums(entries: Sequence[Entry]) -> tuple[int, int, int, int]:
    accounts = accounts_of(entries)
    return (accounts["pending"], accounts["available"], accounts["held"], -accounts["debt"])


def lot_places(entries: Sequence[Entry]) -> dict[str, Places]:
    """Per lot, what is in each account by the draws alone; `child` is what went on to a grace child."""
    places: dict[str, Places] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        for draw in entry.draws:
            _apply(places, draw)
    return places


def _apply(places: dict[str, Places], draw: Draw) -> None:
    if draw.lot_id is None:
        return
    places[draw.lot_id][draw.source.value] -= draw.amount_minor
    if draw.child_lot_id is None:
        places[draw.lot_id][draw.target.value] += draw.amount_minor
    else:
        places[draw.lot_id]["child"] += draw.amount_minor
        places[draw.child_lot_id][draw.target.value] += draw.amount_minor


def replay_is_projection_3(snapshot: Snapshot, accounts: Places) -> None:
    assert wallet_sums(snapshot.wallet) == replayed_sums(snapshot.entries), accounts
    places = lot_places(snapshot.entries)
    assert set(places) == {lot.id for lot in snapshot.lots}
    for lot in snapshot.lots:
        there = places[lot.id]
        stored = (lot.pending_minor, lot.available_minor, lot.held_minor)
        assert stored == (there["pending"], there["available"], there["held"])


def lots_conserve_4(snapshot: Snapshot) -> None:
    places = lot_places(snapshot.entries)
    received: Places = defaultdict(int)
    for entry in snapshot.entries:
        for draw in entry.draws:
            if draw.child_lot_id is not None:
                received[draw.child_lot_id] += draw.amount_minor
    for lot in snapshot.lots:
        there = dict(places[lot.id])
        issued = -there.pop("issue", 0) + received[lot.id]
        assert issued == lot.granted_minor == sum(there.values())


def nothing_is_negative_5(snapshot: Snapshot, accounts: Places) -> None:
    assert min(wallet_sums(snapshot.wallet)) >= 0
    assert accounts["spent"] >= 0
    for lot in snapshot.lots:
        assert min(lot.pending_minor, lot.available_minor, lot.held_minor) >= 0
        assert lot.pending_minor + lot.available_minor + lot.held_minor <= lot.granted_minor


def held_is_the_open_holds_6(snapshot: Snapshot) -> None:
    held: Places = defaultdict(int)
    for hold in snapshot.holds:
        for part in hold.parts:
            if hold.state is HoldState.OPEN:
                held[part.lot_id] += part.amount_minor
                assert part.captured_minor == part.released_minor == 0
    assert snapshot.wallet.held_minor == sum(held.values())
    assert all(lot.held_minor == held[lot.id] for lot in snapshot.lots)


def holds_close_once_7(snapshot: Snapshot) -> None:
    for hold in snapshot.holds:
        about = [entry for entry in snapshot.entries if entry.source_id == hold.id]
        assert [entry.reason.value for entry in about[:1]] == ["hold"]
        assert len(about) == (1 if hold.state is HoldState.OPEN else 2)
        if hold.state is not HoldState.OPEN:
            assert all(part.captured_minor + part.released_minor == part.amount_minor for part in hold.parts)
            captured = sum(part.captured_minor for part in hold.parts)
            assert captured == sum(d.amount_minor for d in about[1].draws if d.target == "spent")
    open_orders = [hold.order_id for hold in snapshot.holds if hold.state is HoldState.OPEN]
    assert len(open_orders) == len(set(open_orders))


def _is_live(lot: Lot, entry: Entry) -> bool:
    told = lot.noticed_at is not None and lot.expires_at is not None and lot.noticed_at < lot.expires_at
    end = lot.expires_at if told else lot.grace_until
    return lot.active_from <= entry.effective_at and (end is None or entry.effective_at < end)


def _rank(lot: Lot) -> tuple[int, bool, datetime, datetime, str]:
    ends = lot.expires_at or lot.active_from
    return (lot.priority, lot.expires_at is None, ends, lot.active_from, lot.id)


def draws_are_soonest_first_and_live_8_9(entries: Sequence[Entry], lots: dict[str, Lot]) -> None:
    """Whatever was drawn for the member came from live lots, and every live lot before was left empty."""
    lots = dict(lots)
    for entry in reversed(entries):
        for extension in entry.extended:
            lots[extension.lot_id] = moved_end(lots[extension.lot_id], extension.was_on)
    places: dict[str, Places] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        for extension in entry.extended:
            lots[extension.lot_id] = moved_end(lots[extension.lot_id], extension.expires_on)
        in_order = sorted(lots.values(), key=_rank)
        for draw in entry.draws:
            _apply(places, draw)
        drawn = [draw.of_lot for draw in entry.draws if draw.source == "available"]
        if entry.reason.value not in ("redeem", "hold", "adjust", "repay") or not drawn:
            continue
        assert all(_is_live(lots[lot_id], entry) for lot_id in drawn)
        last = max(index for index, lot in enumerate(in_order) if lot.id in drawn)
        for lot in in_order[:last]:
            if _is_live(lot, entry):
                assert places[lot.id]["available"] == 0, (entry.reason, lot)


def children_12(snapshot: Snapshot, lots: dict[str, Lot]) -> None:
    """A grace child has a parent that was granted, never a grandparent, and holds what came back."""
    by_hand = {
        draw.child_lot_id
        for entry in snapshot.entries
        if entry.reason.value == "reinstate"
        for draw in entry.draws
    }
    for lot in snapshot.lots:
        if lot.parent_lot_id is not None and lot.id not in by_hand:
            assert lots[lot.parent_lot_id].parent_lot_id is None
    for entry in snapshot.entries:
        for draw in entry.draws:
            if draw.child_lot_id is not None:
                child = lots[draw.child_lot_id]
                assert child.parent_lot_id == draw.lot_id
                assert child.granted_minor == draw.amount_minor
                assert child.expires_at is not None
                assert child.expires_at > entry.effective_at


def debt_means_nothing_left_14(snapshot: Snapshot) -> None:
    if snapshot.wallet.debt_minor == 0 or not snapshot.entries:
        return
    last = snapshot.entries[-1]
    for lot in snapshot.lots:
        assert lot.available_minor == 0 or not _is_live(lot, last)


def numbers_and_chain_17(snapshot: Snapshot) -> None:
    wallet = snapshot.wallet
    assert [entry.number for entry in snapshot.entries] == list(range(1, len(snapshot.entries) + 1))
    assert len({entry.key for entry in snapshot.entries}) == len(snapshot.entries)
    assert (
        verify(
            snapshot.entries,
            entry_count=wallet.entry_count,
            last_hash=wallet.last_hash,
            genesis=wallet.genesis,
        )
        is None
    )
    assert all(before.hash == after.previous_hash for before, after in pairwise(snapshot.entries))


def tampering_shows_17_22(snapshot: Snapshot, index: int) -> None:
    """Any altered or missing row breaks the chain; erasing the words does not."""
    entries, wallet = list(snapshot.entries), snapshot.wallet
    if not entries:
        return
    index %= len(entries)
    entry = entries[index]
    for altered in (
        replace(entry, draws=entry.draws[1:], extended=entry.extended[1:]),
        replace(entry, actor="someone else"),
        replace(entry, reason_text="other words", salt=entry.salt),
    ):
        assert verify([*entries[:index], altered, *entries[index + 1 :]]) is not None
    missing = [*entries[:index], *entries[index + 1 :]]
    assert verify(missing, entry_count=wallet.entry_count, last_hash=wallet.last_hash) is not None
    wiped = [erased(entry) for entry in entries]
    assert verify(wiped, entry_count=wallet.entry_count, last_hash=wallet.last_hash) is None
    assert not any(entry.reason_text or entry.salt for entry in wiped)
