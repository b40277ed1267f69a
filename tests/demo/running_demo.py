"""A whole demo on a port of its own, for tests of its page."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.demo import running


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running_demo(folder: Path) -> AsyncIterator[str]:
    """Run it; gives the page's URL."""
    async with running.demo(free_port(), folder) as url:
        yield url
