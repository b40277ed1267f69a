"""A loopback provider in a thread and loop of its own: as apart from the bot as the real one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from threading import Thread
from typing import Protocol

import aiohttp

_SETTLED_WITHIN = aiohttp.ClientTimeout(total=30)


class Loopback(Protocol):
    """What can run so; `latency_seconds` may be changed from any thread."""

    name: str

    @property
    def url(self) -> str:
        """Where it listens, once it was started."""
        ...

    @property
    def latency_seconds(self) -> float:
        """How long it takes for everything."""
        ...

    @latency_seconds.setter
    def latency_seconds(self, seconds: float) -> None: ...

    async def start(self) -> None:
        """Listen."""
        ...

    async def close(self) -> None:
        """Listen no more."""
        ...


class LoopbackThread:
    """A loopback that runs elsewhere; `session` speaks HTTP to it, relative to its URL."""

    def __init__(self, loopback: Loopback, url: str, session: aiohttp.ClientSession) -> None:
        self._loopback = loopback
        self.url = url
        self.session = session

    async def settle(self) -> None:
        """Wait until every message has arrived and every status is reported."""
        async with self.session.post("/loopback/settle", timeout=_SETTLED_WITHIN) as answer:
            answer.raise_for_status()

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Let messages arrive at once for a while."""
        before, self._loopback.latency_seconds = self._loopback.latency_seconds, 0
        try:
            yield
        finally:
            self._loopback.latency_seconds = before


@asynccontextmanager
async def loopback_thread(loopback: Loopback) -> AsyncIterator[LoopbackThread]:
    """Run a loopback for as long as the context lasts."""
    stop = asyncio.Event()
    started: Future[asyncio.AbstractEventLoop] = Future()

    async def serve() -> None:
        try:
            await loopback.start()
        except OSError as error:
            started.set_exception(error)
            return
        started.set_result(asyncio.get_running_loop())
        await stop.wait()
        await loopback.close()

    thread = Thread(target=lambda: asyncio.run(serve()), name=loopback.name)
    thread.start()
    try:
        loop = await asyncio.wrap_future(started)
        try:
            async with aiohttp.ClientSession(loopback.url) as session:
                yield LoopbackThread(loopback, loopback.url, session)
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        await asyncio.to_thread(thread.join)
