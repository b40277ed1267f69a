"""Consent that the shop tells us of: recorded with its evidence, and never against a contact's own word."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from bot.conversation.operations import operation_work
from bot.conversation.shop.consent_told import TELL
from bot.core.contact import JsonValue
from tests.conversation.chat import NUMBER, Chat, chatting, shipped

_KEYS = count(1)
WORDS = "agreed at the till, told by the source till"
TWO_GROUPS = """
groups:
  loyalty: {title: {en: rewards}, keywords: {en: [REWARDS]}}
  offers: {title: {en: offers}, keywords: {en: [OFFERS]}, double_opt_in: true}
"""


@pytest.fixture
async def of_two(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop with two groups, one of them with double opt-in."""
    files = shipped(tmp_path, "program", "keywords", "loyalty", policy=TWO_GROUPS)
    async with chatting(database_url, flows=files) as chat:
        yield chat


async def tell(
    chat: Chat, *, subscribed: bool = True, group: str = "loyalty", channel: str = "sms", **more: JsonValue
) -> str:
    """Tell it of the number; returns the state, or why not."""
    body: dict[str, JsonValue] = {
        "group": group,
        "channel": channel,
        "subscribed": subscribed,
        "words": WORDS,
        **more,
    }
    work = operation_work(TELL, body, key=f"t{next(_KEYS)}", at=chat.clock(), address=("sms", NUMBER))
    result = (await chat.app.dispatcher.submit(work)).result
    assert result is not None
    problem = result.get("problem")
    return str(problem["what"] if isinstance(problem, dict) else result["state"])


async def log(chat: Chat) -> list[tuple[object, ...]]:
    return await chat.of("consent", "subscription_group, state, source, words", "number")


async def test_a_stranger_is_subscribed_with_evidence_and_hears_nothing_of_it(chat: Chat) -> None:
    assert await tell(chat) == "subscribed"
    assert await chat.subscriptions() == {"loyalty": "subscribed"}
    assert await log(chat) == [("loyalty", "subscribed", "api", WORDS)]
    await chat.strike()
    assert chat.news() == []
    assert await tell(chat) == "subscribed"
    assert len(await log(chat)) == 1, "said again it is no news"
    assert await tell(chat, subscribed=False) == "unsubscribed"
    assert await tell(chat) == "subscribed", "what the shop took back it may give again"


@pytest.mark.parametrize("said", ["STOP", "please stop texting me"])
async def test_who_said_stop_is_not_subscribed_again(chat: Chat, said: str) -> None:
    await chat("LOYALTY")
    await chat(said)
    assert (await tell(chat)).startswith("they said STOP there on ")
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert await tell(chat, subscribed=False) == "unsubscribed", "what is so already may be told"


async def test_who_left_a_group_by_their_own_words_stays_out_of_it(of_two: Chat) -> None:
    await of_two("LOYALTY")
    await tell(of_two, group="offers")
    await of_two("YES")
    await of_two("STOP REWARDS")
    assert await of_two.subscriptions() == {"loyalty": "unsubscribed", "offers": "subscribed"}
    assert (await tell(of_two)).startswith("they left loyalty themselves on ")
    assert await of_two.subscriptions() == {"loyalty": "unsubscribed", "offers": "subscribed"}


async def test_a_double_opt_in_is_asked_for(of_two: Chat) -> None:
    assert await tell(of_two, group="offers") == "pending"
    await of_two.strike()
    (asked,) = of_two.news()
    assert "reply YES to get texts about: offers" in asked
    await of_two("YES")
    assert await of_two.subscriptions() == {"offers": "subscribed"}


async def test_asked_for_it_any_group_wants_a_yes(chat: Chat) -> None:
    assert await tell(chat, double_opt_in=True) == "pending"
    assert await chat.subscriptions() == {"loyalty": "pending"}


async def test_what_cannot_be_told(chat: Chat) -> None:
    assert (await tell(chat, group="tea")).startswith("subscription_group_id: there is no group 'tea'")
    assert await tell(chat, channel="wechat") == "the contact has no address on wechat"
    assert await tell(chat, channel="") == "subscribed"
