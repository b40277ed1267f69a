"""What an order earns: exact in sum, fair by line."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.loyalty.earning import PaidLine, earned, spread

LINES = st.lists(
    st.builds(
        lambda gross, discount, credit, earns: PaidLine(
            gross, gross * discount // 100, (gross - gross * discount // 100) * credit // 100, earns
        ),
        st.integers(0, 10_000),
        st.integers(0, 100),
        st.integers(0, 100),
        st.booleans(),
    ),
    max_size=8,
)
RATES = st.fractions(0, 2, max_denominator=50)


def test_an_order_earns_on_the_cash_alone_and_is_floored_once() -> None:
    lines = [PaidLine(333), PaidLine(333), PaidLine(333, discount_minor=33, credit_minor=100)]
    assert earned(lines, Fraction(1, 20)).total_minor == 43  # of 866; line by line it would be 16 + 16 + 10
    assert earned(lines, Fraction(1, 20)).by_line_minor == (17, 16, 10)


def test_points_are_whole() -> None:
    assert earned([PaidLine(1999)], Fraction(1, 10), point_value_minor=100).total_minor == 100
    assert earned([PaidLine(999)], Fraction(1, 10), point_value_minor=100).total_minor == 0


def test_what_credit_paid_earns_nothing() -> None:
    assert earned([PaidLine(500, credit_minor=500)], Fraction(1)).total_minor == 0
    assert earned([PaidLine(500, earns=False)], Fraction(1)).total_minor == 0
    assert earned([], Fraction(1)).total_minor == 0


@given(LINES, RATES, st.sampled_from([1, 5, 100]))
def test_lines_sum_to_the_order_18(lines: list[PaidLine], rate: Fraction, point: int) -> None:
    result = earned(lines, rate, point)
    assert sum(result.by_line_minor) == result.total_minor
    assert result.total_minor % point == 0
    exact = sum(line.cash_minor for line in lines if line.earns) * rate
    assert result.total_minor <= exact < result.total_minor + point
    for line, share in zip(lines, result.by_line_minor, strict=True):
        assert line.cash_minor + line.discount_minor + line.credit_minor == line.gross_minor
        assert share == 0 or line.earns


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**4), min_size=1, max_size=10))
def test_a_spread_is_exact_and_fair_18(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        total = 0
    parts = spread(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        exact = Fraction(total * weight, sum(weights) or 1)
        assert abs(part - exact) < 1


@given(LINES, RATES, st.integers(2, 9))
def test_scaling_the_unit_scales_the_exact_share_24(
    lines: list[PaidLine], rate: Fraction, scale: int
) -> None:
    scaled = [
        PaidLine(line.gross_minor * scale, line.discount_minor * scale, line.credit_minor * scale, line.earns)
        for line in lines
    ]
    assert earned(scaled, rate, scale).total_minor == earned(lines, rate).total_minor * scale


def test_a_line_paid_beyond_its_price_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        earned([PaidLine(100, 60, 60)], Fraction(1))
