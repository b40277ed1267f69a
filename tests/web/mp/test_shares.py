"""Cards that shoppers may send to friends: true of them, with their code, and unrewarded."""

import pytest

from bot.core.errors import FlowError
from bot.core.flow.reader import read
from bot.core.flow.wechat_file import read_wechat
from tests.web.mp.conftest import ShopperClient


async def test_what_there_is_to_share_is_true_of_the_shopper(shopper_anywhere: ShopperClient) -> None:
    shopper = shopper_anywhere
    assert await shopper.got("/shares") == {"shares": []}
    await shopper.did("/say", {"text": "会员"})
    assert [one["id"] for one in (await shopper.got("/shares"))["shares"]] == ["milestone"]
    await shopper.did("/me", {"first_name": "李", "birthday": "1990-05-21"})
    code = (await shopper.got("/referral"))["code"]
    shown = {one["id"]: one for one in (await shopper.got("/shares"))["shares"]}
    assert shown["setup"]["title"] == "我已经是Corner Leaf的常客啦，一起来吧！"
    assert shown["setup"]["path"] == f"/pages/wallet?r={code}"
    assert "免费" in shown["milestone"]["title"]
    await shopper.did("/me", {"language": "en"})
    shown = {one["id"]: one for one in (await shopper.got("/shares"))["shares"]}
    assert shown["setup"]["title"] == "I'm a regular at Corner Leaf now. Come along!"
    assert shown["milestone"]["title"].startswith("Next time Pastry of the day is on the house")


@pytest.mark.parametrize("given", ["credit: 1.00", "reward: any_drink"])
def test_a_rewarded_card_is_refused_with_the_rule(given: str) -> None:
    text = f"shares:\n  tier: {{title: Look, page: pages/wallet, {given}}}\n"
    with pytest.raises(FlowError, match=r"5\.1 forbids rewards for sharing") as error:
        read_wechat(read(text, "flows/wechat.yaml"))
    assert error.value.line == 2
    assert "referral" in error.value.remedy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("shares: {birthday: {title: A, page: pages/wallet}}", "setup"),
        ("shares: {tier: {title: A}}", "page"),
        ("campaigns: {hello: {page: 'pages/wallet?a=b'}}", "same for all"),
        ("campaigns: {hello: {page: 'pages/{{ member.first_name }}'}}", "same for all"),
        ("campaigns: {Hello: {page: pages/wallet}}", "Hello"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, problem: str) -> None:
    with pytest.raises(FlowError, match=problem) as error:
        read_wechat(read(f"language: en\n{text}\n", "flows/wechat.yaml"))
    assert error.value.line == 2
