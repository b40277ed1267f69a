"""Pages are read in few questions to the database, however many rewards, days or drops there are."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bot.app import prepare_database
from bot.config import load_settings
from bot.storage.driver import Asked, Connection, Database, Record, Statement
from tests.conversation.chat import Clock
from tests.databases import SqliteDatabases
from tests.web.mp.conftest import at_the_pages
from tests.web.mp.programs import WITH_RUSH, WITH_WHEEL, changed

T = TypeVar("T")
_TOUCH = Statement("INSERT INTO setting (name, value) VALUES (:path, '')")
MOST = {
    "/rewards": 5,
    "/tiers": 5,
    "/referral": 6,
    "/checkin": 4,
    "/wheel": 5,
    "/drops": 7,
    "/bundles": 3,
    "/refills": 5,
}
"""How often the database may be asked; the snapshot is one of them, and who it is another after a while."""


@dataclass
class CountingConnection:
    """A connection that counts how many statements it is given to read."""

    inner: Connection
    counting: "Counting"

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        """See `Connection.read`."""
        self.counting.statements += 1
        return await self.inner.read(statement, **parameters)

    async def read_all(self, many: Sequence[Asked]) -> list[Sequence[Record]]:
        """See `Connection.read_all`."""
        self.counting.statements += len(many)
        return await self.inner.read_all(many)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever else a connection can do
        """Do everything else as it is done."""
        return getattr(self.inner, name)


@dataclass
class Counting:
    """A database that counts what is read of it outside of transactions."""

    inner: Database
    statements: int = 0

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.query`."""
        return await self.inner.query(lambda c: work(CountingConnection(c, self)))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever else a database can do
        """Do everything else as it is done."""
        return getattr(self.inner, name)


async def _touch(path: str, connection: Connection) -> None:
    await connection.run(_TOUCH, [{"path": path}])


async def test_each_page_asks_seldom(sqlite_databases: SqliteDatabases, tmp_path: Path) -> None:
    url = await sqlite_databases.create()
    clock = Clock()
    flows = changed(tmp_path, WITH_RUSH, WITH_WHEEL)
    settings = {"DATABASE_URL": url, "REGULARS_ZONE": "America/New_York", "REGULARS_FLOWS": str(flows)}
    counting = Counting(await prepare_database(load_settings(settings), clock))
    database: Any = counting
    async with at_the_pages(url, clock=clock, flows=flows, database=database) as mini:
        member = await mini.texting()
        await member.did("/rewards/pastry/claim")
        await member.did("/drops/rush.2026-11-24/take", {})
        await member.got("/referral")  # the code is taken when it is asked for the first time
        asked = {}
        for path in MOST:
            await database.transact(partial(_touch, path))  # or what was read before is not read again
            before = counting.statements
            await member.got(path)
            asked[path] = counting.statements - before
        assert all(1 <= asked[path] <= most for path, most in MOST.items()), asked
    await sqlite_databases.drop(url)
