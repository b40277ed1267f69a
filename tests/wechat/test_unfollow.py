"""Unfollowing: the provider's opt-out, and what came from the account is gone; on both databases."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import String
from sqlmodel import AutoString

from bot.app import address_hashes
from bot.core.contact import Address
from bot.core.ids import bucket_of
from bot.core.ledger.verifying import findings
from bot.core.wechat_address import openid_of
from bot.storage import history, rows, tables, turns
from bot.storage.driver import Connection, Present, Rows
from tests.conversation.chat import NUMBER, Clock
from tests.wechat.wechat_chat import MINI, WechatChat, wechatting

WORDS = "zanzibar"
TABLES = tables.Row.metadata.tables


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[WechatChat]:
    async with wechatting(database_url) as made:
        await made.follow()
        await made("LOYALTY")
        await made("Quetzalina")
        await made(f"hello {WORDS}")
        await made(f"PERSON {WORDS}")
        yield made


async def everything(chat: WechatChat) -> str:
    """All text that is stored anywhere."""
    found = []
    for table in TABLES.values():
        names = [f'"{one.name}"' for one in table.columns if isinstance(one.type, String | AutoString)]
        if names and table.name not in {"revision", "setting"}:
            stored = await chat.sms.rows(f'SELECT {", ".join(names)} FROM "{table.name}"')  # noqa: S608  # ours
            found += [f"{table.name}: {row}" for row in stored]
    return "\n".join(found)


async def also_by(chat: WechatChat, channel: str, value: str) -> None:
    """Let the contact have another address."""
    contact = await chat.contact_id()

    async def put(connection: Connection) -> None:
        await connection.write(
            Rows(TABLES["directory"], Present.FAIL), [(channel, value, bucket_of(contact), contact)]
        )
        whose = (await turns.lock(connection, [contact]))[contact]
        row = rows.address_row(whose, Address(channel, value), chat.clock())
        await connection.write(Rows(TABLES["address"], Present.FAIL), [row])

    await chat.app.database.transact(put)


async def test_who_has_nothing_else_is_erased_and_the_books_stay(chat: WechatChat) -> None:
    contact, openid = await chat.contact_id(), openid_of(chat.address)
    assert WORDS in await everything(chat)
    assert openid in await everything(chat)
    before = await chat.rows("wallet", "available_minor, entry_count, last_hash", "id")
    assert before
    assert await chat.unfollow() == []
    left = await everything(chat)
    for word in (WORDS, openid, "Quetzalina"):
        assert word not in left
    own = {"bucket": bucket_of(contact), "contact": contact}
    kept = "SELECT available_minor, entry_count, last_hash FROM wallet"
    assert await chat.sms.rows(f"{kept} WHERE bucket = :bucket AND contact = :contact", **own) == before
    database = chat.app.database
    standing = await database.query(lambda c: history.standing(c, contact))
    assert findings(standing, await database.query(lambda c: history.entries_of(c, contact))) == []
    sql = "SELECT enrolled_at FROM contact WHERE bucket = :bucket AND id = :contact"
    assert await chat.sms.rows(sql, **own) == [(None,)]


async def test_an_inbox_on_our_pages_alone_is_nobodys(chat: WechatChat) -> None:
    contact = await chat.contact_id()
    await also_by(chat, "app", contact)
    await chat.unfollow()
    own = {"bucket": bucket_of(contact), "contact": contact}
    found = await chat.sms.rows(
        "SELECT enrolled_at FROM contact WHERE bucket = :bucket AND id = :contact", **own
    )
    assert found == [(None,)]
    assert "Quetzalina" not in await everything(chat)


async def test_the_address_stays_known_as_left(chat: WechatChat) -> None:
    address = chat.address
    await chat.unfollow()
    hashes = address_hashes(chat.app.settings)(address)
    stored = await chat.sms.rows("SELECT channel, address_hash FROM suppression")
    assert stored == [("wechat", hashes[0])]


async def test_who_follows_again_begins_anew_and_is_subscribed_to_nothing(chat: WechatChat) -> None:
    before = await chat.contact_id()
    await chat.unfollow()
    await chat.follow()
    assert await chat.contact_id() != before
    assert await chat.rows("subscription", "state", "state") == []
    assert "not a member yet" in (await chat("BALANCE"))[0]  # and is answered again


async def test_with_another_channel_only_what_came_from_wechat_goes(chat: WechatChat) -> None:
    await also_by(chat, "sms", NUMBER)
    await also_by(chat, "unionid", "u-1")
    await chat.sms("PERSON marmalade")
    contact, openid = await chat.contact_id(), openid_of(chat.address)
    await chat.unfollow()
    left = await everything(chat)
    for word in (WORDS, openid, "u-1"):
        assert word not in left
    assert "marmalade" in left
    assert "Quetzalina" in left
    assert await chat.sms.contact_id() == contact
    assert "You have $5.00" in (await chat.sms("BALANCE"))[0]
    states = dict(await chat.sms.of("subscription", "subscription_group, state", "subscription_group"))
    assert states["wechat:loyalty"] == "unsubscribed"


async def test_a_union_id_stays_while_another_account_uses_it(chat: WechatChat) -> None:
    mini = chat.of(account=MINI)
    await also_by(chat, "unionid", "u-1")
    await also_by(chat, "wechat", mini.address)
    await chat.unfollow()
    left = await everything(chat)
    assert "u-1" in left
    assert openid_of(chat.address) not in left
    assert mini.openid in left
    assert "You have $5.00" in (await mini("BALANCE"))[0]


async def test_the_push_again_changes_nothing(database_url: str) -> None:
    async with wechatting(database_url, clock=Clock()) as chat:
        await chat.follow()
        await chat("LOYALTY")
        chat.fault(kind="double_push")
        assert await chat.unfollow() == []
        assert openid_of(chat.address) not in await everything(chat)
