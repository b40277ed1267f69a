"""Messages whose text the shop brings along: before the gate like every other."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import count

from bot.conversation.operations import operation_work
from bot.conversation.shop.messages import SAY
from bot.core.contact import JsonValue
from tests.conversation.chat import NUMBER, Chat

_KEYS = count(1)
TEXT = "Half price until five"


async def say(chat: Chat, channel: str, group: str | None = None) -> Mapping[str, JsonValue]:
    body: dict[str, JsonValue] = {"channel": channel, "text": TEXT, "group": group}
    work = operation_work(SAY, body, key=f"m{next(_KEYS)}", at=chat.clock(), address=("sms", NUMBER))
    result = (await chat.app.dispatcher.submit(work)).result
    assert result is not None
    return result


async def test_who_never_agreed_hears_nothing_and_it_is_said_why(chat: Chat) -> None:
    for channel in ("sms", "app"):
        told = await say(chat, channel)
        assert (told["state"], told["reason"]) == ("refused", "unsubscribed"), channel
    await chat.strike()
    assert chat.news() == []


async def test_a_member_gets_it_by_text_and_in_the_inbox(chat: Chat) -> None:
    await chat("LOYALTY")
    assert (await say(chat, "app"))["state"] == "queued"
    await chat.later(seconds=5)
    assert ("app", TEXT, "sent") in await chat.of("outbox", "channel, body, state", "id")
    await chat.later(days=1)
    assert (await say(chat, "sms", "loyalty"))["state"] == "queued"
    assert await chat.later(seconds=5) == [TEXT]


async def test_it_is_marketing_with_its_quiet_hours_and_caps(chat: Chat) -> None:
    await chat("LOYALTY")
    await say(chat, "sms")
    await chat.later(seconds=5)
    assert (await say(chat, "sms"))["reason"] == "capped"
    chat.clock.now = chat.clock.now.replace(hour=4) + timedelta(days=2)
    assert (await say(chat, "sms"))["reason"] == "quiet_hours"


async def test_a_group_that_is_none(chat: Chat) -> None:
    problem = (await say(chat, "sms", "tea"))["problem"]
    assert isinstance(problem, dict)
    assert problem["what"] == "there is no subscription group 'tea'"
