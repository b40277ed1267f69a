"""The `earning` section: what may be written, and what is said of mistakes."""

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from bot.core.loyalty.program import Program, problems
from bot.core.loyalty.rules import Earning, Most


def written(**changes: object) -> dict[str, Any]:
    return {
        "program": "Leaf",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        **changes,
    }


def complaint(**changes: object) -> tuple[tuple[str | int, ...], str]:
    with pytest.raises(ValidationError) as raised:
        Program.model_validate(written(**changes))
    (found,) = problems(raised.value)
    return found.path, f"{found.problem} ({found.remedy})"


def of_rule(**rule: object) -> str:
    path, said = complaint(earning={"rate": "5%", "rules": [{"id": "a"} | rule]})
    assert path[:3] == ("earning", "rules", 0)
    return said


def test_the_short_form_is_a_rule_that_stands_last() -> None:
    earning = Earning.model_validate({"rate": "5%", "rules": [{"id": "tea", "rate": "1%"}]})
    assert [(rule.id, rule.rate) for rule in earning.rules] == [
        ("tea", Fraction(1, 100)),
        ("base", Fraction(1, 20)),
    ]
    assert earning.rule("base") is earning.rules[1]
    assert earning.rule("gone") is None
    assert [rule.id for rule in Earning.model_validate({"rate": 0}).rules] == []


def test_a_limit_may_stand_alone_or_with_others() -> None:
    one = {"per": "day", "times": 1}
    for most in (one, [one]):
        earning = Earning.model_validate({"rules": [{"id": "a", "rate": "1%", "most": most}]})
        assert earning.rules[0].most == (Most(per="day", times=1),)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "rule 'a' gives one thing (write `rate`, `credit` or `multiplier`)"),
        ({"rate": "1%", "credit": 1}, "rule 'a' gives one thing (write `rate`, `credit` or `multiplier`)"),
        ({"rate": "1%", "each": True}, "`each` and `per_spent` are of a credit (write `credit` in rule 'a')"),
        ({"credit": 1, "each": True, "per_spent": 5}, "rule 'a' counts items or money (keep `each` or"),
        ({"credit": 1, "group": "g"}, "groups are of rates and multipliers (take `group` out"),
        ({"rate": "1%", "where": {"x": 1}}, "`where` and `proof` are of an event (name it with `event`)"),
        ({"rate": "1%", "proof": "x"}, "`where` and `proof` are of an event (name it with `event`)"),
        ({"event": "X", "rate": "1%"}, "an event earns a fixed amount (write `credit` in rule 'a')"),
        ({"event": "X", "credit": 1, "sku": "TEA"}, "`at_least` and `repeat` are of orders (ask events with"),
        ({"event": "Credit Granted", "credit": 1}, "follows from earning, so it would never end (name"),
        ({"multiplier": 1}, "'1' is no multiplier: it is more than 1 and at most 10 (write 2 for twice)"),
        ({"multiplier": "11"}, "'11' is no multiplier: it is more than 1 and at most 10 (write 2 for twice)"),
        ({"multiplier": "many"}, "'many' is not a number (write it in digits, like 5.00)"),
        ({"rate": "1%", "most": {"per": "day"}}, "a limit is of `times` or of `credit` (write one of them"),
        ({"rate": "1%", "most": {"per": "order", "times": 1}}, "a rule gives once per order (take the limit"),
        (
            {"rate": "1%", "repeat": {"nth": 2, "within": "0d"}},
            "it looks back 1 to 730 days (write",
        ),
        (
            {"rate": "1%", "from": "2026-02-01", "until": "2026-01-01"},
            "it ends (2026-01-01) before it begins",
        ),
        ({"rate": "1%", "policy": "x"}, "'x' is set by the season's file (take it out)"),
        ({"rate": "1%", "season": "x"}, "'season' is not known here (check its spelling, or take it out)"),
    ],
)
def test_a_mistake_in_a_rule_is_explained(rule: dict[str, object], said: str) -> None:
    assert said in of_rule(**rule)


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ({"event": "Link Shared", "credit": 1}, "5.1"),
        ({"event": "Account Followed", "credit": 1}, "5.21"),
        ({"event": "Post Forwarded", "credit": 1}, "5.1"),
        ({"event": "好友分享", "credit": 1}, "5.1"),
        ({"event": "关注公众号", "credit": 1}, "5.21"),
        ({"id": "moments_post", "event": "Posted", "credit": 1}, "5.1"),
        ({"id": "share", "rate": "1%"}, "5.1"),
        ({"event": "Downline Ordered", "credit": 1}, "5.9"),
    ],
)
def test_nothing_is_earned_for_sharing_or_following(rule: dict[str, object], broken: str) -> None:
    said = of_rule(**rule)
    assert f"cannot earn: WeChat's platform rule {broken} forbids rewards for" in said
    assert "(https://developers.weixin.qq.com/miniprogram/product/)" in said
    assert "reward the friend's first order instead, under `referral:`" in said


@pytest.mark.parametrize("event", ["Shareholder Meeting Attended", "Survey Answered", "Milestone Reached"])
def test_words_that_only_begin_alike_are_no_sharing(event: str) -> None:
    rule = {"id": "a", "event": event, "credit": 1}
    assert Earning.model_validate({"rules": [rule]}).hears(event)


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"earning": {"pending": "1d"}}, ("earning",), "nothing is ever earned (write a `rate`, or `rules`)"),
        (
            {"earning": {"rate": "5%", "rules": [{"id": "base", "rate": "1%"}]}},
            ("earning",),
            "two rules are called 'base' (give each its own id)",
        ),
        (
            {"earning": {"rules": [{"id": "a", "rate": "1%", "fund": "tea"}]}},
            (),
            "rule 'a' is paid by the fund 'tea', which is missing (describe it under `funds:`)",
        ),
        (
            {"point_value": 1, "earning": {"rules": [{"id": "a", "credit": "0.50"}]}},
            (),
            "rule 'a' gives a part of a point (give whole points)",
        ),
        (
            {"currencies": [{"code": "USD", "point_value": 1}]},
            (),
            "a currency is named twice (keep one of them)",
        ),
        (
            {"currencies": [{"code": "JPY", "exponent": 0, "point_value": "0.5"}]},
            ("currencies", 0, "point_value"),
            "'0.5' is finer than the currency (write at most 0 decimals)",
        ),
    ],
)
def test_a_mistake_in_the_section_is_explained(
    changes: dict[str, object], path: tuple[str | int, ...], said: str
) -> None:
    assert complaint(**changes) == (path, said)


CARD = {"id": "tea", "name": "Tea", "buy": 4, "get": {"credit": 1}}


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ({"get": {}}, "a full card becomes one thing (write `credit`, `reward` or `offer`)"),
        ({"get": {"credit": 1, "reward": "mug"}}, "a full card becomes one thing (write"),
        ({"policy": "x"}, "'x' is set by the season's file (take it out)"),
        ({"id": "Tea"}, "String should match pattern"),
    ],
)
def test_a_mistake_in_a_card_is_explained(card: dict[str, object], said: str) -> None:
    path, found = complaint(earning={"cards": [CARD | card]})
    assert path[:3] == ("earning", "cards", 0)
    assert said in found


def test_two_cards_need_two_names() -> None:
    assert complaint(earning={"cards": [CARD, CARD]}) == (
        ("earning",),
        "two cards are called 'tea' (give each its own id)",
    )


def test_another_currency_has_its_own_unit() -> None:
    yen = {"code": "JPY", "exponent": 0, "point_value": 1, "caps": [{"per": "order", "most": 500}]}
    program = Program.model_validate(written(currencies=[yen]))
    assert program.currencies[0].point_value_minor == 1
    assert program.currencies[0].caps[0].most_minor == 500
