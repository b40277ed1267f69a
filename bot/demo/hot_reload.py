"""Hot reload: a flow that is saved is in force a moment later, or its complaints are told."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from watchfiles import awatch

from bot import app
from bot.core.errors import FlowError


@asynccontextmanager
async def hot_reload(
    running: app.Running, published: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Watch the folders of flows and translations; `published` is called when something is in force."""
    stopping = asyncio.Event()
    watching = asyncio.create_task(_watch(running, stopping, published), name="hot reload")
    try:
        yield
    finally:
        stopping.set()
        await watching


async def _watch(running: app.Running, stopping: asyncio.Event, published: Callable[[], None]) -> None:
    settings = running.settings
    folders = [folder for folder in (settings.flows, settings.locales) if folder.is_dir()]
    async for _ in awatch(*folders, stop_event=stopping, step=100, recursive=True):
        if await publish_saved(running):
            published()


async def publish_saved(running: app.Running) -> bool:
    """Publish what was saved; tells complaints line by line, and leaves in force what was."""
    try:
        published = await app.push(running.database, running.settings, running.clock)
    except FlowError as error:
        for complaint in (error, *error.others):
            sys.stderr.write(f"{complaint}\n")
        return False
    if published.changed:
        await running.reload()
        names = ", ".join(one.flow for one in published.published) or ", ".join(published.withdrawn)
        sys.stderr.write(f"Published: {names}\n")
    return published.changed
