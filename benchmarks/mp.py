"""The pages' benchmark: CPU per request of `/mp` beside a bare handler, and its p99 while reminders go on.

Run `python -m benchmarks.mp [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.posts import Load, Road
from benchmarks.processes import end_in_order, machine
from benchmarks.report import Goal, Report, at_least, at_most, ratio, say
from benchmarks.samples import OPEN_LOOP_RATE, Subject
from benchmarks.shoppers import IN_A_ROW, LOTS, MIX, shopper_rows
from benchmarks.subjects import Start, bare_json, regulars, regulars_settings
from bot.app import open_database, prepare_database
from bot.config import load_settings
from bot.core.ids import microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.rows import RowValues

CPU_OVER_BARE_MAX = 2.5
P99_MAX = 50.0
CONCURRENCY = 16
FIRST_REMINDER_SECONDS = 60.0
_PER_WRITE = 500
_SETTINGS = {"REGULARS_PAGES_REQUESTS_PER_MINUTE": "0"}
_TABLES = tables.Row.metadata.tables
_LEFT = Statement("SELECT COUNT(*) FROM lot l WHERE l.notice_at IS NOT NULL AND l.notice_at <= :now")
_FALL_DUE = Statement("UPDATE lot SET notice_at = :now WHERE bucket >= 0 AND source_type = 'benchmark'")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured; `remembered` members are due a reminder beside the shoppers who ask."""

    shoppers: int
    remembered: int
    rounds: int
    requests: int
    open_loop_seconds: float


FULL = Size(shoppers=10_000, remembered=60_000, rounds=5, requests=10_000, open_loop_seconds=15)
QUICK = Size(shoppers=1_000, remembered=10_000, rounds=3, requests=1_500, open_loop_seconds=4)


class Bench:
    """Both servers, measured in alternating rounds; then ours while it reminds everybody else."""

    def __init__(self, size: Size, stack: contextlib.ExitStack, database: Database, folder: Path) -> None:
        self.size = size
        self.url = database.fresh("regulars")
        asyncio.run(populate(self.url, size))
        ours = regulars(Start(database, folder, "regulars"), _SETTINGS, url=self.url)
        stack.callback(ours.stop)
        bare = bare_json(Start(database, folder, "bare"))
        stack.callback(bare.stop)
        self.subjects: dict[str, Subject] = {}
        for name, server, road in (("mp", ours, "mp"), ("bare", bare, "json")):
            server.wait_ready()
            self.subjects[name] = Subject(name, server, _road(road), size.requests, database)
        self.reminded = 0
        self.left = 0

    def load(self, subject: Subject, run: str, number: int = 0, *, seconds: float = 0) -> Load:
        """The load of one run: as fast as it is answered, or so many requests a second for so long."""
        return Load(
            road=subject.road,
            port=subject.server.port,
            run=f"{run}-{number}",
            members=self.size.shoppers,
            count=int(OPEN_LOOP_RATE * seconds) or subject.count,
            concurrency=64 if seconds else CONCURRENCY,
            rate=OPEN_LOOP_RATE if seconds else None,
            mix=MIX,
            in_a_row=IN_A_ROW,
        )

    def rounds(self) -> None:
        """Every round measures both once, in a new order."""
        dice = random.Random(7)
        for subject in self.subjects.values():
            subject.measure(self.load(subject, "warm"))
        for number in range(1, self.size.rounds + 1):
            for subject in dice.sample(list(self.subjects.values()), len(self.subjects)):
                sample = subject.measure(self.load(subject, "mix", number))
                subject.samples.append(sample)
                beside = (
                    "" if sample.database_cpu is None else f" + {sample.database_cpu:.0f} in the database"
                )
                say(
                    f"  round {number} {subject.name}: {sample.cpu:.0f} µs{beside},"
                    f" {sample.per_second:.0f}/s, p99 {sample.outcome.p99:.1f} ms"
                )

    def while_reminding(self) -> None:
        """Measure ours open loop: alone, then from the first reminder of a run on."""
        subject, seconds = self.subjects["mp"], self.size.open_loop_seconds
        subject.measure(self.load(subject, "alone", seconds=seconds))
        asyncio.run(fall_due(self.url))
        before = asyncio.run(await_first(self.url))
        sample = subject.measure(self.load(subject, "reminding", seconds=seconds))
        self.left = asyncio.run(left(self.url)) // LOTS
        self.reminded = before // LOTS - self.left
        subject.open_loop.append(sample)
        say(
            f"  while reminding: p50 {sample.outcome.p50:.1f}, p99 {sample.outcome.p99:.1f},"
            f" longest {sample.outcome.longest:.1f} ms; {self.reminded} reminded, {self.left} left"
        )

    def goals(self, database: str) -> list[Goal]:
        ours, bare = self.subjects["mp"], self.subjects["bare"]
        return [
            at_most(
                f"{database}: CPU over a bare handler's", ratio(ours.cpu(), bare.cpu()), CPU_OVER_BARE_MAX
            ),
            at_most(
                f"{database}: p99 ms at {OPEN_LOOP_RATE:g}/s while reminding", ours.open_loop_p99(), P99_MAX
            ),
            at_least(f"{database}: reminded meanwhile", self.reminded, 1),
        ]

    def figures(self) -> dict[str, object]:
        figures: dict[str, object] = {name: one.figures() for name, one in self.subjects.items()}
        return figures | {"reminded": self.reminded, "left_to_remind": self.left}


def _road(name: str) -> Road:
    return "mp" if name == "mp" else "json"


async def populate(url: str, size: Size) -> None:
    """Store shoppers with sessions, and others who will be due a reminder; nothing is due yet."""
    settings = load_settings(regulars_settings(url, 8080))
    now = datetime.now(UTC)
    database = await prepare_database(settings, lambda: now)
    everybody = range(size.shoppers + size.remembered)
    try:
        for first in range(0, len(everybody), _PER_WRITE):
            made = [shopper_rows(index, now, None) for index in everybody[first : first + _PER_WRITE]]

            values = {table: [row for one in made for row in one[table]] for table in made[0]}
            await database.transact(partial(_write, values))
    finally:
        await database.close()


async def _write(values: Mapping[str, Sequence[RowValues]], connection: Connection) -> None:
    for table, many in values.items():
        await connection.write(Rows(_TABLES[table], Present.FAIL), many)


async def fall_due(url: str) -> None:
    """Let every lot's notice be due now, behind the server's back."""
    database = await open_database(load_settings(regulars_settings(url, 8080)))
    now = microseconds(datetime.now(UTC))
    try:
        await database.transact(lambda connection: connection.run(_FALL_DUE, [{"now": now}]))
    finally:
        await database.close()


async def await_first(url: str) -> int:
    """Wait until the job that strikes every thirty seconds reminds; how many lots were due before."""
    before = await left(url)
    until = time.monotonic() + FIRST_REMINDER_SECONDS
    while await left(url) == before:
        if time.monotonic() > until:
            raise RuntimeError("nobody is reminded")
        await asyncio.sleep(0.1)
    return before


async def left(url: str) -> int:
    """How many lots are due a notice."""
    database = await open_database(load_settings(regulars_settings(url, 8080)))
    now = microseconds(datetime.now(UTC) + timedelta(seconds=1))
    try:
        found = await database.query(lambda connection: connection.read(_LEFT, now=now))
    finally:
        await database.close()
    return int(found[0][0])


def measure(report: Report, size: Size, database: Database, folder: Path) -> None:
    """Start both servers, measure them, report them, stop them."""
    say(database.name)
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        bench = Bench(size, stack, database, folder)
        bench.rounds()
        bench.while_reminding()
        report.goals += bench.goals(database.name)
        report.figures[database.name] = bench.figures()


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="small and noisy: does it run at all")
    arguments = parser.parse_args()
    url: str | None = arguments.database
    size = QUICK if arguments.quick else FULL
    report = Report("mp")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        report.figures["machine"] = machine(folder)
        report.figures["size"] = asdict(size)
        report.figures["mix"] = dict(MIX) | {"in_a_row": IN_A_ROW}
        if url is None or url.startswith("sqlite"):
            measure(report, size, Sqlite(folder), folder / "sqlite")
        if url is None or url.startswith("postgresql"):
            server = postgres_at(url) if url else own_postgres()
            measure(report, size, stack.enter_context(server), folder / "postgresql")
    report.print()


if __name__ == "__main__":
    main()
