"""How sure a difference is: against published figures, and against what chance alone does."""

import math
from itertools import pairwise

import pytest

from bot.core.experiments.intervals import (
    Moments,
    always_valid,
    chi_square_tail,
    contacts_needed,
    fixed,
    sample_ratio,
    share_of,
)
from tests.core.experiments.aa import false_findings


@pytest.mark.parametrize(
    ("square", "freedom", "chance"),
    [  # tables of the chi-square distribution: Abramowitz and Stegun, table 26.8
        (3.84146, 1, 0.05),
        (10.8276, 1, 0.001),
        (5.99146, 2, 0.05),
        (7.81473, 3, 0.05),
        (16.2662, 3, 0.001),
        (9.48773, 4, 0.05),
        (22.4577, 6, 0.001),
        (14.0671, 7, 0.05),
    ],
)
def test_the_chance_of_a_chi_square_is_as_in_the_tables(square: float, freedom: int, chance: float) -> None:
    """To the tables' own digits."""
    assert chi_square_tail(square, freedom) == pytest.approx(chance, rel=1e-4)


@pytest.mark.parametrize(("observed", "chance"), [([50_000, 51_000], 0.0017), ([5_000, 5_200], 0.048)])
def test_uneven_arms_are_as_likely_as_others_reckon(observed: list[int], chance: float) -> None:
    """Two figures that GrowthBook's check gives."""
    assert sample_ratio(observed, [5000, 5000]) == pytest.approx(chance, rel=0.05)


def test_arms_are_compared_with_the_shares_they_were_promised() -> None:
    """Nine to one is even where that was said."""
    assert sample_ratio([9_000, 1_000], [9000, 1000]) == 1.0
    assert sample_ratio([9_000, 1_000], [5000, 5000]) < 1e-9
    assert sample_ratio([0, 0], [5000, 5000]) == 1.0


def test_a_fixed_horizon_is_what_agresti_and_caffo_give() -> None:
    """1000 contacts each, 120 and 100 did: the difference 0.02, plus and minus 1.96 times 0.01401."""
    found = fixed(share_of(1000, 120), share_of(1000, 100), is_share=True)
    assert found is not None
    shares = [(121 / 1002, 1002), (101 / 1002, 1002)]
    error = math.sqrt(sum(one * (1 - one) / count for one, count in shares))
    assert (found.low, found.high) == pytest.approx((0.02 - 1.959964 * error, 0.02 + 1.959964 * error))
    assert not found.is_above


def test_means_are_compared_by_welch() -> None:
    """Of values 0 and 10, half and half, against 0 and 8: the variances are added, each by its own count."""
    arm, baseline = Moments(400, 2000.0, 20_000.0), Moments(100, 400.0, 3_200.0)
    assert arm.variance == pytest.approx(25 * 400 / 399)
    found = fixed(arm, baseline)
    assert found is not None
    error = math.sqrt(25 / 399 + 16 / 99)
    assert found.high - found.estimate == pytest.approx(1.959964 * error)


def test_always_valid_is_wider_by_what_was_measured() -> None:
    """1.55 times a fixed interval with as many contacts as planned, 1.97 times with a tenth of them."""
    for contacts, wider in ((2500, 1.55), (250, 1.97)):
        arm, baseline = share_of(contacts, contacts // 2), share_of(contacts, contacts // 2)
        at_end = fixed(arm, baseline, is_share=True)
        at_any = always_valid(arm, baseline, is_share=True, planned=5000)
        assert at_end is not None
        assert at_any is not None
        assert at_any.high / at_end.high == pytest.approx(wider, abs=0.01)


def test_it_narrows_with_more_contacts() -> None:
    """Four times the contacts, about half the width."""
    widths = []
    for contacts in (500, 2000, 8000, 32_000):
        found = always_valid(
            share_of(contacts, contacts // 10), share_of(contacts, contacts // 10), is_share=True
        )
        assert found is not None
        widths.append(found.high)
    assert all(1.7 < one / other < 2.3 for one, other in pairwise(widths))


@pytest.mark.parametrize(
    ("arm", "baseline"),
    [
        (share_of(99, 50), share_of(5000, 2500)),
        (share_of(5000, 4), share_of(5000, 5)),
        (share_of(5000, 4996), share_of(5000, 4997)),
    ],
)
def test_nothing_is_said_of_few(arm: Moments, baseline: Moments) -> None:
    """Few contacts, few who did, few who did not."""
    assert fixed(arm, baseline, is_share=True) is None
    assert always_valid(arm, baseline, is_share=True) is None


def test_values_without_any_difference_among_them_tell_nothing() -> None:
    """Nobody bought anything in either arm."""
    assert fixed(Moments(500, 0.0, 0.0), Moments(500, 0.0, 0.0)) is None


def test_contacts_needed_are_what_textbooks_give() -> None:
    """From 10 to 12 percent, at 5 percent and a power of 80: 3,839 contacts in each arm (Fleiss)."""
    assert contacts_needed(0.10, 0.02) == pytest.approx(3839, abs=3)


@pytest.mark.parametrize(("per_peek", "rarity"), [(25, 1), (100, 3), (250, 5)])
def test_looking_twenty_times_finds_something_in_at_most_one_of_twenty_equal_experiments(
    per_peek: int, rarity: int
) -> None:
    """And a fixed horizon that is looked at so often finds far more: the simulation can tell."""
    by_fixed, by_always = false_findings(experiments=1000, peeks=20, per_peek=per_peek, rarity=rarity)
    assert by_always <= 50
    assert by_fixed > 100


def test_a_true_difference_is_found_while_looking() -> None:
    """10 against 13 percent, exactly so: zero is left before 10,000 contacts in each arm, and not at 300."""
    clear = [
        contacts
        for contacts in range(100, 10_001, 100)
        if (
            found := always_valid(
                share_of(contacts, contacts * 13 // 100), share_of(contacts, contacts // 10), is_share=True
            )
        )
        and found.is_above
    ]
    assert clear
    assert 1000 < clear[0] < 5000
