"""The floor: the least a durable webhook can do. aiohttp, form, signature, one group-committed INSERT, TwiML.

No dedupe beyond the key, no member, no rule: what is above it is what the bot itself costs.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import queue
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from typing import Protocol
from urllib.parse import parse_qsl

import asyncpg
from aiohttp import web

from benchmarks.databases import plain_url
from benchmarks.posts import AUTH_TOKEN, PUBLIC_URL, TWILIO_PATH

TWIML = (
    b'<?xml version="1.0" encoding="UTF-8"?><Response><Message>You have $5.00 to spend.</Message></Response>'
)
CREATE = (
    "CREATE TABLE IF NOT EXISTS message "
    "(sid text PRIMARY KEY, sender text NOT NULL, body text NOT NULL, received_at double precision NOT NULL)"
)
Row = tuple[str, str, str, float]
Waiting = tuple[Row, asyncio.Future[None]]


class Store(Protocol):
    """Something that makes a row durable; the future is done after its commit."""

    async def open(self) -> None: ...
    def put(self, row: Row) -> asyncio.Future[None]: ...
    async def close(self) -> None: ...


class SqliteStore:
    """One writer thread; the rows that wait while it commits are its next transaction."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._write)

    async def open(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread.start()

    def put(self, row: Row) -> asyncio.Future[None]:
        done: asyncio.Future[None] = self.loop.create_future()
        self.queue.put((row, done))
        return done

    async def close(self) -> None:
        self.queue.put(None)
        await asyncio.to_thread(self.thread.join)

    def _write(self) -> None:
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(CREATE)
        while (first := self.queue.get()) is not None:
            batch = [first]
            while not self.queue.empty() and (more := self.queue.get_nowait()) is not None:
                batch.append(more)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO message VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", [row for row, _ in batch]
            )
            connection.execute("COMMIT")
            self.loop.call_soon_threadsafe(_finish, batch)
        connection.close()


class PostgresStore:
    """One statement per batch of waiting rows, arrays in; the next batch gathers meanwhile."""

    INSERT = (
        "INSERT INTO message SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[]) "
        "ON CONFLICT DO NOTHING"
    )

    def __init__(self, url: str) -> None:
        self.url = url
        self.waiting: list[Waiting] = []
        self.something = asyncio.Event()

    async def open(self) -> None:
        self.connection = await asyncpg.connect(self.url)
        await self.connection.execute(CREATE)
        self.insert = await self.connection.prepare(self.INSERT)
        self.task = asyncio.create_task(self._write())

    def put(self, row: Row) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((row, done))
        self.something.set()
        return done

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.connection.close()

    async def _write(self) -> None:
        while await self.something.wait():
            self.something.clear()
            batch, self.waiting = self.waiting, []
            await self.insert.fetch(
                *(list(column) for column in zip(*(row for row, _ in batch), strict=True))
            )
            _finish(batch)


def _finish(batch: list[Waiting]) -> None:
    for _, done in batch:
        if not done.done():
            done.set_result(None)


class Webhook:
    """`POST /twilio/messages` at its cheapest."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.orders: dict[tuple[str, ...], list[int]] = {}

    async def receive(self, request: web.Request) -> web.Response:
        pairs = parse_qsl((await request.read()).decode(), keep_blank_values=True)
        if not self.is_signed(pairs, request.headers.get("X-Twilio-Signature", "")):
            return web.Response(status=403)
        form = dict(pairs)
        await self.store.put((form["MessageSid"], form["From"], form["Body"], time.time()))
        return web.Response(body=TWIML, content_type="text/xml")

    def is_signed(self, pairs: list[tuple[str, str]], given: str) -> bool:
        """Sorts once per set of parameter names: Twilio sends the same few sets for ever."""
        names = tuple(name for name, _ in pairs)
        order = self.orders.get(names)
        if order is None:
            order = self.orders[names] = sorted(range(len(names)), key=names.__getitem__)
        signed = PUBLIC_URL + TWILIO_PATH + "".join([pairs[index][0] + pairs[index][1] for index in order])
        expected = base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1))
        return hmac.compare_digest(expected, given.encode())


def application(store: Store) -> web.Application:
    app = web.Application()
    webhook = Webhook(store)

    async def ready(request: web.Request) -> web.Response:
        del request
        return web.Response()

    async def running(app: web.Application) -> AsyncIterator[None]:
        del app
        await store.open()
        yield
        await store.close()

    app.router.add_post(TWILIO_PATH, webhook.receive)
    app.router.add_get("/readyz", ready)
    app.cleanup_ctx.append(running)
    return app


async def make(database: str) -> web.Application:
    url = plain_url(database)
    if url.startswith("postgresql://"):
        return application(PostgresStore(url))
    return application(SqliteStore(url.partition(":///")[2]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    web.run_app(
        make(arguments.database),
        host="127.0.0.1",
        port=arguments.port,
        access_log=None,
        print=lambda *_: None,
    )
