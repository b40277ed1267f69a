"""The chance of meeting so often is exact where it must be, and near enough elsewhere."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights.chance import chance_of, false_discovery_rates, least_lift


def exact(together: int, of_one: int, of_other: int, baskets: int) -> float:
    """Fisher's test in whole numbers."""
    ways = sum(
        math.comb(of_one, count) * math.comb(baskets - of_one, of_other - count)
        for count in range(together, min(of_one, of_other) + 1)
    )
    return float(Fraction(ways, math.comb(baskets, of_other)))


@given(st.data())
def test_with_few_baskets_it_is_fishers(data: st.DataObject) -> None:
    baskets = data.draw(st.integers(2, 60))
    of_one, of_other = (data.draw(st.integers(1, min(4, baskets - 1))) for _ in range(2))
    together = data.draw(st.integers(max(0, of_one + of_other - baskets), min(of_one, of_other)))
    assert chance_of(together, of_one, of_other, baskets) == pytest.approx(
        exact(together, of_one, of_other, baskets), rel=1e-9, abs=1e-15
    )


@pytest.mark.parametrize(
    ("together", "of_one", "of_other", "baskets"),
    [(50, 200, 200, 1000), (60, 200, 200, 1000), (40, 200, 200, 1000), (30, 200, 200, 1000)],
)
def test_with_many_baskets_it_is_near_fishers(
    together: int, of_one: int, of_other: int, baskets: int
) -> None:
    # One tests with steps, the other without: half a step lies between them.
    sooner, later = (exact(count, of_one, of_other, baskets) for count in (together, together + 1))
    assert later <= chance_of(together, of_one, of_other, baskets) <= sooner


def test_no_chance_is_more_than_one_or_less_than_none() -> None:
    assert chance_of(500, 500, 500, 1000) < 1e-100
    assert chance_of(0, 3, 3, 1000) == pytest.approx(1.0)


def test_the_least_lift_is_below_the_true_one_in_nineteen_samples_of_twenty() -> None:
    chance = random.Random(2)
    below = 0
    for _ in range(400):
        together = of_one = of_other = 0
        for _ in range(2000):
            one = chance.random() < 0.2
            other = chance.random() < (0.4 if one else 0.15)  # 0.2 of all: lift 2
            together, of_one, of_other = together + (one and other), of_one + one, of_other + other
        below += least_lift(together, of_one, of_other, 2000) <= 2
    assert 0.92 <= below / 400 <= 0.98


def test_false_discoveries_are_reckoned_as_benjamini_and_hochberg_do() -> None:
    # Their own example, of 1995: the first four are found at 0.05.
    chances = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
        0.6528, 0.7590, 1.0,
    ]  # fmt: skip
    shuffled = chances[::-1]
    rates = false_discovery_rates(shuffled)[::-1]
    assert [rate <= 0.05 for rate in rates] == [True] * 4 + [False] * 11
    assert rates[0] == pytest.approx(0.0015)
    assert rates == sorted(rates)
    assert false_discovery_rates([]) == []
