"""The worker that `reminders` measures: it hands what is due to a dispatcher and says what it took.

Run as its own process on a database that holds due members; its last line of stdout is one JSON object.
Besides, somebody texts BALANCE twenty times a second and waits for the answer.
"""

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from benchmarks.members import number
from benchmarks.report import median
from benchmarks.subjects import regulars_settings
from bot.app import open_database, prepare_database, running
from bot.cli.serving import settle_memory
from bot.config import Settings, load_settings
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.inbox import inbound_work
from bot.core.messages import Inbound
from bot.jobs.due import DueWork
from bot.storage.driver import Connection, Database

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
"""A civil hour in every zone of the members, so that no gate holds their reminders."""
_TEXT_EVERY_SECONDS = 0.05

T = TypeVar("T")


@dataclass(slots=True)
class Outcome:
    """What one worker took, from its first look at what is due to the last commit."""

    handled: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_rss_mb: float = 0.0
    longest_transaction_ms: float = 0.0
    p99_transaction_ms: float = 0.0
    transactions: int = 0
    reply_p50_ms: float | None = None
    reply_max_ms: float | None = None
    replies: int = 0


class TimedDatabase:
    """A database that remembers how long its writing transactions took, from their first statement on."""

    def __init__(self, inner: Database) -> None:
        self.inner = inner
        self.dialect = inner.dialect
        self.seconds: list[float] = []

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        began_at = 0.0

        async def timed(connection: Connection) -> T:
            nonlocal began_at
            began_at = time.perf_counter()
            return await work(connection)

        try:
            return await self.inner.transact(timed)
        finally:
            self.seconds.append(time.perf_counter() - began_at)

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self.inner.query(work)

    async def close(self) -> None:
        await self.inner.close()


def settings_of(url: str) -> Settings:
    """What a shop would set, for this database."""
    return load_settings(regulars_settings(url, 8080))


async def prepared(url: str) -> Database:
    """The database at the newest schema, with the shop's flows published."""
    return await prepare_database(settings_of(url), clock)


def clock() -> datetime:
    """The instant at which every notice is due."""
    return NOW


async def remind(url: str) -> Outcome:
    """Remind everybody who is due, on the road that `regulars work` takes."""
    settings = settings_of(url)
    database = TimedDatabase(await open_database(settings))
    async with running(settings, role="web", clock=clock, database=database, channels={}) as app:
        due = DueWork(database, app.dispatcher, clock, lambda: app.decisions, asyncio.Event())
        settle_memory()
        database.seconds.clear()
        waits: list[float] = []
        texting = asyncio.create_task(_texting(app.dispatcher, waits))
        cpu, began_at = time.process_time(), time.perf_counter()
        handled = await due.notices()
        outcome = Outcome(
            handled=handled,
            seconds=time.perf_counter() - began_at,
            cpu_seconds=time.process_time() - cpu,
            longest_transaction_ms=round(max(database.seconds, default=0.0) * 1000, 1),
            p99_transaction_ms=round(_p99(database.seconds) * 1000, 1),
            transactions=len(database.seconds),
            peak_rss_mb=peak_rss_megabytes(),
        )
        texting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await texting
        if waits:
            outcome.replies = len(waits)
            outcome.reply_p50_ms = median([wait * 1000 for wait in waits])
            outcome.reply_max_ms = round(max(waits) * 1000, 1)
    return outcome


async def _texting(dispatcher: Dispatcher, waits: list[float]) -> None:
    """Text one after the other, open-loop as far as the answers allow it."""
    due_at = time.perf_counter()
    for inbound in _inbounds():
        due_at += _TEXT_EVERY_SECONDS
        await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
        due_at = max(due_at, time.perf_counter())
        result = await dispatcher.submit(inbound_work(inbound))
        waits.append(time.perf_counter() - due_at)
        dispatcher.written(result)


def _inbounds() -> Iterator[Inbound]:
    run = time.time_ns()
    for count in itertools.count():
        yield Inbound(
            provider="twilio",
            provider_id=f"SM{run:x}{count:x}",
            channel="sms",
            address=number(count % 768),
            to="+12065550100",
            text="BALANCE",
            received_at=NOW,
        )


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100] if seconds else 0.0


def peak_rss_megabytes() -> float:
    """Of this process alone: `getrusage` would count what its parent held before exec."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise RuntimeError("this kernel does not say how much memory was held at most")


def main() -> None:
    print(json.dumps(asdict(asyncio.run(remind(sys.argv[1])))), flush=True)


if __name__ == "__main__":
    main()
