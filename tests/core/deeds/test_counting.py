"""What an order counts towards a level: less with each return, whatever credit pays, in one currency."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Order
from bot.core.deeds.tier_turns import counted
from bot.core.loyalty.tiers import Metric

AT = datetime(2026, 11, 23, tzinfo=UTC)
MINOR = st.integers(0, 10_000)


@given(MINOR, MINOR, st.tuples(MINOR, MINOR), MINOR)
def test_a_return_lowers_what_counts_and_never_below_nothing(
    cash: int, credit: int, returned: tuple[int, int], credit_back: int
) -> None:
    less, more = sorted(min(one, cash) for one in returned)
    order = Order("1", "pos", AT, (), cash + credit, credit, "paid", currency="USD", cash_minor=cash)
    once, then, wholly = (
        counted(replace(order, refunded_minor=cash_back, returned_credit_minor=min(credit_back, credit)))
        for cash_back in (less, more, cash)
    )
    assert 0 <= wholly.spend <= then.spend <= once.spend <= counted(order).spend == cash
    assert wholly.spend == 0
    assert counted(replace(order, refunded_minor=cash, returned_credit_minor=credit)).orders == 0
    assert wholly.orders <= then.orders <= once.orders <= 1


@given(MINOR, MINOR, MINOR)
def test_what_credit_does_later_moves_no_level(cash: int, paid_by_credit: int, more_credit: int) -> None:
    """It is counted by what was paid in cash: redeemed or ended, credit is no part of it."""
    order = Order("1", "pos", AT, (), cash, 0, "paid", currency="USD", cash_minor=cash)
    with_credit = replace(
        order, credit_minor=paid_by_credit + more_credit, total_minor=cash + paid_by_credit + more_credit
    )
    assert counted(with_credit).of(Metric.SPEND, "USD") == counted(order).of(Metric.SPEND, "USD") == cash
    assert counted(with_credit).of(Metric.SPEND, "JPY") == 0, "cents are no yen"
