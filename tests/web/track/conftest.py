"""A running server that hears tracked messages, and what speaks to it by hand."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.app import Running, running, serving
from bot.config import load_settings
from bot.core.sources import USUAL_SCOPES, SourceKind, make_source
from bot.storage import sources
from tests.conversation.chat import FLOWS, Clock
from tests.databases import SqliteDatabases
from tests.ports import free_port
from tests.web.track.tracker import ListTracker

KEY = "a-write-key-of-the-tests"


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


@dataclass(slots=True)
class Shop:
    """A running server, its clock and its tracker."""

    app: Running
    url: str
    clock: Clock
    tracker: ListTracker
    session: aiohttp.ClientSession

    async def source(  # what a source is made of
        self,
        name: str,
        kind: SourceKind = SourceKind.SERVER,
        *,
        key: str | None = None,
        quota: int = 1000,
        origins: tuple[str, ...] = (),
    ) -> str:
        """Add a source as `regulars source add` does; returns its key."""
        made, text = make_source(
            name,
            kind,
            USUAL_SCOPES[kind],
            self.clock(),
            os.urandom,
            created_by="tests",
            quota=quota,
            origins=origins,
            brought=key,
        )
        assert await self.app.database.transact(lambda c: sources.add(c, made))
        return text

    async def __call__(
        self,
        path: str,
        body: object = None,
        *,
        data: bytes | None = None,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        key: str | None = KEY,
    ) -> Answered:
        """Send; `key` None shows none."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if data is None and body is not None:
            data = json.dumps(body).encode()
        if key is not None:
            sent["Authorization"] = aiohttp.encode_basic_auth(key, "")
        async with self.session.request(method, self.url + path, data=data, headers=sent) as answer:
            return Answered(answer.status, dict(answer.headers), await answer.read())


@asynccontextmanager
async def tracking(database_url: str, *, is_real: bool = False) -> AsyncIterator[Shop]:
    """Run a server whose tracker keeps a list, or is the application's own."""
    port = free_port()
    settings = load_settings(
        {
            "DATABASE_URL": database_url,
            "REGULARS_PORT": str(port),
            "REGULARS_FLOWS": str(FLOWS),
            "REGULARS_SECRET": "a-secret-of-the-tests",
        }
    )
    clock, tracker = Clock(), ListTracker()
    async with running(settings, role="web", clock=clock) as app, aiohttp.ClientSession() as session:
        if not is_real:
            app.tracker = tracker
        async with serving(app) as url:
            yield Shop(app, url, clock, tracker, session)


@pytest.fixture
async def shop(sqlite_databases: SqliteDatabases) -> AsyncIterator[Shop]:
    """A server with a source of the kind server."""
    async with tracking(await sqlite_databases.create()) as shop:
        await shop.source("backend", key=KEY)
        yield shop


@pytest.fixture
async def shop_on_both(database_url: str) -> AsyncIterator[Shop]:
    """The same, once on each kind of database: for what the database has a part in."""
    async with tracking(database_url) as shop:
        await shop.source("backend", key=KEY)
        yield shop
