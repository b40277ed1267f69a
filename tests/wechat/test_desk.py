"""A person of the shop on WeChat: through our own desk, and in WeChat's own customer service."""

import re
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation.inbox import inbound_work
from bot.conversation.operations import operation_work
from bot.core.messages import Inbound
from tests.conversation.chat import FLOWS, NUMBER
from tests.wechat.wechat_chat import MINI, PERSON, SHOP, WechatChat, wechatting


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[WechatChat]:
    """The shipped shop: its people answer through us."""
    async with wechatting(database_url) as made:
        await made.follow()
        await made("人工")
        yield made


@pytest.fixture
async def transferring(database_url: str, tmp_path: Path) -> AsyncIterator[WechatChat]:
    """A shop whose people answer in WeChat's own customer service."""
    flows = shutil.copytree(FLOWS, tmp_path / "flows")
    shutil.copytree(FLOWS.parent / "locales", tmp_path / "locales")
    file = flows / "wechat.yaml"
    file.write_text("transfer: true\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    async with wechatting(database_url, flows=flows) as made:
        yield made


def put_menu(chat: WechatChat) -> None:
    """Give the account buttons that ask for a person and for the balance."""
    buttons = [{"type": "click", "name": name, "key": name} for name in ("人工", "余额")]
    chat.loopback.platform.menus[chat.account] = {"button": buttons}


async def operate(chat: WechatChat, name: str, **body: str) -> dict[str, object]:
    """Do what a person of the shop does."""
    key = f"{name}:{chat.clock.now}"
    contact = await chat.contact_id()
    work = operation_work(f"desk.{name}", body, key=key, at=chat.clock.now, contact_id=contact)
    return dict((await chat.app.dispatcher.submit(work)).result or {})


async def test_a_person_answers_in_the_window_of_what_was_asked(chat: WechatChat) -> None:
    put_menu(chat)
    (queued,) = await chat("有低因咖啡吗？")
    assert "您是下一位" in queued
    assert await chat("还有薄荷茶吗？") == []
    await operate(chat, "take", agent="ana")
    await operate(chat, "say", agent="ana", text="都有！")
    assert await chat.came_back() == ["都有！"]
    assert (await chat.outbox("message_class, step, way"))[-1] == ("reply", "desk", "customer_service")
    assert await chat.tap_menu("余额") == []
    await operate(chat, "close", agent="ana")
    (back,) = await chat.later(seconds=2)
    assert "人工服务已结束" in back
    assert len(await chat.tap_menu("余额")) == 1


async def test_going_back_is_answered_at_once_and_stop_is_always_heard(chat: WechatChat) -> None:
    await chat("有低因咖啡吗？")
    (back,) = await chat("返回")
    assert "我回来了" in back
    await chat("人工 有低因咖啡吗？")
    assert len(await chat("退订")) == 1
    assert "may not leave" not in str(await operate(chat, "take", agent="ana"))
    assert "STOP" in str(await operate(chat, "say", agent="ana", text="等等"))


async def test_who_unfollows_is_at_no_desk(chat: WechatChat) -> None:
    await chat("有低因咖啡吗？")
    await chat.unfollow()
    assert await chat.sms.rows("SELECT contact FROM desk_visit") == []


@pytest.mark.parametrize("account", [SHOP, MINI])
async def test_messages_are_handed_over_to_wechats_own_service(
    transferring: WechatChat, account: str
) -> None:
    chat = transferring.of(account=account)
    if account == SHOP:
        await chat.follow()
    await chat("AGENT")
    (thanks,) = await chat("Do you have decaf?")
    assert thanks.startswith("Thank you! ")
    assert "number" not in thanks
    session = chat.conversation().session
    assert session is not None
    assert chat.told == []
    assert await chat("Or mint tea?") == []
    assert session.heard == ["Or mint tea?"]
    visits = await chat.rows("desk_visit", "state, agent", "id")
    assert visits == [("taken", session.agent) if account == SHOP else ("waiting", None)]


async def test_an_event_is_never_handed_over_but_the_message_after_it(transferring: WechatChat) -> None:
    chat = transferring
    await chat.follow()
    put_menu(chat)
    await chat.tap_menu("人工")
    assert chat.conversation().session is None
    await chat("有低因咖啡吗？")
    assert chat.conversation().session is not None
    assert chat.told == []


async def test_wechat_tells_when_its_service_is_done(transferring: WechatChat) -> None:
    chat = transferring
    await chat.follow()
    await chat("人工 有低因咖啡吗？")
    chat.people.agent_says(PERSON, SHOP, "有的！")
    assert await chat.later(minutes=20) == ["有的！"]
    chat.people.agent_says(PERSON, SHOP, "还有薄荷茶。")
    assert await chat.later(minutes=20) == ["还有薄荷茶。"]  # we do not hear them: nothing is over yet
    chat.people.agent_closes(PERSON, SHOP)
    (back,) = await chat.later(seconds=2)
    assert "人工服务已结束" in back
    assert len(await chat("余额")) == 1
    assert await chat.rows("desk_visit", "state, because", "id") == [("closed", "done")]


async def test_a_message_that_comes_here_shows_that_the_service_is_done(transferring: WechatChat) -> None:
    chat = transferring
    await chat.follow()
    await chat("人工 有低因咖啡吗？")
    chat.conversation().session = None  # it was closed, and telling it got lost
    chat.clock.now += timedelta(minutes=2)
    assert len(await chat("余额")) == 1
    assert chat.conversation().session is None


async def test_wechats_retry_of_a_message_is_handed_over_again(transferring: WechatChat) -> None:
    chat = transferring
    await chat.follow()
    await chat("人工 有低因咖啡吗？")
    said = Inbound("wechat", "m1", "wechat", chat.address, "wx1", "还有薄荷茶吗？", chat.clock())
    for _ in range(2):
        result = await chat.app.dispatcher.submit(inbound_work(said))
        assert (result.transfers, result.replies) == (True, ())


async def test_who_becomes_one_person_with_another_is_at_the_desk_no_more(chat: WechatChat) -> None:
    await chat.sms("LOYALTY")
    await chat("有低因咖啡吗？")  # what to ask was open
    await chat("返回")
    await chat("LINK")
    (shown,) = await chat(NUMBER)
    code = re.search(r"Text (\d{6}) from", shown)
    assert code
    await chat("人工 有低因咖啡吗？")
    await chat.sms(code[1])
    await chat.came_back()
    assert await chat.contact_id() == await chat.sms.contact_id()
    assert await chat.sms.rows("SELECT state, because FROM desk_visit") == [("closed", "left")]
    assert len(await chat("余额")) == 1
