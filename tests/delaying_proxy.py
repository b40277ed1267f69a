"""A distance to a server: every byte takes its time in either direction, and round trips are counted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_CHUNK = 1 << 16
_Told = asyncio.Queue[tuple[float, bytes]]


@dataclass(slots=True)
class DelayingProxy:
    """Stands between clients and a server on this machine; a round trip takes `seconds` more."""

    server_port: int
    seconds: float
    port: int = 0
    round_trips: int = 0
    """How often a client spoke after the server had: what a protocol without pipelining waits for."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a client to the server until either leaves."""
        there = await asyncio.open_connection("127.0.0.1", self.server_port)
        line = _Line(self)
        task = asyncio.create_task(line.run(reader, writer, *there))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


@dataclass(slots=True)
class _Line:
    """One client's connection, both ways."""

    proxy: DelayingProxy
    is_answered: bool = True

    async def run(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
    ) -> None:
        asked, answered = _Told(), _Told()
        ways = [
            asyncio.ensure_future(self._hear(reader, asked, is_client=True)),
            asyncio.ensure_future(self._say(asked, there_writer)),
            asyncio.ensure_future(self._hear(there_reader, answered, is_client=False)),
            asyncio.ensure_future(self._say(answered, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, there_writer):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _hear(self, source: asyncio.StreamReader, queue: _Told, *, is_client: bool) -> None:
        loop = asyncio.get_running_loop()
        while heard := await source.read(_CHUNK):
            if is_client and self.is_answered:
                self.proxy.round_trips += 1
            self.is_answered = not is_client
            queue.put_nowait((loop.time() + self.proxy.seconds / 2, heard))

    async def _say(self, queue: _Told, target: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            at, heard = await queue.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            target.write(heard)
            await target.drain()


@asynccontextmanager
async def delaying(server_port: int, seconds: float) -> AsyncIterator[DelayingProxy]:
    """Run it in front of a server of this machine."""
    proxy = DelayingProxy(server_port, seconds)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(proxy.tasks):
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
