"""What rules would have cost, reckoned on orders that there were."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.core.contact import Order, OrderLine
from bot.core.loyalty.costing import Cost, MemberOrders, Reckoning, cost_of, moved, tiers_of, undated
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.program import Program

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TODAY = NOW.date()


def program(**changes: object) -> Program:
    written = {
        "program": "Leaf",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
    }
    return Program.model_validate(written | changes)


def order(number: int, cash: int = 1000, status: str = "paid", days_ago: int = 0) -> Order:
    line = OrderLine("TEA", "Tea", 1, cash, category="tea")
    at = NOW - timedelta(days=days_ago)
    return Order(f"{number:032x}", "shop", at, (line,), cash, status=status, cash_minor=cash)


def member(*orders: Order, tier: str | None = None) -> MemberOrders:
    return MemberOrders(MemberFacts(date.min, date(2026, 1, 1), tier=tier), orders)


MEMBERS = [
    member(order(1), order(2, days_ago=-1), order(3, status="canceled")),
    member(order(4, 3000), tier="gold"),
    member(),
]


def test_it_counts_orders_members_and_credit_by_rule() -> None:
    rules = [
        {"id": "first", "credit": 1, "for": {"first_order": True}},
        {"id": "gold", "rate": "1%", "for": {"tier": "gold"}},
    ]
    cost = cost_of(program(earning={"rate": "5%", "rules": rules}), MEMBERS, "UTC")
    assert cost == Cost(3, 2, 480, Counter(base=250, first=200, gold=30), 480)


def test_older_orders_earn_nothing_but_are_known() -> None:
    rules = [
        {"id": "first", "credit": 1, "for": {"first_order": True}},
        {"id": "again", "credit": 2, "repeat": {"nth": 2, "within": "30d"}},
    ]
    reckoning = Reckoning(program(earning={"rules": rules}), "UTC", NOW - timedelta(days=9))
    assert reckoning.add(member(order(1, days_ago=20), order(2))) == 200
    assert reckoning.add(member(order(3, days_ago=20))) == 0
    assert (reckoning.cost.orders, reckoning.cost.members) == (1, 1)


def test_funds_and_caps_hold_for_all_members_together() -> None:
    earning = {"rules": [{"id": "tea", "rate": "50%", "fund": "tea"}]}
    cost = cost_of(program(earning=earning, funds={"tea": {"limit": 12}}), MEMBERS, "UTC")
    assert (cost.credit_minor, cost.desired_minor) == (1200, 2500)


def test_another_currency_earns_nothing_here() -> None:
    euros = member(replace(order(1), currency="EUR"))
    assert cost_of(program(), [euros], "UTC").credit_minor == 0


def test_what_is_to_come_is_foreseen_as_if_it_held_already() -> None:
    rules = [
        {"id": "soon", "rate": "1%", "from": "2027-01-01", "until": "2027-01-31"},
        {"id": "over", "rate": "1%", "from": "2026-01-01", "until": "2026-01-31"},
    ]
    written = program(earning={"rate": "5%", "rules": rules})
    assert cost_of(written, MEMBERS, "UTC").by_rule == Counter(base=250)
    assert cost_of(undated(written, TODAY), MEMBERS, "UTC").by_rule == Counter(base=250, soon=50)


def test_tiers_are_reached_by_what_was_bought_and_kept() -> None:
    levels = [{"id": "silver", "name": "Silver", "spend": 20}, {"id": "gold", "name": "Gold", "spend": 30}]
    tiers = program(tiers={"levels": levels, "per": "year"}).tiers
    last_year = order(9, 9000, days_ago=400)
    assert [tiers_of(tiers, one, "UTC", TODAY, currency="USD") for one in MEMBERS] == [None, "gold", None]
    assert tiers_of(tiers, member(order(1), order(2), last_year), "UTC", TODAY, currency="USD") == "silver"
    back = replace(order(2), refunded_minor=1)
    assert tiers_of(tiers, member(order(1), back), "UTC", TODAY, currency="USD") is None
    by_orders = program(tiers={"levels": [{"id": "two", "name": "Two", "orders": 2}], "within": "90d"}).tiers
    assert tiers_of(by_orders, member(order(1), order(2)), "UTC", TODAY, currency="USD") == "two"
    assert tiers_of(None, MEMBERS[1], "UTC", TODAY, currency="USD") is None
    yen = replace(order(2), currency="JPY")
    assert tiers_of(tiers, member(order(1), yen), "UTC", TODAY, currency="USD") is None, "yen are no cents"
    assert tiers_of(by_orders, member(order(1), yen), "UTC", TODAY, currency="USD") == "two"


def test_who_moves_is_counted_by_from_and_to() -> None:
    before = {"a": "gold", "b": None, "c": "silver"}
    after = {"a": "gold", "b": "silver", "c": None, "d": "gold"}
    assert moved(before, after) == Counter({("", "silver"): 1, ("silver", ""): 1, ("", "gold"): 1})
