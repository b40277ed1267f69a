"""The real year is whole: every order and line of it, to the cent."""

import itertools

import pytest

from benchmarks import completejourney

pytestmark = pytest.mark.skipif(
    not completejourney.is_loaded(),
    reason="the year is not in the cache: `python -m benchmarks.refill --quick` fetches it",
)


def test_the_year_is_whole() -> None:
    orders, households, lines, cash_minor = 0, set(), 0, 0
    for order in completejourney.orders():
        orders += 1
        households.add(order.household)
        lines += len(order.lines)
        cash_minor += sum(line.cash_minor for line in order.lines)
    assert (orders, len(households), lines) == (
        completejourney.ORDERS,
        completejourney.HOUSEHOLDS,
        completejourney.LINES,
    )
    assert cash_minor == 459_603_958  # sales_value of all transactions, in cents


def test_orders_come_in_the_order_of_time_and_no_line_is_paid_more_than_it_costs() -> None:
    first = list(itertools.islice(completejourney.orders(), 5_000))
    assert first == sorted(first, key=lambda order: order.placed_at)
    assert str(first[0].placed_on) == "2017-01-01"
    assert all(0 <= line.cash_minor <= line.gross_minor for order in first for line in order.lines)
