"""The ends of lots: moved by activity, waiting for a notice where the law says so, undone by an operator."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.chain import verify
from bot.core.ledger.entries import Cause, Entry, Extension, Reason
from bot.core.ledger.explained import Kind
from bot.core.ledger.lots import Grant, days_good
from bot.core.ledger.refusals import NeedsMoreLots, NotReversible
from bot.core.ledger.replay import Standing
from bot.core.ledger.verifying import findings
from bot.core.loyalty.expiry import Activity, Expiry
from tests.core.ledger.test_books import NOW, cause, grant, moves, open_books
from tests.core.ledger.test_explained import explained, told
from tests.core.loyalty.ledger_operations import broken_by

DAY = timedelta(days=1)
SHOPPING = Expiry.model_validate({"inactive_for": "90d", "restarted_by": ["purchase"]})


def kept_alive(amount: int, last_day: date, *, notice_days: int = 0) -> Grant:
    """Good through that day, or for 90 days from any purchase."""
    terms = days_good(NOW, last_day, "UTC", 14 * DAY, renewal=f"{SHOPPING.renewal}", notice_days=notice_days)
    return Grant(amount, terms, "promotional", "test", "expiry@1")


def bought(key: str, order: str = "1042") -> Cause:
    return Cause(key, "system", source_type="order", source_id=order)


def is_sound(books: Books) -> bool:
    standing = Standing(books.wallet, tuple(books.lots.values()), tuple(books.holds.values()))
    return findings(standing, books.entries) == [] and verify(books.entries) is None


def last_days(books: Books) -> list[date | None]:
    return [lot.expires_on for lot in books.lots.values()]


def test_a_purchase_moves_the_end_of_what_it_keeps_alive_and_says_so() -> None:
    books = open_books()
    books.earn(kept_alive(500, date(2026, 5, 31)), NOW, cause("a"))
    books.earn(grant(200, 30), NOW, cause("b"))  # ends as it ends, whatever is done
    now = datetime(2026, 4, 10, 9, tzinfo=UTC)
    entry = books.renew([Activity.PURCHASE], now.date(), now, bought("p"))
    assert entry is not None
    lot_id = next(iter(books.lots))
    assert (entry.reason, entry.draws) == (Reason.EXTEND, ())
    assert entry.extended == (Extension(lot_id, date(2026, 5, 31), date(2026, 7, 9)),)
    assert last_days(books) == [date(2026, 7, 9), date(2026, 4, 1)]
    assert is_sound(books)
    line = explained(books, now).lines[1]  # what ended meanwhile comes first
    assert line.kind is Kind.EXTENDED
    assert told([line], now=now) == ["Apr 10: Your credit stays good, good through Jul 9"]


def test_an_end_never_moves_nearer_nor_for_nothing() -> None:
    books = open_books()
    books.earn(kept_alive(500, date(2026, 12, 31)), NOW, cause("a"))
    before = books.wallet
    assert books.renew([Activity.PURCHASE], NOW.date(), NOW, bought("p")) is None
    assert books.renew([Activity.REDEEM], date(2026, 12, 30), NOW, bought("q")) is None, "it is no purchase"
    assert books.wallet == before


def test_what_has_ended_or_is_used_up_stays_so() -> None:
    books = open_books()
    books.earn(kept_alive(500, date(2026, 3, 10)), NOW, cause("a"))
    after_its_grace = datetime(2026, 3, 26, tzinfo=UTC)
    assert books.renew([Activity.PURCHASE], after_its_grace.date(), after_its_grace, bought("p")) is None
    books = open_books()
    books.earn(kept_alive(500, date(2026, 3, 10)), NOW, cause("a"))
    books.redeem(500, NOW, cause("b"))
    assert books.renew([Activity.PURCHASE], NOW.date(), NOW, bought("p")) is None


def test_lots_that_were_not_loaded_are_asked_for() -> None:
    books = open_books()
    books.earn(kept_alive(500, date(2026, 3, 10)), NOW, cause("a"))
    some = open_books(books.wallet, list(books.lots.values()), complete=False)
    with pytest.raises(NeedsMoreLots):
        some.renew([Activity.PURCHASE], NOW.date(), NOW, bought("p"))


def test_a_moved_end_is_part_of_the_proof() -> None:
    books = open_books()
    books.earn(kept_alive(500, date(2026, 5, 31)), NOW, cause("a"))
    now = datetime(2026, 4, 10, 9, tzinfo=UTC)
    entry = books.renew([Activity.PURCHASE], now.date(), now, bought("p"))
    assert entry is not None
    forged = replace(entry, extended=(replace(entry.extended[0], expires_on=date(2027, 1, 1)),))
    broken = verify([books.entries[0], forged])
    assert broken is not None
    assert broken.problem == "was altered"


def test_a_notice_in_time_ends_credit_as_it_said() -> None:
    books = open_books()
    books.earn(kept_alive(500, date(2026, 6, 30), notice_days=30), NOW, cause("a"))
    lot_id = next(iter(books.lots))
    books.mark_noticed([lot_id], datetime(2026, 5, 16, tzinfo=UTC))
    assert last_days(books) == [date(2026, 6, 30)]
    assert books.spendable(datetime(2026, 6, 30, 23, tzinfo=UTC)) == 500
    assert books.spendable(datetime(2026, 7, 1, tzinfo=UTC)) == 0


def test_a_notice_too_late_moves_the_end_and_without_one_nothing_ends() -> None:
    books = open_books()
    books.earn(kept_alive(500, date(2026, 6, 30), notice_days=30), NOW, cause("a"))
    lot_id = next(iter(books.lots))
    years_later = datetime(2029, 1, 1, tzinfo=UTC)
    assert books.spendable(years_later) == 500
    assert books.expire(lot_id, years_later) is None
    books.mark_noticed([lot_id], datetime(2026, 6, 20, 12, tzinfo=UTC))
    assert last_days(books) == [date(2026, 7, 20)]
    assert books.entries[-1].source_type == "notice"
    assert books.spendable(datetime(2026, 7, 20, 23, tzinfo=UTC)) == 500
    expired = books.expire(lot_id, datetime(2026, 7, 21, tzinfo=UTC))
    assert moves(expired) == [("available", "breakage", 500)]
    assert is_sound(books)


def expired_books() -> tuple[Books, Entry]:
    books = open_books()
    books.earn(grant(500, 3), NOW, cause("a"))
    books.redeem(100, NOW, cause("b"))
    entry = books.expire(next(iter(books.lots)), NOW + 10 * DAY)
    assert entry is not None
    return books, entry


def test_an_operator_gives_back_what_has_ended_once_and_says_why() -> None:
    books, expired = expired_books()
    later = NOW + 40 * DAY
    why = Cause("again", "ann", reason_text="was in hospital")
    entry = books.reinstate(Undoing(expired), later, why, 30 * DAY, broken_by(books.entries))
    assert moves(entry) == [("breakage", "available", 400)]
    assert entry.reverses == expired.id
    assert books.spendable(later) == 400
    child = books.lots[entry.draws[0].child_lot_id or ""]
    assert (child.parent_lot_id, child.expires_on) == (expired.draws[0].lot_id, date(2026, 5, 11))
    assert is_sound(books)
    assert told(explained(books, later).lines[:1], now=later) == [
        "Apr 11: +$4.00 given back after it had ended, good through May 11: was in hospital"
    ]
    with pytest.raises(NotReversible, match="not given back before"):
        books.reinstate(
            Undoing(expired, (entry,)), later, replace(why, key="more"), 30 * DAY, broken_by(books.entries)
        )


def test_what_ended_again_may_be_given_back_again() -> None:
    books, expired = expired_books()
    first = books.reinstate(
        Undoing(expired), NOW + 40 * DAY, Cause("x", "ann", "moved"), 3 * DAY, broken_by(books.entries)
    )
    again = books.expire(first.draws[0].child_lot_id or "", NOW + 60 * DAY)
    assert again is not None
    second = books.reinstate(
        Undoing(again), NOW + 60 * DAY, Cause("y", "ann", "moved again"), 3 * DAY, broken_by(books.entries)
    )
    assert second.total_minor == 400
    assert is_sound(books)


def test_only_what_ended_can_be_given_back() -> None:
    books = open_books()
    earned = books.earn(grant(500), NOW, cause("a"))
    with pytest.raises(NotReversible):
        books.reinstate(Undoing(earned), NOW, Cause("x", "ann", "why not"), 3 * DAY, {})


def test_what_was_taken_back_since_with_its_order_is_not_given_back() -> None:
    books = open_books()
    earned = books.earn(grant(500, 3), NOW, cause("a"))
    expired = books.expire(next(iter(books.lots)), NOW + 10 * DAY)
    assert expired is not None
    lapsed = Undoing(earned, share=Fraction(3, 5), lapsed_minor=500)
    books.claw_back(lapsed, NOW + 11 * DAY, cause("c"))
    why = Cause("again", "ann", reason_text="was in hospital")
    entry = books.reinstate(Undoing(expired), NOW + 12 * DAY, why, 30 * DAY, broken_by(books.entries))
    assert entry.total_minor == 200
    assert is_sound(books)
