"""Lots: when they end on which clock, and in which order they are drawn."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.ledger.lots import (
    Grant,
    Lot,
    Terms,
    days_good,
    draw_order,
    good_through,
    grant_lot,
    has_ended,
    spendable_until,
)
from bot.core.local_time import local_date

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def lot(terms: Terms, lot_id: str = "a", priority: int = 0) -> Lot:
    return grant_lot(lot_id, Grant(100, terms, "promotional", "test", "expiry@1", priority), NOW, "", "")


@pytest.mark.parametrize(
    ("zone", "last_day", "end"),
    [
        ("America/New_York", date(2026, 3, 6), datetime(2026, 3, 7, 5, tzinfo=UTC)),
        ("America/Santiago", date(2026, 9, 5), datetime(2026, 9, 6, 4, tzinfo=UTC)),  # no midnight that day
        ("Africa/Cairo", date(2026, 4, 23), datetime(2026, 4, 23, 22, tzinfo=UTC)),  # nor there
        ("Pacific/Kiritimati", date(2026, 3, 6), datetime(2026, 3, 6, 10, tzinfo=UTC)),
        ("Pacific/Pago_Pago", date(2026, 3, 6), datetime(2026, 3, 7, 11, tzinfo=UTC)),
    ],
)
def test_a_lot_is_good_through_its_local_day(zone: str, last_day: date, end: datetime) -> None:
    terms = days_good(NOW, last_day, zone, timedelta(0))
    assert terms.expires_at == end
    assert local_date(end - timedelta(microseconds=1), zone) == last_day
    assert local_date(end, zone) > last_day


def test_a_lots_end_is_exclusive_and_waits_for_a_notice() -> None:
    granted = lot(days_good(NOW, date(2026, 3, 6), "UTC", timedelta(days=14)))
    promised, graceful = datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 3, 21, tzinfo=UTC)
    assert spendable_until(granted) == graceful
    assert spendable_until(replace(granted, noticed_at=NOW)) == promised
    assert spendable_until(replace(granted, noticed_at=promised)) == graceful
    assert not has_ended(granted, graceful - timedelta(microseconds=1))
    assert has_ended(granted, graceful)
    assert good_through(granted, NOW) == date(2026, 3, 6)
    assert good_through(granted, promised) == date(2026, 3, 20)


def test_a_lot_without_terms_never_ends() -> None:
    granted = lot(Terms(NOW, "UTC"))
    assert spendable_until(granted) is None
    assert not has_ended(granted, datetime.max.replace(tzinfo=UTC))
    assert good_through(granted, NOW) is None


def test_lots_are_drawn_by_priority_end_start_and_id() -> None:
    friday = days_good(NOW, date(2026, 3, 6), "UTC", timedelta(0))
    lots = [
        lot(days_good(NOW, date(2026, 3, 4), "UTC", timedelta(0)), "late-priority", priority=1),
        lot(Terms(NOW, "UTC"), "never"),
        lot(friday, "b"),
        lot(friday, "a"),
        lot(replace(friday, active_from=NOW + timedelta(hours=1)), "0"),
        lot(days_good(NOW, date(2026, 3, 5), "UTC", timedelta(0)), "thursday"),
    ]
    in_order = [each.id for each in sorted(lots, key=draw_order)]
    assert in_order == ["thursday", "a", "b", "0", "never", "late-priority"]
