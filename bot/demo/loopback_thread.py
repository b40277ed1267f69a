"""The loopback Twilio in a thread and loop of its own: as apart from the bot as the real one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from threading import Thread

import aiohttp

from bot.demo.loopback_network import Account
from bot.demo.loopback_twilio import LoopbackTwilio

_SETTLED_WITHIN = aiohttp.ClientTimeout(total=30)


class LoopbackThread:
    """A loopback Twilio that runs elsewhere; `session` speaks HTTP to it, relative to its URL."""

    def __init__(self, loopback: LoopbackTwilio, url: str, session: aiohttp.ClientSession) -> None:
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
        network = self._loopback.network
        before, network.latency_seconds = network.latency_seconds, 0
        try:
            yield
        finally:
            network.latency_seconds = before


@asynccontextmanager
async def loopback_thread(
    account: Account, *, latency: timedelta, clock: Callable[[], datetime]
) -> AsyncIterator[LoopbackThread]:
    """Run a loopback Twilio for as long as the context lasts."""
    loopback = LoopbackTwilio(account, latency=latency, clock=clock)
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

    thread = Thread(target=lambda: asyncio.run(serve()), name="loopback-twilio")
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
