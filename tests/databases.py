"""New databases for tests, with today's tables or bare, on SQLite and on PostgreSQL alike."""

import asyncio
import contextlib
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from bot.storage.migrate import upgrade
from tests.postgres import Server


class Databases(Protocol):
    """Makes databases of one kind; each belongs to whoever asked for it."""

    async def create(self, *, tables: bool = True) -> str:
        """A new database's URL: with today's tables and no rows, or without any table."""
        ...

    async def drop(self, url: str) -> None:
        """Remove a database, whoever may still be connected."""
        ...


@dataclass(slots=True)
class SqliteDatabases:
    """Files in one folder, copied from one that was migrated once."""

    folder: Path
    made: int = 0
    template: Path | None = None
    migrating: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def create(self, *, tables: bool = True) -> str:
        """A new file; nothing is written before the first statement where no tables are wanted."""
        self.made += 1
        file = self.folder / f"{self.made}.sqlite"
        if tables:
            async with self.migrating:
                template = await self._migrated()
            await asyncio.to_thread(_copy, template, file)
        return f"sqlite+aiosqlite:///{file}"

    async def drop(self, url: str) -> None:
        """Remove the file and the journals beside it."""
        file = Path(url.partition(":///")[2])
        for path in file.parent.glob(f"{file.name}*"):
            path.unlink()

    async def _migrated(self) -> Path:
        if self.template is None:
            template = self.folder / "template.sqlite"
            await upgrade(f"sqlite+aiosqlite:///{template}")
            self.template = template
        return self.template


@dataclass(slots=True)
class PostgresDatabases:
    """Databases of one server, copied from one that was migrated once."""

    server: Server
    template: str | None = None
    # Two copies of one template at the same moment are refused by PostgreSQL.
    copying: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def create(self, *, tables: bool = True) -> str:
        """A new database with a name of its own."""
        async with self.copying:
            template = await self._migrated() if tables else "template0"
            return self.server.url_of(await self.server.create(template))

    async def drop(self, url: str) -> None:
        """Remove the database, cutting off whoever is still connected."""
        await self.server.drop(urlsplit(url).path.removeprefix("/"))

    async def _migrated(self) -> str:
        if self.template is None:
            template = await self.server.create()
            await upgrade(self.server.url_of(template))
            self.template = template
        return self.template


def _copy(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(source)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
