"""Consent on two channels of one person: each word counts where it is said, and nowhere else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conversation.chat import shipped
from tests.wechat.test_ways import has_number
from tests.wechat.wechat_chat import WechatChat, wechatting

POLICY = """\
groups:
  loyalty:
    title: {en: Rewards and offers}
    keywords: {en: [REWARDS]}
  news:
    title: {en: News from the roastery}
    keywords: {en: [NEWS]}
    double_opt_in: true
"""
ROASTERY = """\
flow: roastery
title: News from the roastery
language: en
start:
  - {keyword: [ROASTERY], category: opt-in, group: news}
steps:
  - say: This week a washed Ethiopian.
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[WechatChat]:
    """Somebody with a number and an OpenID, who joined the loyalty program on both."""
    flows = shipped(tmp_path, "loyalty", "balance", "language", roastery=ROASTERY)
    (flows / "policy.yaml").write_text(POLICY)
    async with wechatting(database_url, flows=flows) as made:
        await made.follow()
        for text in ("LOYALTY", "skip", "skip"):
            await made(text)
        await has_number(made, "LOYALTY")
        yield made


async def states(chat: WechatChat) -> dict[str, str]:
    return await chat.subscriptions()


BOTH = {"loyalty": "subscribed", "wechat:loyalty": "subscribed"}


async def test_a_double_opt_in_is_confirmed_where_it_was_asked(chat: WechatChat) -> None:
    assert "reply YES" in (await chat("ROASTERY"))[0]
    assert await states(chat) == BOTH | {"wechat:news": "pending"}
    await chat.sms("YES")
    assert (await states(chat))["wechat:news"] == "pending"
    (confirmed,) = await chat("YES")
    assert "This week a washed Ethiopian." in confirmed
    assert await states(chat) == BOTH | {"wechat:news": "subscribed"}
    assert "reply YES" in (await chat.sms("ROASTERY"))[0]
    assert (await states(chat))["news"] == "pending", "agreed to on WeChat is not agreed to by text"


async def test_leaving_a_group_leaves_it_on_that_channel(chat: WechatChat) -> None:
    await chat("ROASTERY")
    await chat("YES")
    await chat.sms("ROASTERY")
    await chat.sms("YES")
    (left,) = await chat("STOP NEWS")
    assert left == (
        "Corner Leaf: you get no more messages of News from the roastery here."
        " You still get Rewards and offers. Reply STOP to stop all."
    )
    assert await states(chat) == BOTH | {"news": "subscribed", "wechat:news": "unsubscribed"}


async def test_an_unclear_word_is_asked_about_and_silence_ends_it_there_alone(chat: WechatChat) -> None:
    (asked,) = await chat("enough already")
    assert "should we stop writing to you here?" in asked
    await chat.later(days=1, seconds=1)
    assert (await states(chat))["loyalty"] == "subscribed"
    assert (await states(chat))["wechat:loyalty"] == "unsubscribed"
    assert await chat("BALANCE") == []
    assert await chat.sms("BALANCE") != []


async def test_start_brings_back_on_its_channel_with_the_words_of_its_channel(chat: WechatChat) -> None:
    await chat("STOP")
    await chat.sms("STOP")
    (back,) = await chat("START")
    assert "here on WeChat" in back
    assert "rates" not in back
    assert await states(chat) == {
        "loyalty": "unsubscribed",
        "news": "unsubscribed",
        "wechat:loyalty": "subscribed",
        "wechat:news": "unsubscribed",
    }


async def test_help_says_what_is_true_on_each_channel(chat: WechatChat) -> None:
    (here,) = await chat("HELP")
    (there,) = await chat.sms("HELP")
    assert "data rates" in there
    assert "data rates" not in here
    await chat("中文")
    assert "退订" in (await chat("帮助"))[0]
