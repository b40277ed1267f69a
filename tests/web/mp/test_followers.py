"""Who follows a bound service account is one person with whoever opens the mini program."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.wechat.account import unionid
from tests.conversation.chat import Clock
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.wechat.wechat_chat import PERSON, SHOP, WechatChat, loopback_wechat

ASKED = "/cgi-bin/user/info"
SOMEBODY, ANOTHER = "wang", "zhao"


@pytest.fixture
async def shopper(database_url: str) -> AsyncIterator[ShopperClient]:
    clock = Clock()
    async with at_the_pages(
        database_url, clock=clock, loopback=loopback_wechat(clock, is_bound=True)
    ) as made:
        yield made


def chat_of(shopper: ShopperClient, person: str) -> WechatChat:
    return shopper.chat.of(person=person, account=SHOP)


async def known(chat: WechatChat, says: str = "") -> str:
    """Wait, or go on writing, until WeChat has told who somebody is; returns whose the UnionID is by then."""
    async with asyncio.timeout(20):
        while True:
            await (chat(says) if says else chat.came_back())
            found = await chat.sms.rows(
                "SELECT d.contact FROM directory d WHERE d.kind = 'unionid' AND d.value = :it",
                it=unionid(chat.person),
            )
            if found and found[0][0] == await chat.contact_id():
                return str(found[0][0])
            await asyncio.sleep(0.02)


async def test_what_the_chat_gave_is_in_the_mini_program(shopper: ShopperClient) -> None:
    chat = chat_of(shopper, SOMEBODY)
    await chat.follow()
    await chat("LOYALTY")
    await chat("skip")
    contact = await known(chat)
    page = await shopper.another(SOMEBODY)
    assert await known(chat) == contact
    wallet = await page.got("/wallet")
    assert wallet["available"]["text"] == "$5.00"
    assert (await page.got("/me"))["member"]
    await chat("BALANCE")
    assert chat.asked(ASKED) == 1, "once, however often they write"


async def test_what_the_mini_program_gave_is_in_the_chat(shopper: ShopperClient) -> None:
    page = await shopper.another(ANOTHER)
    await page.did("/join", {})
    member = await page.contact_id()
    chat = chat_of(shopper, ANOTHER)
    await chat.follow()
    assert await known(chat) == member
    assert any("$5.00" in said for said in await chat("BALANCE"))


async def test_who_could_not_be_asked_about_is_asked_about_when_they_write_again(
    shopper: ShopperClient,
) -> None:
    chat = chat_of(shopper, SOMEBODY)
    chat.fault(kind="refuse", account=SHOP, path=ASKED, code=45009, times=1)
    await chat.follow()
    assert await known(chat, says="hello")


async def test_who_comes_back_is_asked_about_again(shopper: ShopperClient) -> None:
    chat = chat_of(shopper, SOMEBODY)
    await chat.follow()
    await known(chat)
    await chat.unfollow()
    assert (
        await chat.sms.rows(
            "SELECT 1 FROM directory d WHERE d.kind = 'unionid' AND d.value = :it", it=unionid(SOMEBODY)
        )
        == []
    )
    await chat.follow()
    assert await known(chat)


async def test_of_an_account_that_is_not_bound_nothing_is_asked(database_url: str) -> None:
    async with at_the_pages(database_url) as shopper:
        chat = chat_of(shopper, PERSON)
        await chat.follow()
        await chat("LOYALTY")
        assert chat.asked(ASKED) == 0
        assert await shopper.contact_id() != await chat.contact_id()
