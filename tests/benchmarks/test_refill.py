"""The refill benchmark asks what it says it asks, and its own-gaps baseline is the usual one."""

from datetime import date, timedelta

import pytest

from benchmarks import completejourney
from benchmarks.refill import History, main, own
from bot.core.loyalty.pace import Purchase


def history(*gaps: int) -> History:
    days = [date(2026, 1, 1)]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return History("1", "milk", tuple(Purchase(day, 1) for day in days))


def test_the_last_gap_is_left_out_where_there_are_five() -> None:
    assert not history(7, 7, 7, 7).is_asked
    asked = history(7, 8, 9, 10, 40)
    assert asked.is_asked
    assert asked.gap == 40
    assert len(asked.known) == 5


def test_the_baseline_is_the_middle_and_the_tenths_of_their_own_gaps() -> None:
    foretold = own([history(1, 2, 3, 4, 5, 9)])
    assert foretold.errors == [6]
    assert foretold.widths == [pytest.approx(4.6 - 1.4)]
    assert foretold.inside == [False]


@pytest.mark.skipif(not completejourney.is_loaded(), reason="the year is not in the cache")
def test_it_reports_its_goals() -> None:
    report = main(quick=True)
    assert [goal.name for goal in report.goals] == [
        "purchases inside the 80 % window",
        "median error in days",
    ]
    assert all(goal.ok for goal in report.goals)
