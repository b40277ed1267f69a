"""A real server process that the clients of other systems send to, unmodified."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_database
from bot.config import load_settings
from bot.core.sources import USUAL_SCOPES, SourceKind, make_source
from bot.storage import sources
from bot.storage.driver import Database, Statement
from tests.conversation.chat import FLOWS
from tests.drills.processes import Regulars, environment
from tests.toolbox import Toolbox, needed

PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is in the books."""

    name: str
    properties: dict[str, Any]
    at: int
    contact: str


@dataclass(slots=True)
class Server:
    """`regulars serve`, and a look into its database."""

    process: Regulars
    database: Database

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.process.url

    async def regulars(self, *arguments: str) -> str:
        """Run a command beside the server; returns what it printed."""
        ran = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "regulars"),
            *arguments,
            env=dict(self.process.environ),
            cwd=self.process.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await ran.communicate()
        assert ran.returncode == 0, err.decode()
        return out.decode()

    async def source(
        self, name: str, kind: SourceKind, *, key: str = "", quota: int = 1000, origins: tuple[str, ...] = ()
    ) -> str:
        """Add a source as `regulars source add` does; returns its key."""
        made, text = make_source(
            name,
            kind,
            USUAL_SCOPES[kind],
            datetime.now(UTC),
            os.urandom,
            created_by="tests",
            quota=quota,
            origins=origins,
            brought=key or None,
        )
        assert await self.database.transact(lambda c: sources.add(c, made))
        return text

    async def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        found = await self.database.query(lambda c: c.read(Statement(sql), **parameters))
        return [tuple(row) for row in found]

    async def contact(self, kind: str, name: str) -> str:
        """Whom a name names, `external` or `anonymous`, whomever it was joined to since."""
        ((found, merged_into),) = await self.rows(
            "SELECT c.id, c.merged_into FROM directory d JOIN contact c"
            " ON c.bucket = d.bucket AND c.id = d.contact WHERE d.kind = :kind AND d.value = :name",
            kind=kind,
            name=name,
        )
        return str(merged_into or found)

    async def events(self, contact: str) -> list[Told]:
        """What a contact did, in the order in which it happened."""
        found = await self.rows(
            "SELECT name, properties, at, contact FROM event WHERE contact = :contact ORDER BY at, id",
            contact=contact,
        )
        return [Told(name, json.loads(properties), at, whose) for name, properties, at, whose in found]

    async def traits(self, contact: str) -> dict[str, Any]:
        """What is known of a contact."""
        ((attributes,),) = await self.rows("SELECT attributes FROM contact WHERE id = :id", id=contact)
        told: dict[str, Any] = json.loads(attributes)
        return told

    async def until_counted(self, event: str, times: int) -> None:
        """Wait until an event was told so many times, by anybody; fails where that takes too long."""
        found = None
        for _ in range(PATIENCE_SECONDS * 20):
            ((found,),) = await self.rows("SELECT COUNT(*) FROM event WHERE name = :name", name=event)
            if found == times:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{event} was told {found} times and not {times}")


@asynccontextmanager
async def served(folder: Path, url: str, **more: str) -> AsyncIterator[Server]:
    """Run a server on a database for as long as the context lasts."""
    process = Regulars("serve", ("serve",), {}, folder)
    environ = environment(url, process.url, "", FLOWS, **more)
    process.environ = {name: value for name, value in environ.items() if value}
    await process.start()
    try:
        await process.until_ready()
        database = await open_database(load_settings(process.environ))
        try:
            yield Server(process, database)
        finally:
            await database.close()
    finally:
        await process.stop()


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server on SQLite."""
    folder = tmp_path_factory.mktemp("clients")
    async with served(folder, f"sqlite+aiosqlite:///{folder / 'shop.sqlite'}") as server:
        yield server


@pytest.fixture(scope="session")
async def toolbox() -> Toolbox:
    """node, and the clients there are for it."""
    return await needed(Path(__file__).parent)
