"""A whole demo on a port of its own, for tests of its page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.demo import running
from tests.ports import free_port


@asynccontextmanager
async def running_demo(folder: Path) -> AsyncIterator[str]:
    """Run it; gives the page's URL."""
    async with running.demo(free_port(), folder) as url:
        yield url
