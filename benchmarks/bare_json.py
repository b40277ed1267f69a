"""The bare handler: aiohttp, a JSON body, one durable INSERT in a group commit, a JSON answer. No rule."""

import argparse
import time
from collections.abc import AsyncIterator

import orjson
from aiohttp import web

from benchmarks.databases import plain_url
from benchmarks.floor import PostgresStore, SqliteStore, Store
from benchmarks.shoppers import BARE_PATH

ANSWER = {"available": {"minor": 500, "text": "$5.00"}, "says": "$5.00 is good through Friday"}


def application(store: Store) -> web.Application:
    """One path that writes, and one that says that it runs."""

    async def handle(request: web.Request) -> web.Response:
        asked = orjson.loads(await request.read())
        await store.put((asked["id"], asked["member"], asked["kind"], time.time()))
        return web.Response(body=orjson.dumps(ANSWER), content_type="application/json")

    async def ready(request: web.Request) -> web.Response:
        del request
        return web.Response()

    async def running(app: web.Application) -> AsyncIterator[None]:
        del app
        await store.open()
        yield
        await store.close()

    app = web.Application()
    app.router.add_post(BARE_PATH, handle)
    app.router.add_get("/readyz", ready)
    app.cleanup_ctx.append(running)
    return app


async def make(database: str) -> web.Application:
    """The application on a database."""
    url = plain_url(database)
    is_postgres = url.startswith("postgresql://")
    return application(PostgresStore(url) if is_postgres else SqliteStore(url.partition(":///")[2]))


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
