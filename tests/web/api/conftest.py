"""A shop that uses the API of a running application, over real HTTP on a real database."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import pytest

from bot.core.api_keys import Scope, make_key
from bot.storage import api_keys
from tests.conversation.chat import NUMBER, Chat, chatting


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> Any:  # noqa: ANN401  # JSON
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The last part of a problem's type."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.body
        return str(self.told["type"]).rpartition(":")[2]

    @property
    def is_replay(self) -> bool:
        """Whether it is what was answered before."""
        return self.headers.get("Idempotent-Replayed") == "true"


@dataclass(slots=True)
class ShopClient:
    """Asks the API; every write gets an Idempotency-Key of its own unless told otherwise."""

    chat: Chat
    session: aiohttp.ClientSession
    key: str
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def __call__(  # noqa: PLR0913  # what a request is made of
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        once: str | None = "",
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answered:
        """Ask; `once` None sends no Idempotency-Key, `key` None no key."""
        sent: dict[str, str] = {}
        if key is not None:
            sent["Authorization"] = f"Bearer {key or self.key}"
        if once is not None and method != "GET":
            sent["Idempotency-Key"] = once or f"test-{next(self.numbers)}"
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        async with self.session.request(
            method, self.chat.url + path, data=data, headers={**sent, **(headers or {})}
        ) as answer:
            return Answered(answer.status, dict(answer.headers), await answer.read())

    async def another_key(self, *scopes: Scope, name: str = "another") -> str:
        """Make one more key."""
        return await made_key(self.chat, *scopes, name=name)

    async def member(self, phone: str = NUMBER) -> str:
        """Enrol somebody; returns their id."""
        enrolled = await self("POST", "/api/members", {"phone": phone})
        assert enrolled.status == 200, enrolled.body
        return str(enrolled.told["id"])


async def made_key(chat: Chat, *scopes: Scope, name: str = "till") -> str:
    """Make a key as `regulars key create` does."""
    made, text = make_key(name, frozenset(scopes), chat.clock(), os.urandom, "tests")
    await chat.app.database.transact(lambda connection: api_keys.add(connection, made))
    return text


@asynccontextmanager
async def shopping(url: str, **options: Any) -> AsyncIterator[ShopClient]:  # noqa: ANN401  # those of `chatting`
    """Run the application and a shop whose key may do everything."""
    async with chatting(url, **options) as chat, aiohttp.ClientSession() as session:
        yield ShopClient(chat, session, await made_key(chat, *Scope))


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[ShopClient]:
    """A shop, on both databases."""
    async with shopping(database_url) as client:
        yield client
