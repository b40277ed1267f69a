"""The worker that `entry` and `waking` measure: it strikes one job of a real application and says how long.

Run as its own process: `python -m benchmarks.entering URL schedules|triggers|timers`; its last line of stdout
is one JSON object.
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.processes import ROOT
from benchmarks.reminding import TimedDatabase, peak_rss_megabytes, settings_of
from bot.app import open_database, prepare_database, running
from bot.cli.serving import settle_memory
from bot.config import Settings
from bot.jobs.due import DueWork
from bot.storage.driver import Database

BEFORE = datetime(2026, 11, 24, 16, tzinfo=UTC)
"""Before noon in every zone of the members."""
AFTER = BEFORE + timedelta(hours=5)
"""Noon is over in all of them."""
TICKS = 40
FLOW = "noon"
_NOON = """\
flow: noon
title: Start at noon, and wait
group: loyalty
start:
  - schedule: daily 12:00
steps:
  - wait: 1h
  - wait: 30d
"""


@dataclass(slots=True)
class Outcome:
    """What one job took, from its first look at what is due to the last commit."""

    handled: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_rss_mb: float = 0.0
    longest_transaction_ms: float = 0.0
    ticks_ms: list[float] = field(default_factory=list)
    """How long a look takes that finds nothing, each."""


def _settings(url: str, flows: Path) -> Settings:
    return replace(settings_of(url), flows=flows)


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    """The shipped flows, and one that starts at noon."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-flows-") as top:
        flows = Path(top) / "flows"
        shutil.copytree(ROOT / "flows", flows)
        (flows / f"{FLOW}.yaml").write_text(_NOON, encoding="utf-8")
        yield flows


async def prepared(url: str) -> Database:
    """The database at the newest schema, with the flow published."""
    async with _folder() as flows:
        return await prepare_database(_settings(url, flows), lambda: BEFORE)


async def strike(url: str, job: str, now: datetime) -> Outcome:
    """Strike a job until nothing is left of what is due."""
    async with _folder() as flows:
        settings = _settings(url, flows)
        database = TimedDatabase(await open_database(settings))
        at = BEFORE
        async with running(settings, role="web", clock=lambda: at, database=database, channels={}) as app:
            due = DueWork(database, app.dispatcher, lambda: at, lambda: app.decisions, asyncio.Event())
            await due.schedules()  # they begin to count from here
            at = now
            settle_memory()
            database.seconds.clear()
            cpu, began_at = time.process_time(), time.perf_counter()
            handled = await getattr(due, job)()
            outcome = Outcome(
                handled=handled,
                seconds=time.perf_counter() - began_at,
                cpu_seconds=time.process_time() - cpu,
                longest_transaction_ms=round(max(database.seconds, default=0.0) * 1000, 1),
                peak_rss_mb=peak_rss_megabytes(),
            )
            for _ in range(TICKS):
                began_at = time.perf_counter()
                await getattr(due, job)()
                outcome.ticks_ms.append(round((time.perf_counter() - began_at) * 1000, 3))
    return outcome


def main() -> None:
    url, job, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    now = AFTER + timedelta(seconds=seconds)
    print(json.dumps(asdict(asyncio.run(strike(url, job, now)))), flush=True)


if __name__ == "__main__":
    main()
