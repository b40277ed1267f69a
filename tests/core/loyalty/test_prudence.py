"""What `program check` finds unwise, each by an example, and nothing in what is wise."""

from datetime import date

import pytest

from bot.core.loyalty.program import Program
from bot.core.loyalty.prudence import Told, findings

TODAY = date(2026, 11, 24)
ALL_TOLD = Told(endings=True, events=frozenset({"Card Completed"}))
Finding = tuple[tuple[str | int, ...], str]


def program(*rules: dict[str, object], **changes: object) -> Program:
    earning = changes.pop("earning", {})
    assert isinstance(earning, dict)
    written = {
        "program": "Leaf",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%", "rules": list(rules)} | earning,
    }
    return Program.model_validate(written | changes)


def found(rules: Program, told: Told | None = ALL_TOLD) -> list[Finding]:
    return [(one.path, one.problem) for one in findings(rules, TODAY, told)]


RULE = ("earning", "rules", 0)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"id": "a", "rate": "1%", "until": "2026-11-23"}, "rule 'a' ended on 2026-11-23"),
        ({"id": "a", "event": "Survey Answered", "credit": 1}, "rule 'a' may be earned without end"),
        ({"id": "a", "credit": 1}, "rule 'a' gives the same for every order, however small"),
        ({"id": "a", "multiplier": 2, "until": "2026-12-01"}, "nothing bounds what rule 'a' may cost"),
        ({"id": "a", "rate": "1%", "for": {"tier": "gold"}}, "no tier is called 'gold'"),
        ({"id": "a", "rate": "95%"}, "an order may earn 100% of what is paid for it"),
        (
            {"id": "a", "multiplier": 2, "repeat": {"nth": 2, "within": "9d"}, "for": {"first_order": True}},
            "rule 'a' is for first orders and for repeated ones",
        ),
    ],
)
def test_a_rule_that_is_unwise(rule: dict[str, object], problem: str) -> None:
    ((path, said),) = found(program(rule))
    assert path == (RULE if "may earn 100%" not in problem else ("earning",))
    assert said.startswith(problem)


@pytest.mark.parametrize(
    "rule",
    [
        {"id": "a", "rate": "1%", "until": "2026-11-24"},
        {"id": "a", "event": "Survey Answered", "credit": 1, "proof": "id"},
        {"id": "a", "event": "Survey Answered", "credit": 1, "most": {"per": "day", "times": 1}},
        {"id": "a", "credit": 1, "at_least": 20},
        {"id": "a", "credit": 1, "each": True, "sku": "TEA"},
        {"id": "a", "multiplier": 2},
        {"id": "a", "multiplier": 2, "until": "2026-12-01", "most": {"per": "member", "credit": 5}},
    ],
)
def test_a_rule_that_is_wise(rule: dict[str, object]) -> None:
    assert not found(program(rule))


def test_a_multiplier_without_a_rate_multiplies_nothing() -> None:
    rules = Program.model_validate(
        {
            "program": "Leaf",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "earning": {
                "rules": [
                    {"id": "tea", "rate": "5%", "category": "tea"},
                    {"id": "twice", "multiplier": 2, "category": "coffee"},
                ]
            },
        }
    )
    assert found(rules) == [(("earning", "rules", 1), "rule 'twice' multiplies nothing")]


def test_of_a_group_the_lesser_never_counts() -> None:
    lesser = {"id": "less", "multiplier": 2, "group": "g", "category": "tea"}
    better = {"id": "more", "multiplier": 3, "group": "g"}
    assert found(program(lesser, better)) == [
        (RULE, "rule 'less' never counts: 'more' of its group gives as much or more")
    ]
    assert not found(program(lesser, better | {"category": "coffee"}))
    assert not found(program(lesser, better | {"for": {"language": "es"}}))
    assert not found(program(lesser, better | {"group": "other"}))
    assert found(program(lesser, better | {"multiplier": 2, "id": "a"})), "the first of two that are alike"
    assert not found(program(lesser | {"id": "z"}, better | {"multiplier": "3/2"}))


@pytest.mark.parametrize(
    ("stacking", "factor"),
    [("additive", None), ("multiplicative", "20 times, more than 10"), ("best_of", None)],
)
def test_multipliers_that_go_beyond_ten_times(stacking: str, factor: str | None) -> None:
    rules = program(
        {"id": "a", "multiplier": 4, "category": "tea"},
        {"id": "b", "multiplier": 5, "most": {"per": "member", "credit": 5}, "until": "2026-12-24"},
        earning={"rate": "1%", "stacking": stacking},
    )
    problems = [problem for _, problem in found(rules)]
    assert problems == ([f"a and b multiply to {factor}"] if factor else [])


def test_a_tiers_multiplier_counts_and_tiers_exclude_one_another() -> None:
    levels = [
        {"id": "silver", "name": "Silver", "spend": 10, "multiplier": 3},
        {"id": "gold", "name": "Gold", "spend": 20, "multiplier": 4},
    ]
    tiers = {"levels": levels, "per": "year"}
    for_gold = {"id": "a", "multiplier": 3, "for": {"tier": "gold"}}
    stacked = {"rate": "1%", "stacking": "multiplicative"}
    assert found(program(for_gold, tiers=tiers, earning=stacked)) == [
        (("earning",), "a and tier gold multiply to 12 times, more than 10")
    ]
    for_silver = for_gold | {"for": {"tier": "silver"}}
    assert not found(program(for_silver, tiers=tiers, earning=stacked))


def test_tiers_that_nobody_reaches() -> None:
    points = [{"id": "gold", "name": "Gold", "points": 50}]
    capped = {"rate": "5%", "caps": [{"per": "member", "most": 49}]}
    assert found(program(tiers={"levels": points, "per": "year"}, earning=capped)) == [
        (("tiers", "levels", 0), "nobody can reach 'gold': caps let a member earn less than its points")
    ]
    over = [{"id": "gold", "name": "Gold", "spend": 50, "until": "2026-01-01"}]
    assert found(program(tiers={"levels": over, "per": "year"})) == [
        (("tiers", "levels", 0), "the tier 'gold' could be reached until 2026-01-01")
    ]


def test_a_gift_that_the_caps_never_let_through() -> None:
    rules = program({"id": "a", "credit": 5, "at_least": 9}, earning={"caps": [{"per": "order", "most": 4}]})
    assert found(rules) == [(RULE, "rule 'a' gives more than the caps ever let through")]


def test_a_fund_that_pays_for_nothing() -> None:
    rules = program(
        {"id": "a", "rate": "1%", "fund": "tea"}, funds={"tea": {"limit": 1}, "old": {"limit": 1}}
    )
    assert found(rules) == [(("funds", "old"), "the fund 'old' pays for nothing")]


def test_silence() -> None:
    card = {"id": "tea", "name": "Tea", "buy": 5, "get": {"credit": 1}}
    rules = program(earning={"cards": [card]}, expiry={"after": "30d"}, notices={"before": []})
    assert [path for path, _ in found(rules, Told(endings=False, events=frozenset()))] == [
        ("notices",),
        ("expiry",),
        ("earning", "cards"),
    ]
    assert not found(rules, None), "where the flows are not known"
    assert not found(program(expiry="never", notices={"before": []}), Told(endings=False, events=frozenset()))
