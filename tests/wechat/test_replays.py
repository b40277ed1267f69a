"""What comes or is tried again after the world has moved on: replays of old messages, pushes posted again."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.conversation.inbox import restored
from bot.storage import dead
from tests.conversation.chat import shipped
from tests.conversation.test_stop_holds import break_inserts, mend_inserts
from tests.wechat.wechat_chat import WechatChat, wechatting

WELCOME = "flow: welcome\nstart: [follow]\nsteps: [say: Welcome!]\n"


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[WechatChat]:
    """A shop that welcomes who follows."""
    flows = shipped(tmp_path, "loyalty", "balance", welcome=WELCOME)
    async with wechatting(database_url, flows=flows) as made:
        yield made


async def replay(chat: WechatChat) -> list[str]:
    """Run every dead trigger again, as `regulars dead replay --all` does; returns what came back."""
    found = await chat.app.database.query(lambda c: dead.listed(c, 10))
    assert found
    for one in found:
        result = await chat.app.dispatcher.submit(restored(one.trigger))
        assert result.outcome != "failed"
    return await chat.came_back()


async def stopped(chat: WechatChat) -> bool:
    ((at,),) = await chat.rows("address", "stopped_at", "value")
    return at is not None


async def test_following_that_is_replayed_lifts_no_stop_that_was_said_since(chat: WechatChat) -> None:
    await chat.sms.run("ALTER TABLE lot RENAME TO gone")
    await chat.follow()
    await chat.sms.run("ALTER TABLE gone RENAME TO lot")
    await chat("STOP")
    await chat.later(days=1)
    assert await replay(chat) == []
    assert await stopped(chat)


async def test_leaving_that_is_tried_again_forgets_nobody_who_follows_again(chat: WechatChat) -> None:
    await chat.follow()
    await chat("LOYALTY")
    contact = await chat.contact_id()
    await break_inserts(chat.sms, "consent")
    await chat.unfollow()
    assert await stopped(chat)
    assert (await chat.follow())[0].startswith("Welcome!")
    await mend_inserts(chat.sms, "consent")
    assert await chat.later(minutes=2) == []
    assert await chat.contact_id() == contact
    assert not await stopped(chat)
    assert "You have" in (await chat("BALANCE"))[0]


async def post_again(chat: WechatChat, event: str, done_at: datetime) -> str | None:
    """Post a push of what was done again, or of a `text`; returns what was answered."""
    conversation = chat.conversation()
    pushed: dict[str, object] = {
        "ToUserName": conversation.account.original_id,
        "FromUserName": chat.openid,
        "CreateTime": int(done_at.timestamp()),
        "MsgType": "event",
        "Event": event,
        "EventKey": "",
    }
    if event == "text":
        pushed |= {"MsgType": "text", "Content": "BALANCE", "MsgId": "1234567890"}
    answer = await chat.loopback.platform.pushes.push(conversation.account, chat.openid, pushed)
    assert answer.is_taken
    return None if answer.reply is None else str(answer.reply["Content"])


async def test_what_is_posted_again_makes_nobody_of_who_left(chat: WechatChat) -> None:
    for _ in range(2):  # whoever left twice has not come back by following the first time
        await chat.follow()
        followed_at = chat.clock.now
        await chat("LOYALTY")
        await chat.unfollow()
        left_at = chat.clock.now
        chat.clock.now += timedelta(seconds=3)
        before = [("subscribe", followed_at), ("text", followed_at), ("CLICK", left_at), ("SCAN", left_at)]
        for event, at in (*before, ("unsubscribe", left_at)):
            assert await post_again(chat, event, at) is None
            assert await chat.sms.rows("SELECT d.contact FROM directory d WHERE d.kind = 'wechat'") == []


async def test_leaving_that_is_posted_again_forgets_nobody_who_follows_again(chat: WechatChat) -> None:
    await chat.follow()
    await chat.unfollow()
    left_at = chat.clock.now
    assert await chat.follow() == ["Welcome!"]
    contact = await chat.contact_id()
    assert await post_again(chat, "unsubscribe", left_at) is None
    assert await chat.contact_id() == contact
    assert not await stopped(chat)


@pytest.mark.parametrize("days", [0, 3])
async def test_a_replay_opens_no_window_again(chat: WechatChat, days: int) -> None:
    await chat.follow()
    await chat.sms.run("ALTER TABLE lot RENAME TO gone")
    await chat("BALANCE")
    await chat.sms.run("ALTER TABLE gone RENAME TO lot")
    await chat.later(days=days)
    assert len(await chat("BALANCE")) == 1
    await chat.sms.run("UPDATE address SET window_left = 1, tapped_left = 0 WHERE channel = 'wechat'")
    assert len(await replay(chat)) == 1
    assert chat.last.way == "customer_service"
    assert await chat.rows("address", "window_left", "value") == [(0,)]
