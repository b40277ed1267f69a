"""What orders and events earn: worked tables, and the laws that hold whatever the rules are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.contact import Event
from bot.core.loyalty.earnings import earn_for_event, earn_for_order, paid_minor
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.funds import Fund, FundPeriod, period_of, period_start
from bot.core.loyalty.gains import Because, Earnings, Limit, Sale, SoldLine, Terms, because_of
from bot.core.loyalty.reckoned import ReckonedFunds, ReckonedPast
from bot.core.loyalty.rules import Base, Cap, Earning

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
ANA = MemberFacts(today=date(2026, 11, 24), joined_on=date(2026, 11, 1), tier="gold")
TEA = SoldLine("TEA", "tea", 1, 1000)
BUN = SoldLine("BUN", "bakery", 2, 799)


def terms(point_minor: int = 1, funds: Mapping[str, object] | None = None, **earning: object) -> Terms:
    section = Earning.model_validate(earning)
    found = {name: Fund.model_validate(written) for name, written in (funds or {}).items()}
    return Terms(section, point_minor, "America/New_York", found, section.caps)


def sale(*lines: SoldLine, number: int = 1, days: float = 0, currency: str = "USD", source: str = "") -> Sale:
    return Sale(f"order {number}", NOW + timedelta(days=days), currency, lines, source)


def earn(
    rules: Terms,
    order: Sale,
    past: ReckonedPast | None = None,
    funds: ReckonedFunds | None = None,
    member: MemberFacts = ANA,
) -> Earnings:
    found = earn_for_order(
        rules,
        order,
        member,
        past if past is not None else ReckonedPast(),
        (funds or ReckonedFunds()).take,
        order.placed_at,
    )
    if past is not None:
        past.keep(found, order.placed_at, order)
    return found


def by_rule(earnings: Earnings) -> dict[str, int]:
    return {gain.rule: gain.granted for gain in earnings.gains}


def test_a_rate_alone_is_a_rule_called_base() -> None:
    found = earn(terms(rate="5%"), sale(TEA, BUN))
    assert by_rule(found) == {"base": 89}  # 5 % of 17.99, floored once
    assert found.gains[0].by_line == (49, 40)
    assert found.base_minor == 1799


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"id": "tea", "category": "tea", "rate": "3%"}], {"base": 89, "tea": 30}),
        ([{"id": "tea", "sku": "TEA", "rate": "3%"}], {"base": 89, "tea": 30}),
        ([{"id": "tea", "category": ["tea", "bakery"], "multiplier": 2}], {"base": 90, "tea": 89}),
        ([{"id": "each", "category": "bakery", "credit": "0.25", "each": True}], {"base": 89, "each": 50}),
        ([{"id": "step", "credit": "0.50", "per_spent": "8.00"}], {"base": 89, "step": 100}),
        ([{"id": "once", "credit": "2.00", "at_least": "17.99"}], {"base": 89, "once": 200}),
        ([{"id": "once", "credit": "2.00", "at_least": "18.00"}], {"base": 89}),
        ([{"id": "once", "credit": "2.00", "category": "tea", "at_least": "10.01"}], {"base": 89}),
        ([{"id": "gold", "rate": "1%", "for": {"tier": "gold"}}], {"base": 89, "gold": 18}),
        ([{"id": "new", "credit": "1.00", "for": {"first_order": True}}], {"base": 89, "new": 100}),
        ([{"id": "text", "rate": "5%", "source": "sms"}], {"base": 89}),
        ([{"id": "late", "rate": "5%", "from": "2026-11-25"}], {"base": 89}),
        ([{"id": "gone", "rate": "5%", "until": "2026-11-23"}], {"base": 89}),
        ([{"id": "now", "rate": "5%", "from": "2026-11-24", "until": "2026-11-24"}], {"base": 90, "now": 89}),
    ],
)
def test_what_a_rule_adds(rules: list[dict[str, Any]], expected: dict[str, int]) -> None:
    assert by_rule(earn(terms(rate="5%", rules=rules), sale(TEA, BUN))) == expected


@pytest.mark.parametrize(
    ("stacking", "expected"),
    [
        ("additive", {"base": 50, "a": 50, "b": 100}),  # 1 + (2 - 1) + (3 - 1) = 4 times
        ("best_of", {"base": 50, "b": 100}),
        ("multiplicative", {"base": 50, "a": 50, "b": 200}),  # 6 times
    ],
)
def test_how_multipliers_stack(stacking: str, expected: dict[str, int]) -> None:
    rules = [{"id": "b", "multiplier": 3}, {"id": "a", "multiplier": 2}]
    assert by_rule(earn(terms(rate="5%", stacking=stacking, rules=rules), sale(TEA))) == expected


def test_of_a_group_only_the_best_counts_line_by_line() -> None:
    rules = [
        {"id": "all", "rate": "5%", "group": "rate"},
        {"id": "tea", "rate": "8%", "category": "tea", "group": "rate"},
        {"id": "weekend", "multiplier": 2, "group": "bonus"},
        {"id": "gold", "multiplier": 3, "group": "bonus", "for": {"tier": "gold"}},
    ]
    found = by_rule(earn(terms(rules=rules), sale(TEA, BUN)))
    assert found == {"all": 40, "tea": 80, "gold": 239}


def test_a_multiplier_multiplies_rates_and_no_fixed_credit() -> None:
    rules = [{"id": "gift", "credit": "1.00"}, {"id": "twice", "multiplier": 2}]
    assert by_rule(earn(terms(rate="5%", rules=rules), sale(TEA))) == {"base": 50, "gift": 100, "twice": 50}


def test_repeat_purchases_of_a_category_earn_more() -> None:
    rules = [{"id": "again", "multiplier": 2, "repeat": {"nth": 2, "within": "30d"}}]
    program, past = terms(rate="10%", rules=rules), ReckonedPast()
    assert by_rule(earn(program, sale(TEA, BUN, number=1, days=0), past)) == {"base": 179}
    only_tea = earn(program, sale(TEA, number=2, days=10), past)
    assert by_rule(only_tea) == {"again": 100, "base": 100}
    other = earn(program, sale(replace(TEA, category="coffee"), number=3, days=11), past)
    assert by_rule(other) == {"base": 100}
    assert by_rule(earn(program, sale(TEA, number=4, days=41), past)) == {"base": 100}, "31 days later"


def test_an_order_that_is_told_again_is_not_its_own_repetition() -> None:
    rules = [{"id": "again", "credit": 1, "repeat": {"nth": 2, "within": "30d"}}]
    past = ReckonedPast()
    order = sale(TEA)
    assert earn(terms(rules=rules), order, past).total() == 0
    assert earn(terms(rules=rules), order, past).total() == 0


def test_the_third_and_no_other_where_it_says_so() -> None:
    rules = [
        {
            "id": "third",
            "credit": "1.00",
            "sku": "TEA",
            "repeat": {"nth": 3, "within": "30d", "onwards": False},
        }
    ]
    program, past = terms(rules=rules), ReckonedPast()
    found = [earn(program, sale(TEA, number=day, days=day), past).total() for day in range(5)]
    assert found == [0, 0, 100, 0, 0]


@pytest.mark.parametrize(
    ("switches", "paid"),
    [
        ({}, [700, 0, 0, 0]),
        ({"tax": True}, [800, 0, 0, 150]),
        ({"shipping": True}, [700, 500, 0, 0]),
        ({"gift_cards": True}, [700, 0, 2000, 0]),
        ({"discounts": True}, [800, 0, 0, 0]),
        ({"credit": True}, [800, 0, 0, 0]),
        ({"except_sku": "TEA"}, [0, 0, 0, 0]),
        ({"except_category": ["tea", "toys"]}, [0, 0, 0, 0]),
    ],
)
def test_what_counts_as_paid(switches: dict[str, Any], paid: list[int]) -> None:
    lines = (
        SoldLine("TEA", "tea", 1, 1000, discount_minor=100, credit_minor=100, tax_minor=100),
        SoldLine("", "", 1, 500, kind="shipping"),
        SoldLine("CARD", "cards", 1, 2000, kind="gift_card"),
        SoldLine("", "", 1, 150, kind="tax"),
    )
    assert [paid_minor(line, Base.model_validate(switches)) for line in lines] == paid
    assert paid_minor(replace(lines[0], earns=False), Base.model_validate(switches)) == 0


def test_a_cut_says_what_it_would_have_been_and_why() -> None:
    rules = [{"id": "gift", "credit": "3.00"}]
    found = earn(terms(rate="10%", rules=rules, caps=[{"per": "order", "most": "2.00"}]), sale(TEA))
    assert [(gain.rule, gain.desired, gain.granted) for gain in found.gains] == [
        ("base", 100, 50),
        ("gift", 300, 150),
    ]
    assert found.gains[1].because == (Because(Limit.CAP, 150, "order", 200),)
    text = found.gains[1].because[0].as_text()
    assert text == "cap order 200 -150"
    assert because_of(text) == found.gains[1].because[0]


def test_caps_of_a_day_begin_again_at_the_shops_midnight() -> None:
    program, past = terms(rate="10%", caps=[{"per": "day", "most": "1.50"}]), ReckonedPast()
    hours = (0, 1, 10)  # 15:00, 16:00 and 01:00 in New York
    found = [earn(program, sale(TEA, number=n, days=h / 24), past).total() for n, h in enumerate(hours)]
    assert found == [100, 50, 100]


def test_a_rule_gives_as_often_as_it_may() -> None:
    limited = [{"id": "gift", "credit": "1.00", "most": {"per": "member", "times": 2}}]
    program, past = terms(rules=limited), ReckonedPast()
    found = [earn(program, sale(TEA, number=n, days=n), past) for n in range(3)]
    assert [each.total() for each in found] == [100, 100, 0]
    assert found[2].gains[0].because == (Because(Limit.TIMES, 100, "member", 2),)


def test_a_rule_gives_as_much_as_it_may() -> None:
    limited = [{"id": "tenth", "rate": "10%", "most": {"per": "month", "credit": "1.50"}}]
    program, past = terms(rules=limited), ReckonedPast()
    found = [earn(program, sale(TEA, number=n, days=n), past) for n in range(3)]
    assert [each.total() for each in found] == [100, 50, 0]
    assert found[1].gains[0].because == (Because(Limit.CREDIT, 50, "month", 150),)
    assert earn(program, sale(TEA, number=9, days=10), past).total() == 100, "in December"


def test_a_fund_gives_what_is_left_of_it() -> None:
    rules = [{"id": "a", "credit": "1.00", "fund": "autumn"}, {"id": "b", "credit": "3.00", "fund": "autumn"}]
    program = terms(rules=rules, funds={"autumn": {"limit": "5.00", "per": "month"}})
    funds = ReckonedFunds()
    assert by_rule(earn(program, sale(TEA), funds=funds)) == {"a": 100, "b": 300}
    second = earn(program, sale(TEA), funds=funds)
    assert by_rule(second) == {"a": 25, "b": 75}
    assert second.gains[0].because == (Because(Limit.FUND, 75, "autumn", 500),)
    assert earn(program, sale(TEA), funds=funds).total() == 0
    assert funds.taken == {"budget/autumn/2026-11": 500}
    assert earn(program, sale(TEA, days=10), funds=funds).total() == 400, "December has its own"


def test_nothing_is_taken_from_a_fund_that_a_cap_keeps_back() -> None:
    rules = [{"id": "a", "credit": "4.00", "fund": "autumn"}]
    program = terms(rules=rules, funds={"autumn": {"limit": "5.00"}}, caps=[{"per": "order", "most": "1.00"}])
    funds = ReckonedFunds()
    assert earn(program, sale(TEA), funds=funds).total() == 100
    assert funds.taken == {"budget/autumn/all": 100}


def test_an_order_in_another_currency_earns_by_rates_alone() -> None:
    rules = [
        {"id": "gift", "credit": "1.00"},
        {"id": "fund", "rate": "5%", "fund": "autumn"},
        {"id": "twice", "multiplier": 2},
    ]
    program = terms(rate="5%", rules=rules, funds={"autumn": {"limit": "5.00"}}, cards=[a_card()])
    euros = replace(program, wallet="EUR", is_own_currency=False, caps=())
    found = earn(euros, sale(TEA, currency="EUR"))
    assert [(gain.wallet, gain.rule, gain.granted) for gain in found.gains] == [
        ("EUR", "base", 50),
        ("EUR", "twice", 50),
    ]
    assert found.left_out == {"gift": "currency", "fund": "currency"}


def test_it_says_why_a_rule_of_today_gives_nothing() -> None:
    rules = [
        {"id": "vip", "rate": "1%", "for": {"tier": "platinum"}},
        {"id": "sms", "rate": "1%", "source": "sms"},
        {"id": "big", "rate": "1%", "at_least": "99.00"},
        {"id": "toys", "rate": "1%", "category": "toys"},
    ]
    left_out = earn(terms(rules=rules), sale(TEA)).left_out
    assert left_out == {"vip": "tier", "sms": "source", "big": "at_least"}


# Events

REVIEW = {
    "id": "review",
    "event": "Product Reviewed",
    "where": {"stars": "> 0"},
    "credit": "1.00",
    "most": {"per": "member", "times": 2},
    "proof": "review.id",
}


def reviewed(number: int | None, stars: int = 5) -> Event:
    return Event("Product Reviewed", NOW, {"stars": stars, "review": {"id": number}})


def hear(rules: Terms, event: Event, past: ReckonedPast | None = None, member: MemberFacts = ANA) -> Earnings:
    past = past if past is not None else ReckonedPast()
    found = earn_for_event(rules, event, member, past, ReckonedFunds().take, NOW)
    past.keep(found, NOW)
    return found


def test_an_event_earns_where_its_properties_fit() -> None:
    program = terms(rules=[REVIEW])
    assert [(gain.rule, gain.granted, gain.proof) for gain in hear(program, reviewed(7)).gains] == [
        ("review", 100, "7")
    ]
    assert hear(program, reviewed(7, stars=0)).gains == ()
    assert hear(program, replace(reviewed(7), name="Other")).gains == ()
    past = ReckonedPast()
    assert hear(program, reviewed(7), past).total() == 100
    again = hear(program, reviewed(7), past)
    assert again.left_out == {"review": "proven_before"}
    assert hear(program, reviewed(None)).left_out == {"review": "proof"}
    assert hear(program, reviewed(7), member=replace(ANA, joined_on=None)).left_out == {
        "review": "not_a_member"
    }


def test_an_event_rule_is_limited_like_any_other() -> None:
    past = ReckonedPast()
    program = terms(rules=[REVIEW], caps=[{"per": "day", "most": "1.50"}])
    found = [hear(program, reviewed(number), past) for number in range(3)]
    assert [each.total() for each in found] == [100, 50, 0]
    assert found[2].gains[0].because == (Because(Limit.TIMES, 100, "member", 2),)


def test_an_order_rule_hears_no_events_and_an_event_rule_no_orders() -> None:
    program = terms(rate="5%", rules=[REVIEW])
    assert by_rule(earn(program, sale(TEA))) == {"base": 50}
    assert hear(program, Event("Order Completed", NOW)).gains == ()


# Stamps


def a_card(**changes: object) -> dict[str, Any]:
    return {
        "id": "coffee",
        "name": "Coffee card",
        "category": "coffee",
        "buy": 8,
        "get": {"credit": "4.00"},
    } | changes


def test_every_coffee_is_a_stamp_and_the_free_one_is_none() -> None:
    latte = SoldLine("LATTE", "coffee", 3, 1650)
    free = SoldLine("LATTE", "coffee", 1, 550, credit_minor=550)
    found = earn(terms(cards=[a_card()]), sale(latte, TEA, free))
    assert [(gain.wallet, gain.granted, gain.by_line) for gain in found.gains] == [
        ("card/coffee", 3, (3, 0, 0))
    ]


def test_a_card_may_stamp_orders_and_only_so_many_a_day() -> None:
    latte = SoldLine("LATTE", "coffee", 3, 1650)
    assert earn(terms(cards=[a_card(per="order")]), sale(TEA, latte, latte)).gains[0].by_line == (0, 1, 0)
    program, past = terms(cards=[a_card(most_a_day=4)]), ReckonedPast()
    assert earn(program, sale(latte, number=1), past).gains[0].granted == 3
    second = earn(program, sale(TEA, latte, number=2), past).gains[0]
    assert (second.desired, second.granted, second.by_line) == (3, 1, (0, 1))
    assert second.because == (Because(Limit.TIMES, 2, "day", 4),)


# Periods


@pytest.mark.parametrize(
    ("per", "name", "start"),
    [
        ("day", "2027-01-01", datetime(2027, 1, 1, 5, tzinfo=UTC)),
        ("week", "2026-W53", datetime(2026, 12, 28, 5, tzinfo=UTC)),
        ("month", "2027-01", datetime(2027, 1, 1, 5, tzinfo=UTC)),
        ("year", "2027", datetime(2027, 1, 1, 5, tzinfo=UTC)),
        ("all", "all", None),
    ],
)
def test_periods_are_the_shops(per: FundPeriod, name: str, start: datetime | None) -> None:
    assert period_of(per, date(2027, 1, 1)) == name
    assert period_start(per, datetime(2027, 1, 2, 2, tzinfo=UTC), "America/New_York") == start


# Laws

RATES = st.sampled_from(["1%", "5%", "1/3", "7/90", "12.5%"])
SCOPES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"category": "tea"}, {"sku": ["BUN", "TEA"]}]
)
GIFTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    RATES.map(lambda rate: {"rate": rate}),
    st.sampled_from(["3/2", "2", "10/3"]).map(lambda factor: {"multiplier": factor}),
    st.sampled_from(["0.10", "2.50"]).map(lambda credit: {"credit": credit}),
    st.just({"credit": "0.33", "each": True}),
    st.just({"credit": "0.70", "per_spent": "3.00"}),
)
LIMITS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"most": {"per": "day", "times": 2}}, {"most": {"per": "member", "credit": "1.07"}}, {"fund": "f"}]
)
RULES = st.lists(st.tuples(GIFTS, SCOPES, LIMITS), min_size=1, max_size=5).map(
    lambda parts: [
        {"id": f"r{number}", **gift, **scope, **limit} for number, (gift, scope, limit) in enumerate(parts)
    ]
)
LINES = st.lists(
    st.builds(
        lambda sku, category, quantity, gross, discount, earns: SoldLine(
            sku, category, quantity, gross, discount_minor=gross * discount // 100, earns=earns
        ),
        st.sampled_from(["TEA", "BUN", "CUP"]),
        st.sampled_from(["tea", "bakery"]),
        st.integers(1, 4),
        st.integers(0, 5000),
        st.integers(0, 100),
        st.booleans(),
    ),
    max_size=5,
)
STACKINGS = st.sampled_from(["additive", "best_of", "multiplicative"])
CAPS = st.sampled_from(
    [
        [],
        [{"per": "order", "most": "1.50"}],
        [{"per": "day", "most": "2.01"}, {"per": "member", "most": "3.99"}],
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    RULES,
    st.lists(LINES, min_size=1, max_size=4),
    STACKINGS,
    CAPS,
    st.sampled_from([1, 5, 100]),
    st.randoms(),
)
def test_whatever_the_rules_are(
    rules: list[dict[str, Any]],
    orders: Sequence[list[SoldLine]],
    stacking: str,
    caps: list[dict[str, Any]],
    point: int,
    random: Random,
) -> None:
    """Lines sum to the gain, gains never pass a cap or a fund, and the order of rules and caps is moot."""
    shuffled, caps_shuffled = random.sample(rules, len(rules)), random.sample(caps, len(caps))
    fund = {"f": {"limit": "1.99"}}
    first = terms(point, fund, rules=rules, stacking=stacking, caps=caps)
    second = terms(point, fund, rules=shuffled, stacking=stacking, caps=caps_shuffled)
    past, other_past, funds, other_funds = ReckonedPast(), ReckonedPast(), ReckonedFunds(), ReckonedFunds()
    total = 0
    for number, lines in enumerate(orders):
        found = earn(first, sale(*lines, number=number), past, funds)
        assert found == earn(second, sale(*lines, number=number), other_past, other_funds)
        for gain in found.gains:
            assert 0 <= gain.granted <= gain.desired
            assert gain.granted % point == gain.desired % point == 0
            assert sum(gain.by_line) == gain.granted
            assert gain.desired - gain.granted == sum(because.less_minor for because in gain.because)
            assert all(part == 0 or line.earns for part, line in zip(gain.by_line, lines, strict=True))
        total += found.total()
        for cap in first.caps:
            assert (found.total() if cap.per == "order" else total) <= cap.most_minor
    assert funds.taken["budget/f/all"] <= 199
    assert funds.taken["budget/f/all"] == sum(
        granted for _, _, rule, granted in past.gains if {"fund": "f"}.items() <= rules[int(rule[1:])].items()
    )


@settings(max_examples=100, deadline=None)
@given(LINES, st.lists(RATES, min_size=1, max_size=4), st.sampled_from([1, 5]))
def test_an_order_is_floored_once_18(lines: list[SoldLine], rates: list[str], point: int) -> None:
    rules = [{"id": f"r{number}", "rate": rate} for number, rate in enumerate(rates)]
    program = terms(point, rules=rules)
    exact = sum((rule.rate or Fraction(0)) for rule in program.earning.rules)
    paid = sum(paid_minor(line, Base()) for line in lines)
    assert earn(program, sale(*lines)).total() == int(paid * exact / point) * point


def test_caps_are_read_from_the_section() -> None:
    assert terms(rate="5%", caps=[{"per": "order", "most": 50}]).caps == (Cap(per="order", most=50),)
