"""What became one person on WeChat and by text: one wallet, and orders of either; on both databases."""

import re
from collections.abc import AsyncIterator

import pytest

from bot.conversation.inbox import inbound_work
from bot.conversation.shop.desk import CANCEL, REFUND
from bot.core.ids import BUCKETS
from bot.core.messages import Inbound
from bot.storage.auditing import audited
from bot.storage.driver import Connection
from tests.conversation.chat import NUMBER
from tests.conversation.test_refunds import ONE_LATTE, PAID, give_back, moved, report
from tests.wechat.wechat_chat import MINI, WechatChat, wechatting

OTHER = "+12125550188"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[WechatChat]:
    async with wechatting(database_url) as made:
        await made.follow()
        yield made


async def typed(chat: WechatChat, number: str = NUMBER) -> list[str]:
    """Link a number by the code that is texted to it; returns what was said in the end."""
    await chat("LINK")
    await chat(number)
    code = re.search(r"\d{6}", chat.sms.news(number)[-1])
    assert code
    return await chat(code[0])


async def texted(chat: WechatChat, number: str = NUMBER) -> list[str]:
    """Link a number by the code that is shown, texted from it; returns what the phone was answered."""
    await chat("LINK")
    (answer,) = await chat(number)
    code = re.search(r"\d{6}", answer)
    assert code
    answers = await chat.sms(code[0], number=number)
    await chat.came_back()
    return answers


async def pushed(chat: WechatChat, address: str, number: int) -> str:
    """Let a push arrive that carries a UnionID; returns whose it is by then."""
    facts = {"unionid": "uABCDEF123"}
    inbound = Inbound("wechat", f"m{number}", "wechat", address, "wx1", "hello", chat.clock(), facts=facts)
    result = await chat.app.dispatcher.submit(inbound_work(inbound))
    await chat.came_back()
    return result.contact_id


async def books_hold(chat: WechatChat) -> None:
    async def all_of(connection: Connection) -> list[object]:
        return [one for bucket in range(BUCKETS) for one in (await audited(connection, bucket)).wrong]

    assert await chat.app.database.query(all_of) == []


async def test_a_member_by_text_has_the_same_wallet_on_wechat(chat: WechatChat) -> None:
    await chat.sms("LOYALTY")
    answers = await typed(chat)
    assert "that number is yours" in answers[0]
    assert await chat.contact_id() == await chat.sms.contact_id()
    assert "You have $5.00" in (await chat("BALANCE"))[0]
    assert "You have $5.00" in (await chat.sms("BALANCE"))[0]
    await books_hold(chat)


async def test_the_credit_of_both_is_together_and_it_is_said(chat: WechatChat) -> None:
    await chat.sms("LOYALTY")
    await chat("LOYALTY")
    await chat("skip")
    answers = await typed(chat)
    assert any("everything is in one place now. You have $10.00" in one for one in answers), answers
    assert "You have $10.00" in (await chat.sms("BALANCE"))[0]
    await books_hold(chat)


async def test_an_unknown_number_is_the_contacts_own_once_it_texts_the_code(chat: WechatChat) -> None:
    await chat("LOYALTY")
    await chat("skip")
    assert "belong together" in (await texted(chat, OTHER))[0]
    assert "You have $5.00" in (await chat.sms("BALANCE", number=OTHER))[0]
    assert await chat.sms.contact_id(OTHER) == await chat.contact_id()
    # who joined on WeChat has agreed to no texts
    states = await chat.subscriptions()
    assert states == {"wechat:loyalty": "subscribed"}


async def test_it_is_proven_once_and_the_code_is_none_any_more(chat: WechatChat) -> None:
    await chat.sms("LOYALTY")
    await typed(chat)
    await chat("LINK")
    assert "linked already" in (await chat(NUMBER))[0]


async def test_what_stopped_stays_stopped(chat: WechatChat) -> None:
    await chat("LOYALTY")
    await chat("skip")
    await chat.sms("LOYALTY", number=OTHER)
    await texted(chat, OTHER)
    await chat.sms("STOP", number=OTHER)
    assert await chat.sms("BALANCE", number=OTHER) == []
    assert "You have" in (await chat("BALANCE"))[0]


async def test_unfollowing_later_leaves_what_came_by_text(chat: WechatChat) -> None:
    await chat.sms("LOYALTY")
    await typed(chat)
    await chat.unfollow()
    assert "You have $5.00" in (await chat.sms("BALANCE"))[0]
    await books_hold(chat)


async def test_the_platform_says_that_two_accounts_have_one_person(chat: WechatChat) -> None:
    mini = chat.of(account=MINI)
    await chat("LOYALTY")
    await chat("skip")
    await mini("LOYALTY")
    await mini("skip")
    one = await pushed(chat, chat.address, 1)
    other = await pushed(chat, mini.address, 2)
    assert one != other
    assert await chat.contact_id() == await mini.contact_id()
    assert any("You have $10.00" in one for one in await mini("BALANCE"))
    await books_hold(chat)


async def test_an_order_of_either_comes_back_to_the_one_wallet(chat: WechatChat) -> None:
    await chat("LOYALTY")
    await chat("skip")
    for text in ("LOYALTY", "skip", "skip"):
        await chat.sms(text)
    await chat.sms.strike()
    chat.sms.news()
    await report(chat.sms, {**PAID, "credit_minor": 300})
    await chat.came_back()
    before = await typed(chat)
    assert any("everything is in one place" in one for one in before)
    wallet = await chat.sms.wallet()
    done = await give_back(chat.sms, REFUND, ONE_LATTE)
    assert moved(done)["restored_minor"] == 110
    assert isinstance(moved(done)["taken_back_minor"], int)
    again = await give_back(chat.sms, REFUND, ONE_LATTE)
    assert moved(again) == {}, "told twice is no news"
    after = await chat.sms.wallet()
    taken = moved(done)["taken_back_minor"]
    assert isinstance(taken, int)
    assert sum(after[:2]) == sum(wallet[:2]) + 110 - taken
    await give_back(chat.sms, CANCEL, {"order": "A-1"})
    # both welcomes are there again, and nothing of the order
    assert (await chat.sms.wallet())[1:] == (1000, 0, 0)
    await books_hold(chat)
