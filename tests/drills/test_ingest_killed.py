"""The drill: clients send tracked messages, processes are killed in the middle; each message counts once.

`REGULARS_DRILL_ROUNDS` (3) makes it longer.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import open_database
from bot.config import load_settings
from bot.core.sources import USUAL_SCOPES, SourceKind, make_source
from bot.storage import sources
from bot.storage.driver import Database, Statement
from tests.conversation.chat import shipped
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.drills.processes import Regulars, environment
from tests.ports import free_port

ROUNDS = int(os.environ.get("REGULARS_DRILL_ROUNDS", "3"))
CLIENTS = 4
USERS = 40
BATCH = 25
TRAITS = """\
steeped:
  count: Tea Steeped
minutes:
  sum: {event: Tea Steeped, property: minutes}
"""


@dataclass(slots=True)
class Drill:
    """The shop under fire, and what its clients were told."""

    processes: list[Regulars]
    key: str
    database: Database
    sent: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What was acknowledged: message → (user, minutes)."""
    refused: Counter[str] = field(default_factory=Counter)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def client(self, number: int) -> None:
        """Send batch after batch, each until it is acknowledged, as Segment's clients do."""
        made = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            while not self.is_over.is_set():
                batch = {
                    f"c{number}-{made + n}": (f"user-{random.randrange(USERS)}", random.randrange(1, 9))
                    for n in range(BATCH)
                }
                made += BATCH
                while not await self._posted(session, batch):  # noqa: ASYNC110  # a dead server tells nobody
                    await asyncio.sleep(0.05)
                self.sent |= batch

    async def _posted(self, session: aiohttp.ClientSession, batch: dict[str, tuple[str, int]]) -> bool:
        messages = [
            {
                "type": "track",
                "messageId": message,
                "userId": user,
                "anonymousId": f"cookie-{user}",
                "event": "Tea Steeped",
                "properties": {"minutes": minutes},
                "timestamp": datetime.now(UTC).isoformat(),
            }
            for message, (user, minutes) in batch.items()
        ]
        process = random.choice(self.processes)
        try:
            body = {"writeKey": self.key, "batch": messages}
            async with session.post(f"{process.url}/v1/batch", json=body) as answer:
                if answer.status != 200:
                    self.refused[str(answer.status)] += 1
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self.refused[type(error).__name__] += 1
            return False

    async def kills(self) -> None:
        """Kill a process and start it again, round after round."""
        for _ in range(ROUNDS):
            await asyncio.sleep(random.uniform(0.5, 1.2))
            victim = random.choice(self.processes)
            await victim.kill()
            await victim.start()
            await victim.until_ready()
        await asyncio.sleep(0.5)
        self.is_over.set()

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        found = await self.database.query(lambda connection: connection.read(Statement(sql)))
        return [tuple(row) for row in found]


@asynccontextmanager
async def drilling(url: str, folder: Path, processes: int) -> AsyncIterator[Drill]:
    """Start so many processes that do everything, on one database."""
    flows = shipped(folder, "loyalty", "fallback", traits=TRAITS)
    public = f"http://127.0.0.1:{free_port()}"
    environ = environment(url, public, public, flows)
    database = await open_database(load_settings({**environ, "REGULARS_PORT": "1"}))
    now = datetime.now(UTC)
    kind = SourceKind.SERVER
    source, key = make_source(
        "shop", kind, USUAL_SCOPES[kind], now, os.urandom, created_by="drill", quota=1_000_000
    )
    await database.transact(lambda connection: sources.add(connection, source))
    running = [Regulars(f"all{n}", ("serve",), environ, folder) for n in range(processes)]
    try:
        for process in running:
            await process.start()
            await process.until_ready()
        yield Drill(running, key, database)
    finally:
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                await process.stop()
        await database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_was_acknowledged_is_there_once_whoever_is_killed(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    databases: Databases = request.getfixturevalue(f"{kind}_databases")
    assert isinstance(databases, SqliteDatabases | PostgresDatabases)
    url = await databases.create()
    async with drilling(url, tmp_path, 1 if kind == "sqlite" else 2) as drill:
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(drill.client(number))
            group.create_task(drill.kills())
        assert sum(process.kills for process in drill.processes) == ROUNDS
        assert drill.sent, "nothing was ever acknowledged"
        await check(drill)
        print(len(drill.sent), dict(drill.refused))  # noqa: T201  # the figures of the drill
    await databases.drop(url)


async def check(drill: Drill) -> None:
    """Assert that each acknowledged message counts once, in events and figures, and no other does."""
    seen = await drill.rows("SELECT id FROM seen_message")
    assert {row[0] for row in seen} == set(drill.sent)
    steeped = await drill.rows("SELECT contact, properties FROM event WHERE name = 'Tea Steeped'")
    assert len(steeped) == len(drill.sent)
    users = dict(await drill.rows("SELECT value, contact FROM directory WHERE kind = 'external'"))
    cookies = dict(await drill.rows("SELECT value, contact FROM directory WHERE kind = 'anonymous'"))
    assert {f"cookie-{user}": contact for user, contact in users.items()} == cookies
    expected: dict[str, list[int]] = {}
    for user, minutes in drill.sent.values():
        expected.setdefault(users[user], []).append(minutes)
    figures = await drill.rows("SELECT contact, n, total FROM computed_trait ORDER BY contact, trait")
    found: dict[str, set[tuple[int, int]]] = {}
    for contact, n, total in figures:
        found.setdefault(contact, set()).add((n, total))
    assert found.keys() == expected.keys()
    for contact, all_minutes in expected.items():
        counts = {n for n, _ in found[contact]}
        assert counts == {len(all_minutes)}
        assert sum(all_minutes) * 1_000_000 in {total for _, total in found[contact]}
