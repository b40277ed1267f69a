"""Friends on the page: code, text to forward, rules in words, and what it has brought."""

from dataclasses import replace
from datetime import timedelta

from bot.core.contact import JsonValue
from bot.core.loyalty.referral import Brought, Referring, State
from bot.core.pages import referral
from tests.handlers.scene import NOW, PROGRAM, Scene

RULES: dict[str, object] = {
    "advocate": "5.00",
    "friend": "3.00",
    "minimum": "15.00",
    "within": "90d",
    "pending": "14d",
    "limits": {"day": 10, "month": 30},
}


def shown(
    *brought: Brought, locale: str = "en", public_url: str = "https://leaf.example", **changed: object
) -> dict[str, JsonValue]:
    rules = Referring.model_validate({**RULES, **changed})
    program = PROGRAM.model_copy(update={"referral": rules})
    turn = Scene(program=program, past={"friends": brought}, locale=locale).turn()
    turn.shop = replace(turn.shop, public_url=public_url)
    return referral.shown(turn, "7K2P4M")


def test_the_code_the_link_and_a_text_to_forward() -> None:
    told = shown()
    assert (told["running"], told["code"], told["link"]) == (True, "7K2P4M", "https://leaf.example/r/7K2P4M")
    assert told["title"] == "$3.00 for your first order at Corner Leaf"
    assert told["text"] == (
        "$3.00 for your first order of $15.00 or more at Corner Leaf. My code: 7K2P4M."
        " Open https://leaf.example/r/7K2P4M"
    )


def test_the_rules_say_all_that_decides() -> None:
    assert shown()["rules"] == [
        "Your friend gets $3.00 and you get $5.00.",
        "It is for your friend's first order of $15.00 or more, within 90 days of joining.",
        "It can be spent 14 days after the order, when that can no longer be returned.",
        "If the order is given back, the reward goes with it.",
        "Your friend has to be new here. An account of your own does not count.",
        "Up to 10 friends a day.",
        "Up to 30 friends a month.",
        "Nothing is given for sharing or for joining.",
    ]
    alone = shown(friend=None, minimum=None, limits={}, pending="0d")
    rules = alone["rules"]
    assert isinstance(rules, list)
    assert rules[0] == "You get $5.00 for each friend."
    assert len(rules) == 5
    assert alone["text"] == "Join me at Corner Leaf. My code: 7K2P4M. Open https://leaf.example/r/7K2P4M"


def test_what_it_has_brought() -> None:
    told = shown(
        Brought("1" * 32, State.INVITED, NOW, NOW),
        Brought("2" * 32, State.QUALIFIED, NOW, NOW, reward_minor=500, active_from=NOW + timedelta(days=1)),
        Brought("3" * 32, State.QUALIFIED, NOW, NOW, reward_minor=500, active_from=NOW),
    )
    assert (told["invited"], told["joined"]) == (3, 2)
    assert told["pending"] == told["earned"] == {"minor": 500, "text": "$5.00"}


def test_where_nothing_is_to_be_won_it_says_so() -> None:
    over = shown(until=NOW.date() - timedelta(days=1))
    assert (over["running"], over["title"], over["text"]) == (False, "", "")
    assert over["rules"] == ["There is nothing to win for inviting friends right now."]


def test_without_pages_of_ours_it_is_the_code_alone() -> None:
    told = shown(public_url="")
    assert told["link"] is None
    assert str(told["text"]).endswith("My code: 7K2P4M.")


def test_in_chinese() -> None:
    told = shown(locale="zh_Hans")
    assert str(told["text"]).startswith("在Corner Leaf首次下单满US$15.00得US$3.00，我的邀请码：7K2P4M。")
    rules = told["rules"]
    assert isinstance(rules, list)
    assert rules[1] == "好友入会后90天内首次下单满US$15.00有效。"
