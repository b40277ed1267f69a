"""Shoppers at our pages: they log in through a loopback WeChat, or by a page link, and ask over real HTTP."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest

from bot.core.page_links import PageLinks
from tests.databases import SqliteDatabases
from tests.web.api.conftest import Answered
from tests.wechat.wechat_chat import MINI, PERSON, WechatChat, wechatting


@dataclass(slots=True)
class ShopperClient:
    """One shopper's session: `await shopper("GET", "/wallet")`; every write gets a key of its own.

    `chat` is the same shop by WeChat (`chat.sms`: by text message), with clock, jobs and database.
    """

    chat: WechatChat
    session: aiohttp.ClientSession
    token: str = ""
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        once: str | None = "",
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Ask for a path below `/mp`; `once` None sends no Idempotency-Key."""
        sent: dict[str, str] = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if once is not None and method != "GET":
            sent["Idempotency-Key"] = once or f"test-{next(self.numbers)}"
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        url = f"{self.chat.sms.url}/mp{path}"
        async with self.session.request(method, url, data=data, headers={**sent, **(headers or {})}) as got:
            return Answered(got.status, dict(got.headers), await got.read())

    async def got(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """What is found at a path."""
        answered = await self("GET", path)
        assert answered.status == 200, answered.body
        return answered.told

    async def did(self, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        """What doing something came to; without a body none is sent."""
        answered = await self("POST", path, body)
        assert answered.status == 200, answered.body
        return answered.told

    def anybody(self) -> "ShopperClient":
        """Somebody who is not logged in."""
        return ShopperClient(self.chat, self.session, numbers=self.numbers)

    async def log_in(self, person: str = PERSON, **more: object) -> Answered:
        """Log a person in by the mini program, without taking their session over."""
        platform = self.chat.loopback.platform
        code = platform.pages.code(platform.accounts[MINI], person)
        return await self.anybody()("POST", "/sessions", {"account": MINI, "code": code, **more}, once=None)

    async def another(self, person: str, **more: object) -> "ShopperClient":
        """Another person, logged in by the mini program."""
        answered = await self.log_in(person, **more)
        assert answered.status == 200, answered.body
        return ShopperClient(self.chat, self.session, answered.told["token"], self.numbers)

    async def by_link(
        self, contact_id: str, page: str = "wallet", *, channel: str = "", **lasts: float
    ) -> "ShopperClient":
        """Whoever opens a page link that was made for a contact, in a message of that channel."""
        token = self.link(contact_id, page, channel=channel, **lasts)
        answered = await self.anybody()("POST", "/sessions/link", {"token": token}, once=None)
        assert answered.status == 200, answered.body
        return ShopperClient(self.chat, self.session, answered.told["token"], self.numbers)

    def link(self, contact_id: str, page: str = "wallet", *, channel: str = "", **lasts: float) -> str:
        """The token of a page link, good for three days unless told otherwise."""
        settings = self.chat.app.settings
        links = PageLinks(settings.public_url, tuple(one.encode() for one in settings.secrets))
        until = self.chat.clock.now + timedelta(**(lasts or {"days": 3}))
        return links.token(contact_id, page, until, channel=channel)

    async def texting(self, text: str = "LOYALTY") -> "ShopperClient":
        """Whoever texts the shop, by default to join, and opens a page link then: a session by SMS."""
        await self.chat.sms(text)
        return await self.by_link(await self.chat.sms.contact_id())

    async def contact_id(self) -> str:
        """On whose record the session is."""
        found = await self.chat.sms.rows(
            "SELECT s.contact FROM session s WHERE s.id = :id", id=_session_id(self.token)
        )
        return str(found[0][0])


def _session_id(token: str) -> str:
    from bot.core.sessions import id_in  # noqa: PLC0415  # only few tests need it

    return id_in(token) or ""


@asynccontextmanager
async def at_the_pages(url: str, **options: Any) -> AsyncIterator[ShopperClient]:  # noqa: ANN401  # of `wechatting`
    """Run the application with a loopback WeChat, and log a person in by the mini program."""
    async with wechatting(url, **options) as chat, aiohttp.ClientSession() as session:
        yield await ShopperClient(chat, session).another(PERSON)


@pytest.fixture
async def shopper(sqlite_databases: SqliteDatabases) -> AsyncIterator[ShopperClient]:
    """A person who opened the mini program for the first time, on SQLite."""
    url = await sqlite_databases.create()
    async with at_the_pages(url) as client:
        yield client
    await sqlite_databases.drop(url)


@pytest.fixture
async def shopper_anywhere(database_url: str) -> AsyncIterator[ShopperClient]:
    """The same, on both databases."""
    async with at_the_pages(database_url) as client:
        yield client
