"""Deferred revenue by the worked example that KPMG gives for IFRS 15, and at its edges."""

from fractions import Fraction

import pytest

from bot.insights.liability import allocated, half_up, recognised


def test_credit_takes_its_part_of_the_price() -> None:
    # IFRS 15, example 52: 100,000 of sales with points worth 9,500 alone.
    assert half_up(allocated(100_000, 100_000, Fraction(9_500))) == 8_676
    assert allocated(0, 0, Fraction(0)) == 0


@pytest.mark.parametrize(("expected", "third_year"), [(9_900, 3_552), (9_200, 4_140)])
def test_it_becomes_revenue_as_it_is_spent_of_what_is_expected(expected: int, third_year: int) -> None:
    # 10,000 points were allocated 9,000; of them 4,500 are spent in year 2 and 4,000 in year 3:
    # http://hozir.org/revenue--ifrs-15-handbook.html?page=279
    for_points = Fraction(9_000)
    second = recognised(for_points, 4_500, Fraction(9_700))
    assert half_up(second) == 4_175
    third = recognised(for_points, 8_500, Fraction(expected)) - second
    assert half_up(third) == third_year


def test_no_more_becomes_revenue_than_was_allocated() -> None:
    assert recognised(Fraction(100), 300, Fraction(200)) == 100
    assert recognised(Fraction(100), 0, Fraction(0)) == 100


@pytest.mark.parametrize(("exact", "rounded"), [("0.5", 1), ("1.49", 1), ("-0.5", -1), ("2", 2)])
def test_a_half_is_rounded_away_from_nothing(exact: str, rounded: int) -> None:
    assert half_up(Fraction(exact)) == rounded
