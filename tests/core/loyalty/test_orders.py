"""What an order comes to, by line and in sum."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Order, OrderLine
from bot.core.loyalty.orders import (
    STATUSES,
    is_at_least,
    later,
    line_cash_minor,
    other_credit_minor,
    paid_with,
    priced,
    total_cash_minor,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def line(sku: str, quantity: int, unit_minor: int, discount_minor: int = 0) -> OrderLine:
    return OrderLine(sku, sku.title(), quantity, unit_minor, discount_minor=discount_minor)


def order(*lines: OrderLine, shipping: int = 0, tax: int = 0, credit: int = 0, discount: int = 0) -> Order:
    unpriced = Order(
        "b" * 32, "shop", NOW, lines, 0, credit_minor=credit, shipping_minor=shipping, tax_minor=tax
    )
    return priced(unpriced, discount)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Any order, partly paid with credit, shipping and tax included."""
    lines = []
    for number in range(draw(st.integers(1, 5))):
        quantity, unit = draw(st.integers(1, 4)), draw(st.integers(0, 2000))
        lines.append(line(f"sku{number}", quantity, unit, draw(st.integers(0, quantity * unit))))
    whole = order(*lines, shipping=draw(st.integers(0, 500)), tax=draw(st.integers(0, 500)))
    goods = sum(one.gross_minor - one.discount_minor for one in whole.lines)
    whole = priced(whole, draw(st.integers(0, goods)))
    return paid_with(whole, draw(st.integers(0, whole.total_minor)))


@given(orders())
def test_cash_credit_and_discounts_are_the_gross_by_line_and_in_sum(order: Order) -> None:
    for one in order.lines:
        assert line_cash_minor(one) + one.credit_minor + one.discount_minor == one.gross_minor
        assert min(line_cash_minor(one), one.credit_minor, one.discount_minor) >= 0
    goods = sum(one.gross_minor for one in order.lines)
    assert goods + order.shipping_minor + order.tax_minor == (
        total_cash_minor(order) + order.credit_minor + order.discount_minor
    )
    assert order.cash_minor == sum(map(line_cash_minor, order.lines))
    assert other_credit_minor(order) >= 0
    assert sum(one.credit_minor for one in order.lines) + other_credit_minor(order) == order.credit_minor


def test_credit_is_spread_over_the_lines_by_largest_remainder() -> None:
    paid = paid_with(order(line("a", 1, 100), line("b", 1, 100), line("c", 1, 100), shipping=50), 100)
    assert [one.credit_minor for one in paid.lines] == [34, 33, 33]
    assert (paid.cash_minor, total_cash_minor(paid)) == (200, 250)


def test_credit_pays_shipping_only_when_the_goods_are_paid() -> None:
    paid = paid_with(order(line("a", 1, 100), shipping=50, tax=8), 120)
    assert (paid.lines[0].credit_minor, other_credit_minor(paid), total_cash_minor(paid)) == (100, 20, 38)


def test_a_discount_on_the_whole_order_is_taken_off_its_lines() -> None:
    whole = order(line("a", 2, 500, 100), line("b", 1, 600), discount=150)
    assert [one.discount_minor for one in whole.lines] == [190, 60]
    assert (whole.discount_minor, whole.total_minor) == (250, 1350)


@pytest.mark.parametrize("said", list(permutations(STATUSES, 3)))
def test_a_status_that_comes_late_takes_nothing_back(said: tuple[str, ...]) -> None:
    assert later(later(said[0], said[1]), said[2]) == max(said, key=STATUSES.index)


def test_a_status_of_another_age_is_a_placed_order() -> None:
    assert later("received", "paid") == "paid"
    assert not is_at_least("received", "paid")
    assert is_at_least("fulfilled", "paid")
