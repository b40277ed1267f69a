"""What the outbox makes of WeChat's answers, through the whole application."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.pacing import BEIJING, next_day
from tests.wechat.wechat_chat import MINI, MINI_APPID, WechatChat, wechatting

SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[WechatChat]:
    """Somebody in the mini program's chat, which knows no passive replies."""
    async with wechatting(database_url) as made:
        yield made.of(account=MINI)


async def sender(chat: WechatChat) -> datetime | None:
    """Until when the account rests."""
    found = await chat.sms.rows("SELECT slowed_until FROM sender WHERE name = :name", name=MINI_APPID)
    if not found or found[0][0] is None:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found[0][0])


async def test_an_account_whose_day_is_spent_waits_until_midnight_in_beijing(chat: WechatChat) -> None:
    chat.fault(kind="refuse", code=45009, path=SEND)
    assert await chat("HELP") == []
    assert await chat.outbox("state, error_code") == [("queued", "45009")]
    midnight = next_day(chat.clock.now, BEIJING)
    assert await sender(chat) == midnight
    await chat("BALANCE")
    assert chat.asked(SEND) == 1, "nothing more is asked today"
    other = chat.of(account="shop")
    await other.follow()
    assert len(await other("HELP")) == 1
    left = midnight - chat.clock.now
    arrived = await chat.later(seconds=left.total_seconds() + 1)
    assert chat.asked(SEND) >= 2, arrived
    assert arrived != []


async def test_a_token_that_nobody_can_renew_rests_the_account_for_half_a_minute(chat: WechatChat) -> None:
    chat.fault(kind="refuse", code=40001, path=SEND, times=None)
    assert await chat("HELP") == []
    assert await chat.outbox("state") == [("queued",)]
    asked = chat.asked(SEND)
    assert asked <= 4
    assert await chat.later(seconds=10) == []
    assert chat.asked(SEND) == asked
    chat.loopback.platform.faults.clear()
    assert len(await chat.later(seconds=31)) == 1


async def test_what_may_have_arrived_is_not_said_again_and_ends_in_a_minute(chat: WechatChat) -> None:
    chat.fault(kind="drop_answer", path=SEND)
    assert len(await chat("HELP")) == 1
    assert await chat.outbox("state") == [("unknown",)]
    assert await chat.later(seconds=70) == []
    assert await chat.outbox("state, reason") == [("failed", "outcome unknown")]
    assert await chat.later(hours=12) == []


async def test_a_busy_platform_gets_it_a_little_later(chat: WechatChat) -> None:
    chat.fault(kind="refuse", code=-1, path=SEND, times=3)
    assert await chat("HELP") == []
    assert len(await chat.later(seconds=16)) == 1
