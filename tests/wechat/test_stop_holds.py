"""STOP on WeChat while everything else is broken: in every language, and by leaving the account."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.compliance import DEFAULT_WORDS, LegalCategory
from bot.core.replies import RequiredReply
from bot.core.replies_wechat import WECHAT_REPLIES
from tests.conversation.chat import shipped
from tests.conversation.test_stop_holds import break_inserts, mend_inserts
from tests.wechat.wechat_chat import WechatChat, wechatting

STOPPED = WECHAT_REPLIES["en"][RequiredReply.OPT_OUT].replace("{shop}", "Corner Leaf")


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[WechatChat]:
    """Somebody who joined by WeChat."""
    async with wechatting(database_url, flows=shipped(tmp_path, "loyalty", "balance")) as made:
        await made.follow()
        await made("LOYALTY")
        yield made


async def is_stopped(chat: WechatChat) -> bool:
    ((stopped_at,),) = await chat.sms.rows(
        "SELECT a.stopped_at FROM address a WHERE a.channel = 'wechat' AND a.value = :value",
        value=chat.address,
    )
    return stopped_at is not None


async def test_stop_is_heard_in_every_language_though_no_wallet_can_be_read(chat: WechatChat) -> None:
    await chat.sms.run("ALTER TABLE lot RENAME TO gone")
    assert "went wrong" in (await chat("BALANCE"))[0]
    for language, words in sorted(DEFAULT_WORDS[LegalCategory.OPT_OUT].items()):
        person = chat.of(person=f"person-{language}")
        await person.follow()
        assert await person(words[0]) == [STOPPED], language
        assert await is_stopped(person), language
        assert set((await person.subscriptions()).values()) == {"unsubscribed"}


async def test_stop_is_kept_while_the_log_cannot_be_written_and_done_later(chat: WechatChat) -> None:
    await break_inserts(chat.sms, "consent")
    assert await chat("退订") == []
    assert await is_stopped(chat)
    assert await chat("BALANCE") == []
    await mend_inserts(chat.sms, "consent")
    assert await chat.later(minutes=2) == [STOPPED]
    assert chat.last.way == "customer_service"
    assert await chat.subscriptions() == {"wechat:loyalty": "unsubscribed"}


async def test_who_leaves_the_account_is_out_though_no_wallet_can_be_read(chat: WechatChat) -> None:
    contact = await chat.contact_id()
    await chat.sms.run("ALTER TABLE lot RENAME TO gone")
    assert await chat.unfollow() == []
    found = await chat.sms.rows(
        "SELECT s.state FROM subscription s WHERE s.contact = :contact AND s.state <> 'unsubscribed'",
        contact=contact,
    )
    assert found == []


KNOWN = "SELECT d.contact FROM directory d WHERE d.kind = 'wechat'"


async def test_who_leaves_is_forgotten_though_no_turn_can_be_made(chat: WechatChat) -> None:
    await chat.sms.run("ALTER TABLE hold RENAME TO gone")
    assert await chat.unfollow() == []
    assert await chat.sms.rows(KNOWN) == []


async def test_who_leaves_is_forgotten_as_soon_as_that_can_be_done(chat: WechatChat) -> None:
    await chat.sms.run("ALTER TABLE lot RENAME TO gone")
    assert await chat.unfollow() == []
    assert await is_stopped(chat)
    assert len(await chat.sms.rows(KNOWN)) == 1
    await chat.sms.run("ALTER TABLE gone RENAME TO lot")
    assert await chat.later(minutes=2) == []
    assert await chat.sms.rows(KNOWN) == []


async def test_a_confirmation_that_is_late_is_not_sent(chat: WechatChat) -> None:
    await break_inserts(chat.sms, "consent")
    await chat("STOP")
    await chat.later(minutes=6)
    await mend_inserts(chat.sms, "consent")
    assert await chat.later(minutes=2) == []
    assert await chat.subscriptions() == {"wechat:loyalty": "unsubscribed"}
