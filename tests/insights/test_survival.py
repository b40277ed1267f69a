"""The curve of who has not done it again yet, against the textbook, its intervals against the truth."""

import random

import pytest

from bot.insights.survival import Quantile, curve

# Remission of leukaemia under 6-mercaptopurine in weeks, and how many were left after each (Freireich and
# others, Blood 21, 1963; the estimate and its standard errors are worked out in Cox and Oakes, 1984, 1.1).
REMISSION = [(6, True)] * 3 + [(at, True) for at in (7, 10, 13, 16, 22, 23)]
LEFT = [(at, False) for at in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]


def test_the_curve_is_that_of_the_textbook() -> None:
    found = curve([*REMISSION, *LEFT])
    assert (found.watched, found.happened) == (21, 9)
    assert [(one.day, round(one.share, 3)) for one in found.steps] == [
        (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448),
    ]  # fmt: skip
    # Of Greenwood's standard error 0.0764 at six weeks comes this, on log(-log S).
    assert found.steps[0].low == pytest.approx(0.620, abs=0.001)
    assert found.steps[0].high == pytest.approx(0.952, abs=0.001)
    assert found.median == Quantile(23, 13, None)
    assert found.by(5).share == 1
    assert found.by(9).share == found.by(7).share


def test_without_censoring_it_is_the_share_itself() -> None:
    found = curve([(day, True) for day in range(1, 11)])
    assert [round(one.share, 9) for one in found.steps] == [round(1 - day / 10, 9) for day in range(1, 11)]
    assert found.median.day == 5
    assert found.steps[-1].share == 0


def test_nobody_and_who_never_did_it_again() -> None:
    assert curve([]).steps == ()
    found = curve([(30, False)] * 5)
    assert (found.watched, found.happened, found.median) == (5, 0, Quantile(None, None, None))


def test_intervals_hold_what_is_true_as_often_as_they_say() -> None:
    chance = random.Random(8)  # the same each time
    held = 0
    for _ in range(400):
        again = [chance.expovariate(1 / 30) for _ in range(60)]
        watched = [chance.uniform(5, 90) for _ in range(60)]
        found = curve((int(min(a, w)) + 1, a <= w) for a, w in zip(again, watched, strict=True))
        at = found.by(20)
        held += at.low <= 0.5134 <= at.high  # exp(-20 / 30)
    assert 370 <= held <= 394
