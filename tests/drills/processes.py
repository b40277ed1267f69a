"""Real processes of Regulars behind a balancer, to be killed in the middle of work and started again."""

import asyncio
import contextlib
import itertools
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.ports import free_port

PATIENCE_SECONDS = 12.0
"""How long the balancer waits for a process that can answer; Twilio waits 15."""
_TRY_AGAIN_SECONDS = 0.05


@dataclass(slots=True)
class Regulars:
    """One process; `start` it as often as you `kill` it."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    process: Process | None = None
    kills: int = 0

    @property
    def url(self) -> str:
        """Where it answers, if it does."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it; its lines go to a file in the folder."""
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).parent / "regulars"),
                *self.command,
                env={**self.environ, "REGULARS_PORT": str(self.port)},
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def kill(self) -> None:
        """End it at once, as a power failure would."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        self.kills += 1

    async def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        if self.process is None or self.process.returncode is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(30):
                return await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            return -signal.SIGKILL

    async def until_ready(self) -> None:
        """Wait until it says that it can handle messages."""
        async with asyncio.timeout(30), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:  # HTTP's OK
                            return
                await asyncio.sleep(_TRY_AGAIN_SECONDS)


@dataclass(slots=True)
class Balancer:
    """Hands each request to one of the web processes in turn, as a platform's router does.

    Who cannot be reached is passed over; a connection that breaks after the request was written is answered
    502, since nobody knows what became of it.
    """

    port: int
    backends: list[Regulars] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """The paths of requests that were answered 502 or 503."""
    _turns: "itertools.count[int]" = field(default_factory=itertools.count)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen."""
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            app = web.Application()

            async def forward(request: web.Request) -> web.Response:
                return await self._forward(session, request)

            app.router.add_route("*", "/{path:.*}", forward)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024).start()
            try:
                yield
            finally:
                await runner.cleanup()

    async def _forward(self, session: aiohttp.ClientSession, request: web.Request) -> web.Response:
        body = await request.read()
        kept = ("X-Twilio-Signature", "Content-Type")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            backend = self.backends[next(self._turns) % len(self.backends)]
            try:
                async with session.post(backend.url + request.raw_path, data=body, headers=headers) as answer:
                    given = await answer.read()
                    return web.Response(status=answer.status, body=given, content_type=answer.content_type)
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
            except (aiohttp.ClientError, OSError):
                self.broken.append(request.raw_path)
                return web.Response(status=502)
        self.broken.append(request.raw_path)
        return web.Response(status=503)


def environment(url: str, public_url: str, twilio_url: str, flows: Path, **more: str) -> dict[str, str]:
    """Return what a process finds in its environment."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", ""),
        "DATABASE_URL": url,
        "REGULARS_PUBLIC_URL": public_url,
        "REGULARS_SECRET": "s" * 32,
        "REGULARS_FLOWS": str(flows),
        "REGULARS_TWILIO_BASE_URL": twilio_url,
        **more,
    }
