"""The platform's side of the callback for tests: posts what we want it to post, sealed as it should be."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import aiohttp

from bot.channels.wechat.account import AccountKind, Format, Mode, WechatAccount
from bot.channels.wechat.crypto import Envelope, signature
from bot.channels.wechat.passive import NOTHING
from bot.channels.wechat.shapes import read, text_of, write_json, write_xml
from bot.storage.driver import Database
from tests.conversation.chat import Chat, Clock, chatting

KEY_TEXT = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TOKEN = "AAAAA"
OPENID = "otFpruAK8D-E6EfStSYonYSBZ8_4"
SETTINGS = {
    f"REGULARS_WECHAT_{name}_{field}": text
    for name, appid, kind, form in (
        ("SHOP", "wx0123456789abcdef", "official", "xml"),
        ("MINI", "wxfedcba9876543210", "mini", "json"),
    )
    for field, text in {
        "APPID": appid,
        "SECRET": "0123456789abcdef",
        "KIND": kind,
        "FORMAT": form,
        "TOKEN": TOKEN,
        "AES_KEY": KEY_TEXT,
    }.items()
} | {"REGULARS_WECHAT_BASE_URL": "http://127.0.0.1:9"}  # nobody listens: nothing is sent in these tests


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: the status, the body as it was, and the text inside; "" where it was `success`."""

    status: int
    body: bytes
    text: str = ""


@dataclass(slots=True)
class Platform:
    """Posts pushes of one account to a running application."""

    url: str
    account: WechatAccount
    session: aiohttp.ClientSession
    clock: Callable[[], datetime]
    openid: str = OPENID
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def token(self) -> str:
        """What it signs with."""
        return self.account.tokens[0]

    async def text(self, body: str, *, message_id: str | None = None, openid: str | None = None) -> Answered:
        """Post a text message."""
        message_id = message_id or str(next(self.numbers))
        return await self.push(openid, MsgType="text", Content=body, MsgId=message_id)

    async def event(self, name: str, **fields: object) -> Answered:
        """Post an event."""
        return await self.push(None, MsgType="event", Event=name, **fields)

    async def push(self, openid: str | None = None, /, **fields: object) -> Answered:
        """Post a push, sealed as the account's mode says."""
        query, body = self.written(openid, **fields)
        return await self.post(query, body)

    def written(self, openid: str | None = None, /, **fields: object) -> tuple[dict[str, str], bytes]:
        """What a push is written as: query and body."""
        at = self.clock()
        push = {
            "ToUserName": "gh_123456789abc",
            "FromUserName": openid or self.openid,
            "CreateTime": int(at.timestamp()),
            **fields,
        }
        timestamp, nonce = str(int(at.timestamp())), str(next(self.numbers))
        query = {
            "signature": signature(self.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": openid or self.openid,
        }
        write = write_xml if self.account.format is Format.XML else write_json
        if self.account.mode is Mode.PLAIN:
            return query, write(push)
        sealed = Envelope(self.account.appid, self.account.aes_keys).seal(write(push), b"r" * 16)
        query |= {"encrypt_type": "aes", "msg_signature": signature(self.token, timestamp, nonce, sealed)}
        return query, write({"ToUserName": "gh_123456789abc", "Encrypt": sealed})

    async def post(self, query: Mapping[str, str], body: bytes) -> Answered:
        """Post bytes."""
        address = f"{self.url}/wechat/{self.account.name}"
        async with self.session.post(address, params=query, data=body) as answer:
            return self.opened(answer.status, await answer.read())

    def opened(self, status: int, body: bytes) -> Answered:
        """Read an answer as the platform does."""
        if status != 200 or body == NOTHING:
            return Answered(status, body)
        outer = read(body, self.account.format)
        if self.account.mode is Mode.PLAIN:
            return Answered(status, body, text_of(outer, "Content"))
        sealed = text_of(outer, "Encrypt")
        signed = signature(self.token, text_of(outer, "TimeStamp"), text_of(outer, "Nonce"), sealed)
        assert outer["MsgSignature"] == signed
        message, _ = Envelope(self.account.appid, self.account.aes_keys).open(sealed)
        inner = read(message, self.account.format)
        assert inner["MsgType"] == "text"
        return Answered(status, body, text_of(inner, "Content"))


@dataclass(slots=True)
class Wechat:
    """A running application with an official account and a mini program."""

    chat: Chat
    shop: Platform
    mini: Platform


@asynccontextmanager
async def on_wechat(
    database_url: str,
    *,
    settings: Mapping[str, str] | None = None,
    database: Database | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Wechat]:
    """Run the shipped application with both accounts."""
    chosen = SETTINGS | dict(settings or {})
    async with (
        chatting(database_url, settings=chosen, database=database, clock=clock) as chat,
        aiohttp.ClientSession() as session,
    ):
        accounts = {account.name: account for account in chat.app.settings.wechat}
        platforms = {
            name: Platform(chat.url, account, session, chat.clock) for name, account in accounts.items()
        }
        assert accounts["shop"].kind is AccountKind.OFFICIAL
        yield Wechat(chat, platforms["shop"], platforms["mini"])
