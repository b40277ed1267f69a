"""The simulated year loses nothing and makes nothing, and twice the rate costs about twice."""

import pytest

from benchmarks import completejourney
from benchmarks.simulated import main


@pytest.mark.skipif(not completejourney.is_loaded(), reason="the year is not in the cache")
def test_the_year_adds_up() -> None:
    report = main(quick=True)
    assert len(report.goals) == 4
    assert all(goal.ok for goal in report.goals)
    shop, twice = (report.figures[name] for name in ("shop", "twice"))
    assert isinstance(shop, dict)
    assert isinstance(twice, dict)
    assert shop["orders"] == twice["orders"] > 500
    assert 1.5 < twice["granted_minor"] / shop["granted_minor"] < 2.5
