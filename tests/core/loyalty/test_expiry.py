"""Until when credit is good: rolling, through a fixed day, by inactivity, for ever."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.ledger.lots import (
    UNTOLD,
    Grant,
    Lot,
    Terms,
    days_good,
    good_through,
    grant_lot,
    has_ended,
    moved_end,
    reinstated,
    spendable_until,
)
from bot.core.loyalty.expiry import Activity, Expiry, renewal_of

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def expiry(**written: object) -> Expiry:
    return Expiry.model_validate(written)


def lot(terms: Terms) -> Lot:
    return grant_lot("a", Grant(100, terms, "promotional", "test", "expiry@1"), NOW, "", "")


def test_a_clock_of_inactivity_begins_anew() -> None:
    rule = expiry(inactive_for="12 months", round_up_to="month")
    assert rule.expires_on(date(2026, 3, 2)) == date(2027, 3, 31)
    assert rule.renewal is not None
    assert rule.renewal.activities == set(Activity)
    assert rule.renewal.expires_on(date(2026, 5, 9)) == date(2027, 5, 31)
    assert expiry(after="12 months").renewal is None


@given(
    st.integers(0, 40),
    st.integers(1, 400),
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.sets(st.sampled_from(list(Activity)), min_size=1),
    st.dates(date(2020, 1, 1), date(2060, 1, 1)),
)
def test_what_a_lot_keeps_reads_back_the_same(
    months: int, days: int, rounding: str, activities: set[Activity], active_on: date
) -> None:
    written = f"{months} months" if months else f"{days}d"
    rule = expiry(inactive_for=written, round_up_to=rounding, restarted_by=sorted(activities))
    assert rule.renewal is not None
    kept = renewal_of(str(rule.renewal))
    assert kept == rule.renewal
    assert kept.expires_on(active_on) == rule.expires_on(active_on)
    assert kept.expires_on(active_on) >= active_on


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"after": "30d", "inactive_for": "30d"}, "both `after` and `inactive_for` say when credit ends"),
        ({"on": "2026-12-31", "inactive_for": "30d"}, "both `on` and `inactive_for`"),
        ({"after": "30d", "restarted_by": ["earn"]}, "`restarted_by` needs a clock to restart"),
        ({"inactive_for": "30d", "restarted_by": []}, "at least 1 item"),
        ({"inactive_for": "30d", "restarted_by": ["visit"]}, "'purchase', 'earn' or 'redeem'"),
    ],
)
def test_what_contradicts_itself_is_refused(written: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Expiry.model_validate(written)


def test_an_end_that_moves_keeps_its_grace_and_forgets_who_was_told() -> None:
    granted = lot(days_good(NOW, date(2026, 3, 6), "America/New_York", 14 * DAY, renewal="0mo5d/day:earn"))
    moved = moved_end(granted, date(2026, 11, 6))
    assert moved.expires_on == date(2026, 11, 6)
    assert moved.expires_at == datetime(2026, 11, 7, 5, tzinfo=UTC)
    assert moved.grace_until == datetime(2026, 11, 21, 5, tzinfo=UTC), "two weeks, past a change of clocks"
    assert moved.noticed_at is None


def test_credit_whose_owner_must_be_told_waits_for_that() -> None:
    granted = lot(days_good(NOW, date(2026, 6, 30), "UTC", 14 * DAY, notice_days=30))
    assert spendable_until(granted) == UNTOLD
    assert not has_ended(granted, datetime(2030, 1, 1, tzinfo=UTC))
    assert good_through(granted, NOW) == date(2026, 6, 30)
    assert good_through(granted, datetime(2026, 6, 20, 12, tzinfo=UTC)) == date(2026, 7, 20)
    moved = moved_end(granted, date(2026, 7, 20))
    assert moved.grace_until == UNTOLD
    child = reinstated("b", granted, 10, NOW, 10 * DAY)
    assert (child.notice_days, child.grace_until) == (30, UNTOLD)
