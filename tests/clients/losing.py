"""A line that breaks after the request was heard and before the answer is, as often as it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.ports import free_port


@dataclass(slots=True)
class Line:
    """`losses` answers will not arrive; `heard` requests were passed on."""

    url: str
    losses: int = 0
    heard: int = 0


@asynccontextmanager
async def losing_line(to: str) -> AsyncIterator[Line]:
    """Pass requests on to a server."""
    line = Line(f"http://127.0.0.1:{free_port()}")

    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def forward(request: web.Request) -> web.Response:
            body = await request.read()
            headers = {name: value for name, value in request.headers.items() if name != "Host"}
            async with session.request(
                request.method, to + request.raw_path, data=body, headers=headers
            ) as answer:
                given = await answer.read()
            line.heard += 1
            if line.losses:
                line.losses -= 1
                assert request.transport is not None
                request.transport.abort()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)
            return web.Response(status=answer.status, body=given, content_type="application/json")

        # Packed bodies are passed on packed.
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", forward)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", urlsplit(line.url).port).start()
        try:
            yield line
        finally:
            await runner.cleanup()
