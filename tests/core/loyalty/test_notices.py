"""Who is told that credit ends, when, and of what."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.core.ledger.lots import Grant, Lot, Terms, days_good, grant_lot, moved_end
from bot.core.loyalty.notices import NoticeLine, Notices, due_notices, next_notice_at

GRANTED = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
FRIDAY = date(2026, 3, 6)
ZONE = "America/New_York"
POLICY = Notices()


def lot(lot_id: str, last_day: date | None = FRIDAY, amount: int = 1000, granted: datetime = GRANTED) -> Lot:
    terms = Terms(granted, ZONE)
    if last_day is not None:
        terms = days_good(granted, last_day, ZONE, timedelta(days=14))
    empty = grant_lot(lot_id, Grant(amount, terms, "promotional", "t", "p@1"), granted, "", "")
    return replace(empty, available_minor=amount)


def test_each_notice_is_due_at_the_contacts_own_ten_oclock() -> None:
    credit = lot("a")
    times = []
    after: datetime | None = GRANTED
    while after is not None and (after := next_notice_at(credit, "Asia/Shanghai", POLICY, after)):
        times.append(after)
    assert times == [
        datetime(2026, 2, 4, 2, tzinfo=UTC),
        datetime(2026, 2, 27, 2, tzinfo=UTC),
        datetime(2026, 3, 5, 2, tzinfo=UTC),
    ]
    just_before = times[0] - timedelta(microseconds=1)
    assert due_notices([credit], just_before, "Asia/Shanghai", POLICY) is None
    notice = due_notices([credit], times[0], "Asia/Shanghai", POLICY)
    assert notice is not None
    assert notice.lines == (NoticeLine("a", 30, 1000, FRIDAY),)


def test_a_notice_is_given_once_for_each_lot_and_time() -> None:
    now = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)  # 10:00 in New York, one day before
    given = {("a", 30): datetime(2026, 2, 4, 15, tzinfo=UTC), ("a", 7): datetime(2026, 2, 27, 15, tzinfo=UTC)}
    notice = due_notices([lot("a")], now, ZONE, POLICY, given)
    assert notice is not None
    assert notice.given == (("a", 1),)
    given |= dict.fromkeys(notice.given, now)
    assert due_notices([lot("a")], now, ZONE, POLICY, given) is None


def test_an_end_that_has_moved_is_announced_anew() -> None:
    moved = moved_end(lot("a"), date(2026, 9, 4))
    given = {("a", days): datetime(2026, 2, 27, 15, tzinfo=UTC) for days in (30, 7, 1)}
    now = datetime(2026, 8, 5, 15, tzinfo=UTC)
    notice = due_notices([moved], now, ZONE, POLICY, given)
    assert notice is not None
    assert notice.given == (("a", 30),)
    given |= dict.fromkeys(notice.given, now)
    assert due_notices([moved], now, "Pacific/Pago_Pago", POLICY, given) is None, "nor by moving west"


def test_several_lots_are_told_in_one_message_soonest_first() -> None:
    now = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
    lots = [lot("far", date(2026, 3, 12), 50), lot("b", amount=300), lot("a", amount=100), lot("never", None)]
    notice = due_notices(lots, now, ZONE, POLICY)
    assert notice is not None
    assert [(line.lot_id, line.days_before) for line in notice.lines] == [("a", 1), ("b", 1), ("far", 7)]
    assert notice.total_minor == 450
    assert notice.soonest.good_through == FRIDAY


def test_a_late_job_gives_only_the_latest_notice_and_counts_the_others_as_given() -> None:
    now = datetime(2026, 3, 6, 3, 0, tzinfo=UTC)
    notice = due_notices([lot("a")], now, ZONE, POLICY)
    assert notice is not None
    assert [line.days_before for line in notice.lines] == [1]
    assert set(notice.given) == {("a", 30), ("a", 7), ("a", 1)}


def test_nothing_is_said_of_what_is_empty_ended_or_was_shorter_from_the_start() -> None:
    now = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
    assert due_notices([replace(lot("a"), available_minor=0)], now, ZONE, POLICY) is None
    assert due_notices([lot("a", None)], now, ZONE, POLICY) is None
    after_grace = datetime(2026, 3, 21, 5, 0, tzinfo=UTC)
    assert due_notices([lot("a")], after_grace, ZONE, POLICY) is None
    short = lot("a", date(2026, 3, 12), granted=datetime(2026, 3, 6, 12, 0, tzinfo=UTC))
    assert due_notices([short], datetime(2026, 3, 6, 13, 0, tzinfo=UTC), ZONE, POLICY) is None
    assert due_notices([short], datetime(2026, 3, 11, 14, 0, tzinfo=UTC), ZONE, POLICY) is not None


def test_in_its_grace_a_lot_is_still_announced() -> None:
    """Its end passed unnoticed: the notice is due at once, and the grace still runs."""
    now = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
    notice = due_notices([lot("a")], now, ZONE, POLICY)
    assert notice is not None
    assert notice.soonest.good_through == date(2026, 3, 20)


def test_credit_whose_time_has_come_is_announced_even_if_no_job_activated_it() -> None:
    now = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
    due = replace(lot("a"), available_minor=0, pending_minor=1000)
    notice = due_notices([due], now, ZONE, POLICY)
    assert notice is not None
    assert notice.total_minor == 1000
    waiting = replace(due, active_from=now + timedelta(hours=1))
    assert due_notices([waiting], now, ZONE, POLICY) is None
