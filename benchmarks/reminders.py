"""How much a reminder of expiring credit costs when everybody is due one, beside a plain INSERT … SELECT.

Run `python -m benchmarks.reminders [--database URL] [--quick | --members N]`; benchmarks/README.md says how
to read it.
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
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection as SqlConnection
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql import quoted_name

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.members import number
from benchmarks.population import multiply
from benchmarks.processes import FOREIGN_SETTINGS, ROOT, end_in_order, machine
from benchmarks.reminding import NOW, Outcome, prepared
from benchmarks.report import Report, at_most, ratio, say
from bot.core.contact import Address, Contact
from bot.core.ids import BUCKETS, microseconds
from bot.core.ledger.lots import Lot, days_good
from bot.core.ledger.wallet import Wallet
from bot.core.local_time import local_date
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows
from bot.storage.rows import RowValues

OVER_INSERT_MAX = 4.0
RSS_MEGABYTES_MAX = 300.0
LOCK_MILLISECONDS_MAX = 50.0
FULL, USUAL, QUICK = 1_000_000, 200_000, 20_000
LOTS = 3
LANGUAGES = ("en", "es", "zh_Hans")
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix")
TEMPLATES = BUCKETS * len(LANGUAGES)
KILLED_AFTER = 0.3
"""The first worker is killed when this share of the members has a reminder."""

_TABLES = tables.Row.metadata.tables
_REMINDERS = "flow = 'expiry_reminder'"


# The members


async def make_templates(url: str) -> None:
    """Store members of every bucket, each with three lots whose notice is due; others are copies of them."""
    made = [_member(index) for index in range(TEMPLATES)]

    async def write(connection: Connection) -> None:
        for table in ("directory", "contact", "address", "subscription", "wallet", "lot"):
            values = [row for member in made for row in member[table]]
            await connection.write(Rows(_TABLES[table], Present.FAIL), values)

    database = await prepared(url)
    try:
        await database.transact(write)
    finally:
        await database.close()


def _member(index: int) -> dict[str, list[RowValues]]:
    bucket = index % BUCKETS
    contact_id = f"{microseconds(NOW) // 1000:012x}7000{0x8:x}{index:013x}{bucket:02x}"
    granted_at = NOW - timedelta(days=20)
    contact = Contact(
        id=contact_id,
        bucket=bucket,
        locale=LANGUAGES[index // BUCKETS],
        zone=ZONES[index % len(ZONES)],
        created_at=granted_at,
        enrolled_at=granted_at,
    )
    today = local_date(NOW, contact.zone)
    lots: list[RowValues] = []
    for which in range(LOTS):
        terms = days_good(granted_at, today + timedelta(days=2 + which), contact.zone, timedelta(days=14))
        lot = Lot(
            id=f"{contact_id[:16]}{0xA + which:x}{contact_id[17:]}",
            kind="promotional",
            fund="marketing",
            granted_minor=500 + which,
            pending_minor=0,
            available_minor=500 + which,
            held_minor=0,
            active_from=granted_at,
            expires_at=terms.expires_at,
            grace_until=terms.grace_until,
            noticed_at=None,
            expires_on=terms.expires_on,
            zone=contact.zone,
            priority=0,
            policy="program@1",
            source_type="benchmark",
            source_id="",
            parent_lot_id=None,
        )
        lots.append(rows.lot_row(contact_id, lot, NOW - timedelta(hours=1)))
    wallet = Wallet(contact_id, available_minor=sum(500 + which for which in range(LOTS)))
    address = Address("sms", number(index))
    return {
        "directory": [("sms", address.value, bucket, contact_id)],
        "contact": [rows.contact_row(contact)],
        "address": [rows.address_row(contact, address, granted_at)],
        "subscription": [(bucket, contact_id, "loyalty", "subscribed", microseconds(granted_at), None, None)],
        "wallet": [rows.wallet_row(wallet)],
        "lot": lots,
    }


# The workers


class Worker:
    """One process that reminds; `kill` ends it like a power cut would."""

    def __init__(self, url: str, log: Path) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN_SETTINGS)}
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.reminding", url],
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


# What the database says


class Book:
    """Asks the database while workers run, and runs the plain statement they are compared with."""

    def __init__(self, url: str) -> None:
        self.engine = create_async_engine(url)

    async def number(self, statement: str) -> int:
        async with self.engine.connect() as connection:
            return int((await connection.execute(text(statement))).scalar_one())

    async def queued(self) -> int:
        return await self.number(f"SELECT count(*) FROM outbox WHERE {_REMINDERS}")  # noqa: S608  # our own text

    async def languages(self) -> dict[str, str]:
        """One reminder in each language, to be looked at."""
        ask = f"SELECT language, min(body) FROM outbox WHERE {_REMINDERS} GROUP BY language"  # noqa: S608  # our own text
        async with self.engine.connect() as connection:
            return {row[0]: row[1] for row in await connection.execute(text(ask))}

    async def insert_select(self) -> float:
        """Seconds of one statement that writes the same rows into an empty table like the outbox."""
        async with self.engine.begin() as connection:
            await connection.run_sync(_make_twin)
        insert = f"INSERT INTO outbox_twin SELECT * FROM outbox WHERE {_REMINDERS}"  # noqa: S608  # our own text
        began_at = time.perf_counter()
        async with self.engine.begin() as connection:
            await connection.execute(text(insert))
        return time.perf_counter() - began_at

    async def close(self) -> None:
        await self.engine.dispose()


def _make_twin(connection: SqlConnection) -> None:
    """An empty table with the outbox's columns, key and indexes."""
    twin = _TABLES["outbox"].to_metadata(MetaData(), name="outbox_twin")
    twin.primary_key.name = quoted_name("pk_outbox_twin", quote=None)
    for index in twin.indexes:
        index.name = quoted_name(f"twin_{index.name}", quote=None)
    twin.create(connection)


async def promises(book: Book, members: int) -> list[str]:
    """What was promised and does not hold, in words; asked after the last worker has ended."""
    broken: list[str] = []
    for what, asked, wanted in (
        ("reminders queued", f"count(*) FROM outbox WHERE {_REMINDERS} AND state = 'queued'", members),
        ("members reminded", f"count(DISTINCT contact) FROM outbox WHERE {_REMINDERS}", members),
        ("notices recorded", "count(*) FROM notice", members * LOTS),
        ("lots still due", f"count(*) FROM lot WHERE notice_at <= {microseconds(NOW)}", 0),
    ):
        found = await book.number(f"SELECT {asked}")  # our own text
        if found != wanted:
            broken.append(f"{what}: {found:,} instead of {wanted:,}")
    return broken


# The benchmark


@dataclass(frozen=True, slots=True)
class Reminded:
    """What the second worker did and took, and whether all promises hold after it."""

    outcome: Outcome
    before_kill: int
    made: int
    broken: list[str]
    bodies: dict[str, str]
    insert_seconds: float
    database_cpu_seconds: float | None


async def remind_everybody(database: Database, url: str, members: int, log: Path) -> Reminded:
    """Begin, kill the worker in the middle, begin again; the second worker is the one that is measured."""
    book = Book(url)
    first = Worker(url, log)
    try:
        while first.process.poll() is None and await book.queued() < members * KILLED_AFTER:  # noqa: ASYNC110  # see below
            await asyncio.sleep(0.2)  # a process that is to be killed tells nobody how far it is
        first.kill()
        before = await book.queued()
        say(f"  killed after {before:,} reminders")
        cpu = database.cpu_seconds()
        outcome = await asyncio.to_thread(Worker(url, log).outcome)
        cpu_after = database.cpu_seconds()
        return Reminded(
            outcome=outcome,
            before_kill=before,
            made=await book.queued() - before,
            broken=await promises(book, members),
            bodies=await book.languages(),
            insert_seconds=await book.insert_select(),
            database_cpu_seconds=None if cpu is None or cpu_after is None else cpu_after - cpu,
        )
    finally:
        first.kill()
        await book.close()


def report_on(report: Report, database: Database, folder: Path, members: int) -> None:
    """Fill a database with members, remind them, and report what it took."""
    url = database.fresh("regulars")
    say(f"{database.name}: {members:,} members with {members * LOTS:,} lots")
    asyncio.run(make_templates(url))
    multiply(url, range(TEMPLATES), range(TEMPLATES, members))
    result = asyncio.run(remind_everybody(database, url, members, folder / f"{database.name}.log"))
    outcome, per = result.outcome, 1_000_000 / result.made
    insert = result.insert_seconds * 1_000_000 / members
    took = round(outcome.seconds * per, 1)
    for line in result.broken:
        say(f"  {database.name}: broken: {line}")
    report.goals += [
        at_most(f"{database.name}: over INSERT … SELECT", ratio(took, insert), OVER_INSERT_MAX),
        at_most(f"{database.name}: peak MB", outcome.peak_rss_mb, RSS_MEGABYTES_MAX),
        at_most(
            f"{database.name}: longest transaction, ms", outcome.longest_transaction_ms, LOCK_MILLISECONDS_MAX
        ),
        at_most(f"{database.name}: promises broken by kill -9", len(result.broken), 0),
    ]
    report.figures[database.name] = {
        "us_per_reminder": took,
        "cpu_us_per_reminder": round(outcome.cpu_seconds * per, 1),
        "database_cpu_us_per_reminder": None
        if result.database_cpu_seconds is None
        else round(result.database_cpu_seconds * per, 1),
        "insert_select_us_per_row": round(insert, 2),
        "killed_after": result.before_kill,
        "broken": result.broken,
        "worker": asdict(outcome),
        "reminders": result.bodies,
    }


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} members: does it run at all")
    parser.add_argument("--members", type=int, default=USUAL, help=f"the goal is set for {FULL:,}")
    arguments = parser.parse_args()
    members = QUICK if arguments.quick else arguments.members
    if members < TEMPLATES * 2:
        parser.error(f"at least {TEMPLATES * 2:,} members")
    url: str | None = arguments.database
    report = Report("reminders", figures={"members": members})
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        report.figures["machine"] = machine(folder)
        if url is None or url.startswith("sqlite"):
            report_on(report, Sqlite(folder), folder, members)
        if url is None or url.startswith("postgresql"):
            server = postgres_at(url) if url else own_postgres()
            report_on(report, stack.enter_context(server), folder, members)
    report.print()


if __name__ == "__main__":
    main()
