"""Books, operation by operation: what each moves, and what it refuses."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.entries import Cause, Entry, Reason
from bot.core.ledger.lots import Grant, Lot, Terms, days_good
from bot.core.ledger.refusals import HoldClosed, InsufficientCredit, NeedsMoreLots, NotReversible
from bot.core.ledger.wallet import Ending, Waiting, Wallet

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NEW_YORK = "America/New_York"


def cause(key: str, reason_text: str = "") -> Cause:
    return Cause(key, "tester", reason_text)


def open_books(wallet: Wallet | None = None, lots: Sequence[Lot] = (), *, complete: bool = True) -> Books:
    ids = count(1)
    return Books(wallet or Wallet("c" * 32), lots, lots_complete=complete, mint=lambda: f"{next(ids):032x}")


def grant(
    amount: int,
    days: int | None = None,
    *,
    pending: timedelta = timedelta(0),
    grace: int = 0,
    at: datetime = NOW,
) -> Grant:
    """Good through `days` days after it can be spent; None never ends."""
    terms = Terms(at + pending, NEW_YORK)
    if days is not None:
        terms = days_good(at + pending, (at + pending).date() + days * DAY, NEW_YORK, grace * DAY)
    return Grant(amount, terms, "promotional", "test", "expiry@1")


def moves(entry: Entry | None) -> list[tuple[str, str, int]]:
    assert entry is not None
    return [(draw.source.value, draw.target.value, draw.amount_minor) for draw in entry.draws]


def test_a_member_earns_and_spends_soonest_first() -> None:
    books = open_books()
    late = books.earn(grant(100, 90), NOW, cause("a")).draws[0].lot_id
    soon = books.earn(grant(50, 10), NOW, cause("b")).draws[0].lot_id
    ever = books.earn(grant(50), NOW, cause("c")).draws[0].lot_id
    spent = books.redeem(160, NOW, cause("d"))
    assert [(draw.lot_id, draw.amount_minor) for draw in spent.draws] == [(soon, 50), (late, 100), (ever, 10)]
    assert books.spendable(NOW) == 40
    assert [entry.number for entry in books.entries] == [1, 2, 3, 4]
    assert len(books.new_lots) == 3
    assert not books.changed_lots


def test_what_cannot_be_had_is_said_and_nothing_moves() -> None:
    books = open_books()
    books.earn(grant(100), NOW, cause("a"))
    with pytest.raises(InsufficientCredit) as refused:
        books.redeem(101, NOW, cause("b"))
    assert (refused.value.available_minor, refused.value.wanted_minor) == (100, 101)
    assert refused.value.code == "not_enough_credit"
    assert len(books.entries) == 1


def test_the_balance_says_what_is_coming_and_what_ends_first() -> None:
    books = open_books()
    books.earn(grant(700, 4), NOW, cause("a"))
    books.earn(grant(300, 4), NOW, cause("b"))
    books.earn(grant(500), NOW, cause("c"))
    books.earn(grant(60, 30, pending=14 * DAY), NOW, cause("d"))
    books.hold("order", 100, DAY, NOW, cause("e"))
    books.redeem(200, NOW, cause("f"))
    balance = books.balance(NOW)
    assert (balance.available_minor, balance.pending_minor, balance.held_minor) == (1200, 60, 100)
    assert balance.pending == (Waiting(60, NOW + 14 * DAY),)
    friday = Ending(700, date(2026, 3, 6), datetime(2026, 3, 7, 5, tzinfo=UTC), NEW_YORK)
    assert balance.soonest == friday
    assert balance.endings == (friday, Ending(500, None, None, NEW_YORK))


def test_asking_for_the_balance_records_nothing() -> None:
    books = open_books()
    books.earn(grant(60, pending=DAY), NOW, cause("a"))
    assert books.spendable(NOW + DAY) == 60
    assert len(books.entries) == 1


def test_nothing_is_spent_after_its_local_day_whether_or_not_a_job_ran() -> None:
    books = open_books()
    books.earn(grant(100, 4), NOW, cause("a"))
    midnight = datetime(2026, 3, 7, 5, tzinfo=UTC)
    assert books.spendable(midnight - timedelta(microseconds=1)) == 100
    assert books.spendable(midnight) == 0
    with pytest.raises(InsufficientCredit):
        books.redeem(1, midnight, cause("b"))


def test_an_expiry_is_recorded_once_and_keyed_by_lot_and_version() -> None:
    books = open_books()
    lot_id = books.earn(grant(100, 0), NOW, cause("a")).draws[0].of_lot
    assert books.expire(lot_id, NOW) is None
    expired = books.expire(lot_id, NOW + DAY, "nobody could be told")
    assert moves(expired) == [("available", "breakage", 100)]
    assert expired is not None
    assert expired.key == f"auto/expire/{lot_id}/1"
    assert expired.reason_text == "nobody could be told"
    assert books.expire(lot_id, NOW + DAY) is None


def test_a_lot_waits_out_its_grace_unless_somebody_was_told() -> None:
    books = open_books()
    told, untold = (books.earn(grant(100, 0, grace=5), NOW, cause(key)).draws[0].of_lot for key in ("a", "b"))
    books.mark_noticed([told], NOW)
    books.mark_noticed([untold], NOW + DAY)  # after its end: too late to shorten the grace
    assert books.spendable(NOW + DAY) == 100
    assert books.balance(NOW + DAY).endings[0].good_through == date(2026, 3, 7)
    assert books.spendable(NOW + 6 * DAY) == 0
    assert books.expire(untold, NOW + DAY) is None
    books.mark_noticed([told], NOW + 2 * DAY)
    assert books.lots[told].noticed_at == NOW


def test_a_capture_spends_a_part_and_releases_the_remainder() -> None:
    books = open_books()
    books.earn(grant(30, 1), NOW, cause("a"))
    books.earn(grant(100, 50), NOW, cause("b"))
    hold = books.hold("order", 90, timedelta(minutes=30), NOW, cause("c"))
    captured = books.capture(hold.id, 40, NOW, cause("d"))
    assert moves(captured) == [("held", "spent", 30), ("held", "spent", 10), ("held", "available", 50)]
    assert books.spendable(NOW) == 90
    with pytest.raises(HoldClosed):
        books.capture(hold.id, 1, NOW, cause("e"))


def test_a_hold_shields_its_lot_and_what_it_releases_too_late_is_gone() -> None:
    books = open_books()
    lot_id = books.earn(grant(100, 0), NOW, cause("a")).draws[0].of_lot
    hold = books.hold("order", 60, 3 * DAY, NOW, cause("b"))
    later = NOW + DAY
    assert moves(books.expire(lot_id, later)) == [("available", "breakage", 40)]
    captured = books.capture(hold.id, 50, later, cause("c"))
    assert moves(captured) == [("held", "spent", 50), ("held", "breakage", 10)]


def test_an_overdue_hold_cannot_be_captured_and_is_timed_out_as_of_its_end() -> None:
    books = open_books()
    books.earn(grant(100), NOW, cause("a"))
    hold = books.hold("order", 60, timedelta(minutes=30), NOW, cause("b"))
    assert books.spendable(NOW + timedelta(minutes=30)) == 100
    with pytest.raises(HoldClosed):
        books.capture(hold.id, 60, NOW + DAY, cause("c"))
    assert books.entries[-1].key == f"auto/time_out/{hold.id}"
    assert books.entries[-1].effective_at == hold.expires_at
    books.hold("order", 60, timedelta(minutes=30), NOW + DAY, cause("d"))


def test_a_refund_comes_back_into_the_same_lots_latest_first() -> None:
    books = open_books()
    for key, amount, days in (("a", 30, 5), ("b", 70, 50)):
        books.earn(grant(amount, days), NOW, cause(key))
    spent = books.redeem(100, NOW, cause("c"))
    soon, late = (draw.of_lot for draw in spent.draws)
    half = books.restore(Undoing(spent, share=Fraction(1, 2)), NOW, cause("d"))
    assert half is not None
    assert [(draw.lot_id, draw.amount_minor) for draw in half.draws] == [(late, 50)]
    rest = books.restore(Undoing(spent, (half,)), NOW, cause("e"))
    assert rest is not None
    assert [(draw.lot_id, draw.amount_minor) for draw in rest.draws] == [(late, 20), (soon, 30)]
    assert books.restore(Undoing(spent, (half, rest)), NOW, cause("f")) is None
    assert books.spendable(NOW) == 100


@given(st.integers(1, 10_000), st.lists(st.fractions(0, 1, max_denominator=12), max_size=6))
def test_parts_of_a_refund_obey_the_cumulative_law_10(amount: int, shares: list[Fraction]) -> None:
    books = open_books()
    books.earn(grant(amount), NOW, cause("a"))
    spent = books.redeem(amount, NOW, cause("b"))
    earlier: list[Entry] = []
    for number, share in enumerate(shares):
        entry = books.restore(Undoing(spent, tuple(earlier), share), NOW, cause(f"r{number}"))
        earlier += [entry] if entry else []
        assert books.spendable(NOW) == int(amount * max(shares[: number + 1]))


def test_what_returns_to_an_ended_lot_gets_grace_once() -> None:
    books = open_books()
    books.earn(grant(100, 0), NOW, cause("a"))
    spent = books.redeem(100, NOW, cause("b"))
    later = NOW + 10 * DAY
    restored = books.restore(Undoing(spent), later, cause("c"), grace=3 * DAY)
    assert restored is not None
    child = books.lots[restored.draws[0].child_lot_id or ""]
    assert (child.parent_lot_id, child.expires_on) == (spent.draws[0].lot_id, date(2026, 3, 15))
    again = books.redeem(100, later, cause("d"))
    assert again.draws[0].lot_id == child.id
    much_later = later + 10 * DAY
    assert moves(books.restore(Undoing(again), much_later, cause("e"), grace=3 * DAY)) == [
        ("spent", "breakage", 100)
    ]
    assert books.spendable(much_later) == 0


def test_without_grace_what_returns_to_an_ended_lot_is_gone() -> None:
    books = open_books()
    books.earn(grant(100, 0), NOW, cause("a"))
    spent = books.redeem(100, NOW, cause("b"))
    assert moves(books.restore(Undoing(spent), NOW + DAY, cause("c"))) == [("spent", "breakage", 100)]


def test_a_claw_back_takes_its_own_lot_then_others_then_is_owed_and_repaid_first() -> None:
    books = open_books()
    books.earn(grant(40), NOW, cause("other"))
    earned = books.earn(grant(100, 30), NOW, cause("earn"))
    books.redeem(70, NOW, cause("spend"))
    clawed = books.claw_back(Undoing(earned), NOW, cause("return"))
    assert moves(clawed) == [
        ("available", "clawback", 30),
        ("available", "clawback", 40),
        ("debt", "clawback", 30),
    ]
    assert (books.wallet.debt_minor, books.spendable(NOW)) == (30, 0)
    books.earn(grant(50), NOW, cause("next"))
    assert books.entries[-1].reason is Reason.REPAY
    assert (books.wallet.debt_minor, books.spendable(NOW)) == (0, 20)


def test_a_late_job_does_not_cost_the_member_a_repayment() -> None:
    """Credit that was due, and would have repaid, repays even if its lot has ended since."""
    books = open_books()
    earned = books.earn(grant(100), NOW, cause("a"))
    books.earn(grant(60, 0, pending=DAY), NOW, cause("b"))
    books.redeem(100, NOW, cause("c"))
    books.claw_back(Undoing(earned), NOW, cause("d"))
    assert books.wallet.debt_minor == 100
    books.settle(NOW + 20 * DAY)
    assert books.wallet.debt_minor == 40
    assert [entry.effective_at for entry in books.entries[-2:]] == [NOW + DAY, NOW + DAY]


def test_the_order_of_refund_and_claw_back_does_not_matter_11() -> None:
    ends = []
    for refund_first in (True, False):
        books = open_books()
        earned = books.earn(grant(50, 30), NOW, cause("a"))
        spent = books.redeem(50, NOW, cause("b"))
        if refund_first:
            books.restore(Undoing(spent), NOW, cause("c"))
        books.claw_back(Undoing(earned, share=Fraction(1, 2)), NOW, cause("d"))
        if not refund_first:
            books.restore(Undoing(spent), NOW, cause("c"))
        ends.append((books.spendable(NOW), books.wallet.debt_minor))
    assert ends == [(25, 0), (25, 0)]


def test_a_mistake_is_reversed_by_a_new_entry() -> None:
    books = open_books()
    books.earn(grant(100), NOW, cause("a"))
    wrong = books.adjust_up(grant(40, 5), NOW, cause("b", "typed twice"))
    undone = books.reverse(Undoing(wrong), NOW, cause("c"))
    assert (undone.reason, undone.reverses) == (Reason.REVERSE, wrong.id)
    taken = books.adjust_down(30, NOW, cause("d"))
    assert moves(books.reverse(Undoing(taken), NOW, cause("e"))) == [("clawback", "available", 30)]
    assert books.spendable(NOW) == 100
    with pytest.raises(NotReversible):
        books.reverse(Undoing(wrong, (undone,)), NOW, cause("f"))
    with pytest.raises(NotReversible):
        books.reverse(Undoing(undone), NOW, cause("g"))


def test_an_expiry_is_reversed_into_a_lot_with_grace() -> None:
    books = open_books()
    lot_id = books.earn(grant(100, 0), NOW, cause("a")).draws[0].of_lot
    expired = books.expire(lot_id, NOW + DAY)
    assert expired is not None
    with pytest.raises(NotReversible):
        books.reverse(Undoing(expired), NOW + DAY, cause("b"))
    back = books.reverse(Undoing(expired), NOW + DAY, cause("b"), grace=2 * DAY)
    assert moves(back) == [("breakage", "available", 100)]
    assert books.spendable(NOW + DAY) == 100


def test_books_opened_with_the_soonest_lots_ask_for_more_when_they_matter() -> None:
    whole = open_books()
    for key, days in (("a", 1), ("b", 2), ("c", 3)):
        whole.earn(grant(10, days), NOW, cause(key))
    soonest = list(whole.lots.values())[:2]
    part = open_books(whole.wallet, soonest, complete=False)
    assert part.redeem(20, NOW, cause("d")).total_minor == 20
    assert {lot.id for lot in part.changed_lots} == {lot.id for lot in soonest}
    with pytest.raises(NeedsMoreLots):
        open_books(whole.wallet, soonest, complete=False).redeem(21, NOW, cause("d"))
    with pytest.raises(NeedsMoreLots):
        open_books(whole.wallet, soonest, complete=False).balance(NOW)
    with pytest.raises(NeedsMoreLots):
        open_books(whole.wallet, soonest[1:], complete=False).claw_back(
            Undoing(whole.entries[0]), NOW, cause("e")
        )
    missing = whole.entries[2].draws[0].of_lot
    with pytest.raises(NeedsMoreLots) as more:
        open_books(whole.wallet, soonest, complete=False).mark_noticed([missing], NOW)
    assert more.value.lot_ids == (missing,)


AMOUNTS = st.integers(1, 500)


@given(st.lists(st.tuples(AMOUNTS, st.integers(1, 500), st.integers(1, 9)), min_size=1, max_size=5), AMOUNTS)
def test_splitting_an_earn_changes_nothing_24(grants: list[tuple[int, int, int]], wanted: int) -> None:
    whole, split = open_books(), open_books()
    for number, (first, second, days) in enumerate(grants):
        whole.earn(grant(first + second, days), NOW, cause(f"{number}"))
        split.earn(grant(first, days), NOW, cause(f"{number}a"))
        split.earn(grant(second, days), NOW, cause(f"{number}b"))
    wanted = min(wanted, whole.spendable(NOW))
    for books in (whole, split):
        books.redeem(wanted, NOW, cause("spend"))
    assert whole.balance(NOW) == split.balance(NOW)


@given(st.lists(st.tuples(AMOUNTS, st.integers(1, 9)), min_size=1, max_size=5), AMOUNTS, st.integers(2, 100))
def test_scaling_every_amount_scales_the_balance_24(
    grants: list[tuple[int, int]], wanted: int, scale: int
) -> None:
    plain, scaled = open_books(), open_books()
    for number, (amount, days) in enumerate(grants):
        plain.earn(grant(amount, days), NOW, cause(f"{number}"))
        scaled.earn(grant(amount * scale, days), NOW, cause(f"{number}"))
    wanted = min(wanted, plain.spendable(NOW))
    plain.redeem(wanted, NOW, cause("spend"))
    scaled.redeem(wanted * scale, NOW, cause("spend"))
    assert [e.amount_minor * scale for e in plain.balance(NOW).endings] == [
        e.amount_minor for e in scaled.balance(NOW).endings
    ]


def test_what_an_order_earned_is_never_spent_on_it() -> None:
    books = open_books()
    books.earn(grant(30), NOW, cause("a"))
    books.earn(grant(50, 10), NOW, Cause("b", "tester", source_type="order", source_id="1"))
    books.earn(grant(20, pending=DAY), NOW, Cause("c", "tester", source_type="order", source_id="1"))
    later = NOW + DAY
    assert [books.spendable(later, order) for order in ("", "1", "2")] == [100, 30, 100]
    with pytest.raises(InsufficientCredit):
        books.hold("1", 31, DAY, later, cause("d"))
    with pytest.raises(InsufficientCredit):
        books.redeem(31, later, Cause("e", "tester", source_type="order", source_id="1"))
    assert books.hold("1", 30, DAY, later, cause("f")).amount_minor == 30
    assert books.hold("2", 70, DAY, later, cause("g")).amount_minor == 70
