"""Amounts as clients write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import JsonValue
from bot.core.tracking.amounts import MINOR_MAX, NoAmount, in_minor, read_minor, read_number


@pytest.mark.parametrize(
    ("written", "exponent", "minor"),
    [
        (19.99, 2, 1999),
        (0.29, 2, 29),
        (1.005, 2, 101),  # a float of 1.00499999999999989…: what was written counts, and half a cent is up
        (13.299999999999999, 2, 1330),  # what 3 * 4.43 is in JavaScript, nearly
        ("19.99", 2, 1999),
        (" 7 ", 2, 700),
        ("1e3", 2, None),
        (1e3, 2, 100_000),
        (1e-7, 2, 0),
        (300, 0, 300),
        (1.5, 3, 1500),
        (-1, 2, None),
        (10**11, 2, None),
        ("1,234", 2, None),
        ("$5", 2, None),
        ("", 2, None),
        (True, 2, None),
        (None, 2, None),
        ([1], 2, None),
        (float("nan"), 2, None),
        (float("inf"), 2, None),
        ("٣", 2, None),
    ],
)
def test_reading(written: JsonValue, exponent: int, minor: int | None) -> None:
    if minor is not None:
        assert read_minor(written, exponent) == minor
    else:
        with pytest.raises(NoAmount):
            read_minor(written, exponent)


@given(st.integers(0, MINOR_MAX // 100), st.integers(0, 4))
def test_what_a_till_writes_as_a_float_is_read_exactly(minor: int, exponent: int) -> None:
    written = minor / 10**exponent
    assert read_minor(written, exponent) == minor
    assert read_minor(str(Decimal(minor).scaleb(-exponent)), exponent) == minor


def test_what_is_beyond_measure_is_said_in_few_words() -> None:
    with pytest.raises(NoAmount, match="is too much"):
        in_minor(read_number("9" * 24), 2)
