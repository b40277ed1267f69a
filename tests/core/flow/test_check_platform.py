"""What WeChat's platform forbids is refused: each complaint names the rule, its source and a remedy."""

from textwrap import dedent

import pytest

from bot.core.flow.check_platform import platform_rules_broken
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Flow
from bot.core.flow.reader import read
from bot.core.platform_rules import RULES, SOURCE


def flow(source: str, name: str = "test") -> Flow:
    return compile_flow(read(f"flow: {name}\n{dedent(source)}", f"flows/{name}.yaml"))


def complaints(*flows: Flow, is_on_wechat: bool = False) -> list[str]:
    by_name = {each.name: each for each in flows}
    return [str(each) for each in platform_rules_broken(flows[0], by_name, is_on_wechat=is_on_wechat)]


def said(start: str, *steps: str, is_on_wechat: bool = False) -> list[str]:
    lines = "\n".join(f"  - {step}" for step in steps or ("do: checkin",))
    return complaints(flow(f"start: [{start}]\nsteps:\n{lines}\n"), is_on_wechat=is_on_wechat)


def broken(found: list[str]) -> str:
    """The number of the one rule that is named, with its source."""
    (complaint,) = found
    assert SOURCE in complaint
    return next(
        rule.number
        for rule in RULES
        if f"WeChat's platform rule {rule.number} forbids {rule.forbids}" in complaint
    )


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("{event: Shop Shared}", "5.1"),
        ("{event: account_followed}", "5.21"),
        ("{event: 分享成功}", "5.1"),
        ("{keyword: [CHECKIN, SHARED]}", "5.1"),
        ("{keyword: [转发]}", "5.1"),
        ("{scan: share-*}", "5.1"),
        ("{menu: 关注}", "5.21"),
        ("{event: Downline Ordered}", "5.9"),
        ("{event: Friend of Friend Joined}", "5.9"),
    ],
)
@pytest.mark.parametrize("step", ["do: checkin", "do: enroll", "offer: welcome_back"])
def test_what_is_given_for_sharing_or_following_is_refused_with_a_remedy(
    start: str, rule: str, step: str
) -> None:
    found = said(start, "say: Hi", step)
    assert broken(found[:1]) == rule
    assert found[0].startswith("flows/test.yaml:5:")
    assert "`referral:`" in found[0]


def test_chance_for_sharing_breaks_a_rule_of_its_own() -> None:
    assert broken(said("{event: Shop Shared}", "do: spin")) == "5.1.6"


@pytest.mark.parametrize(
    "start",
    ["{keyword: [CHECKIN]}", "{event: Order Completed}", "{message: shareholder}"],
)
def test_other_words_and_events_may_start_it(start: str) -> None:
    assert said(start, is_on_wechat=True) == []


def test_a_flow_that_gives_nothing_may_start_with_sharing() -> None:
    assert said("{event: Shop Shared}", "do: person") == []


def test_subscribing_and_clicking_are_rewarded_off_wechat_alone() -> None:
    for event in ("Newsletter Subscribed", "Button Clicked", "订阅消息"):
        assert said(f"{{event: {event}}}") == []
        assert broken(said(f"{{event: {event}}}", is_on_wechat=True)) == "5.21"
    assert said("{event: Link Clicked}", is_on_wechat=True) == [], "which is a link in a text"
    assert said("{keyword: [SUBSCRIBE]}", is_on_wechat=True) == [], "which is an opt-in"


@pytest.mark.parametrize("start", ["follow", "{scan: table-*}"])
@pytest.mark.parametrize("step", ["do: checkin", "do: enroll", "offer: welcome_back"])
def test_nothing_is_given_to_who_has_only_followed(start: str, step: str) -> None:
    (complaint,) = said(start, "say: Welcome", step)
    assert broken([complaint]) == "5.21"
    assert "ask first" in complaint
    assert broken(said(start, "say: Welcome", "wait: 1d", step)) == "5.21", "nor later"


def test_what_follows_an_answer_may_be_given() -> None:
    assert said("follow", "{ask: Join?, expect: yes_no, else: end}", "do: enroll") == []


def test_silence_is_no_answer() -> None:
    ask = "{ask: Join?, expect: yes_no, within: 1d, on_silence: [{do: enroll}], else: end}"
    assert broken(said("follow", ask, "say: Hi")) == "5.21"


def test_a_called_flow_gives_as_well() -> None:
    caller = flow("start: [follow]\nsteps: [{call: gift}]\n")
    gift = flow("steps: [{do: checkin}]\n", "gift")
    (complaint,) = complaints(caller, gift)
    assert complaint.startswith("flows/gift.yaml:2:")
    assert broken([complaint]) == "5.21"


@pytest.mark.parametrize("start", ["follow", "enter", "location"])
def test_nothing_is_sold_to_who_asked_for_nothing(start: str) -> None:
    sale = "say: {text: Buy!, class: marketing}"
    assert broken(said(start, "say: Hi", sale)) == "5.15.3"
    assert said(start, "{ask: Want our offers?, expect: yes_no}", sale) == []
    assert said("{keyword: OFFERS}", sale) == []


@pytest.mark.parametrize("start", ["{menu: WHEEL}", "{scan: wheel}", "enter"])
def test_no_lottery_starts_on_wechat(start: str) -> None:
    found = said(start, "{ask: Spin?, expect: yes_no}", "do: spin")
    assert broken(found) == "3.2.8.9"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Follow us and get $5!", "5.21"),
        ("关注我们，立即领取5元", "5.21"),
        ("Síguenos y gana 5", "5.21"),
        ("Post this in Moments to win a latte", "5.1"),
        ("转发到朋友圈即可领券", "5.1"),
    ],
)
def test_a_text_that_promises_something_for_it_is_warned_of(text: str, rule: str) -> None:
    found = said("{keyword: HI}", f'say: "{text}"')
    assert broken(found) == rule
    assert found[0].endswith("[warning]")


@pytest.mark.parametrize(
    "text",
    ["Your friend gets $5 with the first order.", "Follow the link.", "您关注的商品到货了"],
)
def test_other_texts_may_speak_of_following(text: str) -> None:
    assert said("{keyword: HI}", f'say: "{text}"') == []
