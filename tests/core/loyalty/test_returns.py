"""What follows from what came back: tables of worked cases, and the law behind them."""

from dataclasses import replace
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Order
from bot.core.loyalty.earning import spread
from bot.core.loyalty.orders import line_cash_minor, paid_with
from bot.core.loyalty.returns import (
    Back,
    Return,
    reckoned,
    returned,
    share_of_credit,
    share_of_earned,
    shares,
)
from tests.core.loyalty.test_orders import line, order, orders

HALF = Fraction(1, 2)


def skus(**back: tuple[int, int]) -> Return:
    """So many came back, so much cash for them."""
    return Return({sku: Back(*of_it) for sku, of_it in back.items()})


TEA_AND_LATTE = paid_with(order(line("tea", 2, 350), line("latte", 1, 550), shipping=100), 500)
"""12.50 and 1.00 shipping, 5.00 of it paid with credit: 2.80 on the tea, 2.20 on the latte."""


@pytest.mark.parametrize(
    ("told", "by_line", "whole"),
    [
        (Return(), (0, 0), 0),
        (skus(tea=(1, 0)), (HALF, 0), 0),
        (skus(tea=(2, 0), latte=(1, 0)), (1, 1), 1),
        (skus(tea=(9, 0)), (1, 0), 0),
        (skus(tea=(0, 210)), (HALF, 0), 0),
        (skus(tea=(1, 420)), (1, 0), 0),
        (skus(beans=(1, 100)), (0, 0), 0),
        (Return(amount_minor=425), (0, 0), HALF),
        (Return(amount_minor=850), (1, 1), 1),
        (Return(amount_minor=9999), (1, 1), 1),
        (replace(skus(latte=(1, 0)), amount_minor=425), (0, 1), HALF),
        (Return(is_all=True), (1, 1), 1),
        # Refunds told each by itself add up; with what was told at once, the more counts.
        (Return(parts={"r1": skus(tea=(1, 0)), "r2": skus(tea=(1, 0))}), (1, 0), 0),
        (Return(parts={"r1": Return(amount_minor=400), "r2": Return(amount_minor=25)}), (0, 0), HALF),
        (Return(amount_minor=425, parts={"r1": Return(amount_minor=25)}), (0, 0), HALF),
        (Return(parts={"r1": Return(is_all=True)}), (1, 1), 1),
    ],
)
def test_how_much_of_each_line_came_back(
    told: Return, by_line: tuple[Fraction, ...], whole: Fraction
) -> None:
    found = shares(returned(TEA_AND_LATTE, told))
    assert (found.by_line, found.whole) == (by_line, whole)


@pytest.mark.parametrize(
    ("amount", "back"), [(0, 5000), (4000, 5000), (5000, 5000), (7500, 7500), (10_000, 10_000)]
)
def test_cash_for_the_whole_has_its_lines_in_it(amount: int, back: int) -> None:
    """The same return told by line and as cash is one return, whichever is told first."""
    sold = order(line("tea", 1, 5000), line("latte", 1, 5000))
    by_line, in_cash = skus(tea=(1, 0)), Return(amount_minor=amount)
    after = reckoned(returned(returned(sold, by_line), in_cash))
    assert after.refunded_minor == back
    assert share_of_earned(after, (250, 250)) == Fraction(back, 10_000)
    assert reckoned(returned(returned(sold, in_cash), by_line)) == after


def test_a_refund_told_by_itself_is_the_same_one_when_it_is_told_again() -> None:
    sold = order(line("tea", 4, 100))
    once = returned(sold, Return(parts={"r1": skus(tea=(1, 0))}))
    assert returned(once, Return(parts={"r1": skus(tea=(1, 0))})) == once
    assert returned(once, Return(parts={"r2": skus(tea=(1, 0))})).lines[0].returned_quantity == 2
    told = Return(skus(tea=(1, 5)).by_sku, 7, parts={"r1": Return(is_all=True)})
    assert Return.from_json(told.to_json()) == told


def test_what_stands_in_two_lines_comes_back_from_the_first() -> None:
    twice = order(line("tea", 1, 350), line("tea", 2, 350))
    assert shares(returned(twice, skus(tea=(2, 0)))).by_line == (Fraction(1), HALF)
    assert [one.returned_quantity for one in returned(twice, skus(tea=(2, 0))).lines] == [1, 1]


@pytest.mark.parametrize(
    ("told", "restored", "earned_back"),
    [
        (skus(tea=(1, 0)), 140, 12),  # half of what was paid on, and earned with, the tea
        (skus(tea=(2, 0)), 280, 24),
        (skus(latte=(1, 0)), 220, 18),
        (skus(tea=(2, 0), latte=(1, 0)), 500, 42),
        (Return(amount_minor=425), 250, 21),
    ],
)
def test_credit_and_earnings_follow_the_line_that_came_back(
    told: Return, restored: int, earned_back: int
) -> None:
    after = returned(TEA_AND_LATTE, told)
    assert int(500 * share_of_credit(after)) == restored
    assert int(42 * share_of_earned(after, (24, 18))) == earned_back


def test_fifty_points_never_lose_a_hundred() -> None:
    """What the rule says today is not asked: half of 50 is 25, whatever a point is worth by now."""
    half = returned(order(line("tea", 2, 2500)), skus(tea=(1, 0)))
    assert int(50 * share_of_earned(half, (50,))) == 25


def test_a_bonus_for_the_whole_order_goes_by_what_its_lines_cost() -> None:
    after = returned(TEA_AND_LATTE, skus(latte=(1, 0)))
    assert share_of_earned(after, ()) == Fraction(330, 750)
    free = returned(order(line("tea", 1, 0), line("bun", 3, 0)), skus(tea=(1, 0)))
    assert share_of_earned(free, ()) == Fraction(1, 4)


def test_what_shipping_earned_goes_back_with_the_whole_order_alone() -> None:
    after = returned(TEA_AND_LATTE, skus(tea=(2, 0)))
    assert share_of_earned(after, (0, 0, 10)) == 0
    assert share_of_earned(returned(after, Return(is_all=True)), (0, 0, 10)) == 1


def test_credit_that_paid_the_shipping_goes_back_when_everything_does() -> None:
    paid = paid_with(order(line("tea", 2, 350), shipping=100), 750)
    assert int(750 * share_of_credit(returned(paid, skus(tea=(1, 0))))) == 350
    assert share_of_credit(returned(paid, skus(tea=(2, 0)))) == 1


def test_a_status_says_it_all() -> None:
    assert returned(TEA_AND_LATTE, skus(tea=(2, 0), latte=(1, 0))).status == "refunded"
    assert returned(TEA_AND_LATTE, skus(tea=(2, 0))).status == "placed"
    canceled = replace(TEA_AND_LATTE, status="canceled")
    assert share_of_credit(canceled) == 1
    assert reckoned(canceled).refunded_minor == TEA_AND_LATTE.cash_minor == 750


@pytest.mark.parametrize(
    ("told", "cash", "credit"),
    [
        (Return(), 0, 0),
        (skus(tea=(1, 0)), 210, 140),
        (skus(tea=(2, 300)), 420, 280),
        (Return(amount_minor=425), 375, 250),  # half of it, and half of the 1.00 for shipping
        (Return(is_all=True), 750, 500),
    ],
)
def test_what_a_return_comes_to_for_the_goods(told: Return, cash: int, credit: int) -> None:
    after = reckoned(returned(TEA_AND_LATTE, told))
    assert (after.refunded_minor, after.returned_credit_minor) == (cash, credit)


def test_a_refund_before_the_credit_is_captured_says_the_same_afterwards() -> None:
    unpaid = order(line("tea", 2, 350), line("latte", 1, 550), shipping=100)
    told = skus(tea=(1, 600))
    early = paid_with(returned(unpaid, told), 500)
    assert early == returned(TEA_AND_LATTE, told)


# The law, over all orders and everything that may be told of them


@st.composite
def tellings(draw: st.DrawFn) -> tuple[Order, list[Return]]:
    whole = draw(orders())
    told = []
    for _ in range(draw(st.integers(1, 5))):
        by_sku = {
            one.sku: Back(draw(st.integers(0, one.quantity + 1)), draw(st.integers(0, one.gross_minor)))
            for one in whole.lines
            if draw(st.booleans())
        }
        one_told = Return(by_sku, draw(st.integers(0, whole.total_minor)) * draw(st.integers(0, 1)))
        part = draw(st.sampled_from(["", "", "r1", "r2"]))
        told.append(Return(parts={part: one_told}) if part else one_told)
    return whole, told


@given(tellings(), st.data())
def test_the_order_and_number_of_reports_are_moot(
    case: tuple[Order, list[Return]], data: st.DataObject
) -> None:
    whole, told = case
    shuffled = data.draw(st.permutations([*told, *data.draw(st.lists(st.sampled_from(told), max_size=3))]))
    expected = returned(whole, reduce(Return.__or__, told))
    assert reduce(returned, shuffled, whole) == expected
    assert returned(whole, reduce(Return.__or__, shuffled)) == expected


@given(tellings(), st.lists(st.integers(0, 500), min_size=5, max_size=5))
def test_shares_only_rise_and_end_at_all_of_it(case: tuple[Order, list[Return]], grants: list[int]) -> None:
    whole, told = case
    by_line = tuple(grants[: len(whole.lines)])
    before, after = whole, whole
    for one in told:
        before, after = after, returned(after, one)
        assert 0 <= share_of_credit(before) <= share_of_credit(after) <= 1
        assert 0 <= share_of_earned(before, by_line) <= share_of_earned(after, by_line) <= 1
        assert reckoned(before).refunded_minor <= reckoned(after).refunded_minor <= after.cash_minor
    everything = returned(after, Return(is_all=True))
    assert share_of_credit(everything) == (1 if whole.credit_minor else 0)
    assert share_of_earned(everything, by_line) == 1


@given(orders(), st.integers(1, 10_000), st.data())
def test_a_return_of_one_line_takes_its_share_within_one_unit(
    whole: Order, granted: int, data: st.DataObject
) -> None:
    cash = [line_cash_minor(one) for one in whole.lines]
    if not sum(cash):
        return
    by_line = spread(granted, cash)
    number = data.draw(st.integers(0, len(cash) - 1))
    after = returned(whole, Return({f"sku{number}": Back(whole.lines[number].quantity)}))
    taken = int(granted * share_of_earned(after, by_line))
    assert taken == (granted if after.status == "refunded" else by_line[number])
