"""How long it takes to start a flow for everybody at noon, beside a plain INSERT … SELECT of the same rows.

Run `python -m benchmarks.entry [--database URL] [--quick | --members N]`; benchmarks/README.md says how to
read it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection as SqlConnection
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql import quoted_name

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.entering import BEFORE, FLOW, Outcome, prepared
from benchmarks.processes import FOREIGN_SETTINGS, ROOT, end_in_order, machine
from benchmarks.report import Report, at_most, ratio, say
from bot.core.contact import Contact
from bot.core.ids import BUCKETS, microseconds
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows

OVER_INSERT_MAX = 4.0
RSS_MEGABYTES_MAX = 300.0
LOCK_MILLISECONDS_MAX = 50.0
FULL, USUAL, QUICK = 1_000_000, 200_000, 20_000
TURNS = 5_000
"""How many of the stored triggers are run as turns, to say what an entry costs in all."""
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix")
KILLED_AFTER = 0.3
"""The first worker is killed when this share of the members has a trigger."""

_TABLES = tables.Row.metadata.tables
_CONTACT = Rows(_TABLES["contact"], Present.FAIL)
_STARTED = f"kind = 'schedule' AND key LIKE 'schedule:{FLOW}:%'"


async def make_members(url: str, members: int) -> None:
    """Store members of every bucket, in five zones."""
    database = await prepared(url)
    try:
        for bucket in range(BUCKETS):
            some = [rows.contact_row(_member(index)) for index in range(bucket, members, BUCKETS)]

            async def write(connection: Connection, some: list[rows.RowValues] = some) -> None:
                await connection.write(_CONTACT, some)

            await database.transact(write)
    finally:
        await database.close()


def _member(index: int) -> Contact:
    bucket = index % BUCKETS
    return Contact(
        id=f"{microseconds(BEFORE) // 1000:012x}7000{0x8:x}{index:013x}{bucket:02x}",
        bucket=bucket,
        locale="en",
        zone=ZONES[index // BUCKETS % len(ZONES)],
        created_at=BEFORE,
        enrolled_at=BEFORE,
    )


class Worker:
    """One process that strikes a job; `kill` ends it like a power cut would."""

    def __init__(self, url: str, job: str, log: Path, *, seconds: float = 0) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN_SETTINGS)}
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.entering", url, job, str(seconds)],
                cwd=ROOT,
                env=inherited,
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def outcome(self) -> Outcome:
        """Wait for its end.

        Raises:
            RuntimeError: it failed; the end of its log is in the message.
        """
        output, _ = self.process.communicate()
        if self.process.returncode:
            raise RuntimeError(f"the worker failed:\n{self.log.read_text(errors='replace')[-4000:]}")
        return Outcome(**json.loads(output.splitlines()[-1]))


class Book:
    """Asks the database while workers run, and runs the plain statement they are compared with."""

    def __init__(self, url: str) -> None:
        self.engine = create_async_engine(url)

    async def number(self, statement: str) -> int:
        async with self.engine.connect() as connection:
            return int((await connection.execute(text(statement))).scalar_one())

    async def started(self) -> int:
        return await self.number(f'SELECT count(*) FROM "trigger" WHERE {_STARTED}')  # noqa: S608  # our own text

    async def insert_select(self) -> float:
        """Seconds of one statement that writes the same rows into an empty table like `trigger`."""
        async with self.engine.begin() as connection:
            await connection.run_sync(_make_twin)
        insert = f'INSERT INTO trigger_twin SELECT * FROM "trigger" WHERE {_STARTED}'  # noqa: S608  # our own text
        began_at = time.perf_counter()
        async with self.engine.begin() as connection:
            await connection.execute(text(insert))
        return time.perf_counter() - began_at

    async def keep_few(self, number: int) -> None:
        """Let only so many wait for their turn."""
        keep = f'SELECT contact FROM "trigger" WHERE {_STARTED} ORDER BY contact DESC LIMIT {number}'  # noqa: S608  # our own text
        async with self.engine.begin() as connection:
            await connection.execute(
                text(f"UPDATE \"trigger\" SET state = 'done' WHERE {_STARTED} AND contact NOT IN ({keep})")  # noqa: S608  # our own text
            )

    async def close(self) -> None:
        await self.engine.dispose()


def _make_twin(connection: SqlConnection) -> None:
    """An empty table with the columns, key and indexes of `trigger`."""
    twin = _TABLES["trigger"].to_metadata(MetaData(), name="trigger_twin")
    twin.primary_key.name = quoted_name("pk_trigger_twin", quote=None)
    for index in twin.indexes:
        index.name = quoted_name(f"twin_{index.name}", quote=None)
    twin.create(connection)


async def start_everybody(report: Report, database: Database, url: str, members: int, log: Path) -> None:
    """Begin, kill the worker in the middle, begin again; the second worker does what is left."""
    book = Book(url)
    first = Worker(url, "schedules", log)
    try:
        while first.process.poll() is None and await book.started() < members * KILLED_AFTER:  # noqa: ASYNC110  # see below
            await asyncio.sleep(0.05)  # a process that is to be killed tells nobody how far it is
        first.kill()
        before = await book.started()
        say(f"  killed after {before:,} triggers")
        outcome = await asyncio.to_thread(Worker(url, "schedules", log).outcome)
        found = await book.started()
        insert = await book.insert_select()
        again = await asyncio.to_thread(Worker(url, "schedules", log, seconds=60).outcome)
        doubled = await book.started() - found
        await book.keep_few(TURNS)
        turns = await asyncio.to_thread(Worker(url, "triggers", log, seconds=60).outcome)
    finally:
        first.kill()
        await book.close()
    per = 1_000_000 / members
    name, took, plain = database.name, outcome.seconds * per, insert * per
    report.goals += [
        at_most(f"{name}: over INSERT … SELECT", ratio(took, plain), OVER_INSERT_MAX),
        at_most(f"{name}: peak MB", outcome.peak_rss_mb, RSS_MEGABYTES_MAX),
        at_most(f"{name}: longest transaction, ms", outcome.longest_transaction_ms, LOCK_MILLISECONDS_MAX),
        at_most(f"{name}: missed or doubled after kill -9", abs(found - members) + doubled, 0),
    ]
    report.figures[name] = {
        "us_per_trigger": round(took, 2),
        "insert_select_us_per_row": round(plain, 2),
        "killed_after": before,
        "us_per_turn": round(turns.seconds * 1_000_000 / max(turns.handled, 1), 1),
        "worker": asdict(outcome) | {"ticks_ms": sorted(again.ticks_ms)[len(again.ticks_ms) // 2]},
    }


def report_on(report: Report, database: Database, folder: Path, members: int) -> None:
    """Fill a database with members, start them all at noon, and report what it took."""
    url = database.fresh("regulars")
    say(f"{database.name}: {members:,} members")
    asyncio.run(make_members(url, members))
    asyncio.run(start_everybody(report, database, url, members, folder / f"{database.name}.log"))


def databases(url: str | None, folder: Path, stack: contextlib.ExitStack) -> Iterator[Database]:
    """The databases to measure on: the one named, otherwise SQLite and a PostgreSQL of our own."""
    if url is None or url.startswith("sqlite"):
        yield Sqlite(folder)
    if url is None or url.startswith("postgresql"):
        yield stack.enter_context(postgres_at(url) if url else own_postgres())


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} members: does it run at all")
    parser.add_argument("--members", type=int, default=USUAL, help=f"the goal is set for {FULL:,}")
    arguments = parser.parse_args()
    members = QUICK if arguments.quick else arguments.members
    report = Report("entry", figures={"members": members})
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        report.figures["machine"] = machine(folder)
        for database in databases(arguments.database, folder, stack):
            report_on(report, database, folder, members)
    report.print()


if __name__ == "__main__":
    main()
