"""Orders lived through another program: what it grants, what is spent, ends, comes back, is owed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Order, OrderLine
from bot.core.ledger.entries import Account
from bot.core.loyalty.orders import priced
from bot.core.loyalty.program import Program
from bot.insights.order_files import PastOrder
from bot.insights.simulation import Assumptions, Outcome, simulate

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NEVER = Assumptions(pays=Fraction(0))


def program(**more: object) -> Program:
    written: dict[str, object] = {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "expiry": {"after": "30d"},
    }
    return Program.model_validate({**written, **more})


def bought(  # what tells one order from another here
    day: float,
    amount: int,
    member: str = "ana",
    *,
    category: str = "coffee",
    returned: int = 0,
    returned_on: float | None = None,
) -> PastOrder:
    line = OrderLine("X", "", 1, amount, category=category, returned_minor=returned)
    order = Order(f"{member}/{day}", "till", START + day * DAY, (line,), 0, status="paid")
    at = START + returned_on * DAY if returned_on is not None else None
    return PastOrder(member, priced(order), at)


def sums(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.granted_minor, outcome.spent_minor, outcome.expired_minor, outcome.outstanding_minor


def test_what_is_earned_pays_the_next_order_and_credit_earns_nothing() -> None:
    outcome = simulate(program(), "UTC", [bought(0, 10_000), bought(1, 10_000)])
    assert sums(outcome) == (500 + 475, 500, 0, 475)
    assert (outcome.orders, outcome.members, outcome.cash_minor) == (2, 1, 19_500)
    assert outcome.by_rule == {"base": 975}


def test_what_is_pending_or_has_ended_pays_nothing() -> None:
    pending = program(earning={"rate": "5%", "pending": "14d"})
    assert sums(simulate(pending, "UTC", [bought(0, 10_000), bought(13, 10_000)])) == (1000, 0, 0, 1000)
    late = [bought(0, 10_000), bought(40, 10_000)]
    assert sums(simulate(program(), "UTC", late)) == (1000, 0, 500, 500)


def test_who_never_pays_with_credit_lets_it_end() -> None:
    outcome = simulate(program(), "UTC", [bought(day, 10_000) for day in (0, 10, 60)], NEVER)
    assert sums(outcome) == (1500, 0, 1000, 500)
    assert outcome.spent_share == 0
    assert (outcome.to_be_spent_minor, outcome.deferred_minor) == (0, 0)


def test_joining_is_welcomed_once() -> None:
    welcoming = program(welcome={"credit": "5.00"})
    orders = [bought(0, 1000), bought(1, 1000), bought(1, 1000, "ben")]
    assert simulate(welcoming, "UTC", orders, NEVER).by_rule == {"welcome": 1000, "base": 150}
    assert simulate(welcoming, "UTC", orders, replace(NEVER, welcome=False)).by_rule == {"base": 150}


def test_a_fund_runs_out_in_the_order_of_time_whoever_comes() -> None:
    rules = {"rate": "5%", "rules": [{"id": "tea", "category": "tea", "multiplier": 2, "fund": "autumn"}]}
    limited = program(earning=rules, funds={"autumn": {"limit": "6.00"}})
    orders = [
        bought(0, 5_000, "ana", category="tea"),
        bought(1, 5_000, "ben", category="tea"),
        bought(2, 5_000, "ana", category="tea"),
    ]
    outcome = simulate(limited, "UTC", orders, NEVER)
    assert outcome.by_rule == {"base": 750, "tea": 600}
    assert outcome.desired_minor == 1500


def test_what_comes_back_takes_back_what_it_earned_and_restores_what_it_cost() -> None:
    orders = [bought(0, 10_000), bought(1, 10_000, returned=4_750, returned_on=3)]
    outcome = simulate(program(), "UTC", orders)
    # Half of what cash paid of the second came back, and with it half of its credit.
    assert (outcome.spent_minor, outcome.taken_back_minor) == (250, 237)
    assert sums(outcome) == (975, 250, 0, 975 - 250 - 237)


def test_what_was_spent_of_what_came_back_is_owed() -> None:
    orders = [bought(0, 10_000, returned=10_000, returned_on=2), bought(1, 10_000)]
    outcome = simulate(program(), "UTC", orders)
    assert outcome.taken_back_minor == 500
    assert outcome.outstanding_minor == 975 - 500 - 500


def test_orders_in_another_currency_are_left_out_and_counted() -> None:
    foreign = bought(1, 5_000)
    orders = [bought(0, 10_000), replace(foreign, order=replace(foreign.order, currency="EUR"))]
    outcome = simulate(program(), "UTC", orders)
    assert (outcome.orders, outcome.other_currency) == (1, 1)


def test_rebates_and_stamps_are_reckoned_too() -> None:
    card = {"id": "c", "name": "C", "category": "coffee", "buy": 8, "get": {"credit": "4.00"}}
    back = {"id": "back10", "rate": "10%", "spend_within": "30d"}
    more = program(earning={"rate": "5%", "cards": [card]}, rebates=[back])
    outcome = simulate(more, "UTC", [bought(0, 10_000)])
    assert outcome.by_rule == {"base": 500, "back10": 1000}
    assert sum(outcome.stamps.values()) == 1


def test_a_dearer_program_costs_more_on_the_same_orders() -> None:
    orders = [bought(day, 2_000 + 10 * day, f"m{day % 7}") for day in range(80)]
    half = Assumptions(pays=Fraction(1, 2))
    cheap, dear = (simulate(program(earning={"rate": rate}), "UTC", orders, half) for rate in ("5%", "10%"))
    assert cheap.orders == dear.orders == 80
    assert 1.9 < dear.granted_minor / cheap.granted_minor < 2.1
    assert dear.deferred_minor > cheap.deferred_minor > 0


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 20_000), st.sampled_from("abc"), st.integers(0, 100)),
        max_size=30,
    ),
    st.fractions(0, 1),
)
def test_nothing_is_lost_and_nothing_is_made(drawn: list[tuple[int, int, str, int]], pays: Fraction) -> None:
    orders = [
        bought(day, amount, member, returned=amount * share // 100, returned_on=day + share / 4)
        if share > 60
        else bought(day, amount, member)
        for day, amount, member, share in sorted(drawn)
    ]
    outcome = simulate(program(welcome={"credit": "5.00"}), "UTC", orders, Assumptions(pays))
    assert sum(outcome.accounts.values()) == 0
    assert outcome.granted_minor == (
        outcome.spent_minor + outcome.expired_minor + outcome.taken_back_minor + outcome.outstanding_minor
    )
    assert outcome.granted_minor == sum(outcome.by_rule.values()) == outcome.desired_minor
    assert min(outcome.spent_minor, outcome.expired_minor, outcome.taken_back_minor) >= 0
    assert outcome.accounts[Account.HELD] == 0
