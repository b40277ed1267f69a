"""The gate's benchmark asks about what it says it asks about."""

import random
from collections import Counter

from benchmarks.gate import CLASSES, cases, main, verdict


def test_the_mix_meets_every_kind_of_verdict() -> None:
    made = cases(2000, random.Random(1))
    verdicts = Counter(type(verdict(case)).__name__ for case in made)
    assert set(verdicts) == {"Cleared", "HoldUntil", "Refuse"}
    assert {case.message.message_class for case in made} == set(CLASSES)


def test_it_reports_its_goal() -> None:
    report = main(quick=True)
    assert [goal.name for goal in report.goals] == ["microseconds a verdict"]
    assert report.goals[0].value is not None
