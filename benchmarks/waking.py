"""How fast due runs wake beside a plain batch claim of the same rows, and what a look costs beside millions.

Run `python -m benchmarks.waking [--database URL] [--quick | --full]`; benchmarks/README.md says how to read
it.
"""

import argparse
import asyncio
import contextlib
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.databases import Database
from benchmarks.entering import AFTER, BEFORE, FLOW, Outcome, prepared
from benchmarks.entry import Worker, databases, make_members
from benchmarks.processes import end_in_order, machine
from benchmarks.report import Report, at_least, at_most, median, ratio, say
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.ids import BUCKETS, microseconds
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.driver import Database as Opened

OF_PLAIN_MIN = 0.25
TICK_MILLISECONDS_MAX = 5.0
FULL, USUAL, QUICK = 10_000_000, 1_000_000, 50_000
DUE, DUE_QUICK = 20_000, 5_000
CLAIMED_AT_ONCE = 100
BEFORE_ANY = -3_600
"""Seconds from `AFTER` at which nothing is due yet."""

_RUN = Rows(tables.Row.metadata.tables["run"], Present.FAIL)
_MEMBERS = Statement("SELECT c.id FROM contact c WHERE c.bucket = :bucket ORDER BY c.id")
_CLAIM = Statement("""
    UPDATE run SET wake_at = NULL, version = version + 1
    WHERE bucket = :bucket AND (contact, id) IN (
        SELECT r.contact, r.id FROM run r
        WHERE r.bucket = :bucket AND r.status = 'waiting' AND r.wake_at IS NOT NULL AND r.wake_at <= :now
        ORDER BY r.wake_at LIMIT :most @skip_locked(r))
    RETURNING contact, id, version
""")
_WAITING = """
    INSERT INTO run
    SELECT CAST(:bucket AS integer), made.id, made.id, flow, revision, status, step,
        CAST(:far AS bigint) + made.n, version, state, started_at, changed_at, failure, goals_until
    FROM (SELECT * FROM run WHERE bucket = :first AND contact = :contact) one CROSS JOIN ({made}) made
"""
_MADE = {
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :many)
        SELECT n, printf('ffff%026x%02x', n, :bucket) AS id FROM numbers
    """,
    "postgresql": """
        SELECT n, 'ffff' || lpad(to_hex(n), 26, '0') || lpad(to_hex(CAST(:bucket AS integer)), 2, '0') AS id
        FROM generate_series(1, :many) AS n
    """,
}


async def make_due(url: str, due: int) -> None:
    """Let every member wait in the flow, until half an hour before they are woken."""
    await make_members(url, due)
    database = await prepared(url)
    until = AFTER - timedelta(minutes=30)
    try:
        for bucket in range(BUCKETS):
            found = await database.query(
                lambda c, bucket=bucket: c.read(_MEMBERS, bucket=bucket)  # type: ignore[misc]  # bound now
            )
            values = [_waiting(contact, until) for (contact,) in found]
            await database.transact(lambda c, values=values: c.write(_RUN, values))  # type: ignore[misc]  # bound now
    finally:
        await database.close()


def _waiting(contact: str, until: datetime) -> rows.RowValues:
    frames = (Frame(FLOW, 1, "1"),)
    wait = Wait(WaitKind.TIME, "1", until)
    run = Run(contact, FLOW, 1, RunStatus.WAITING, BEFORE, "sms", frames, wait=wait)
    return rows.run_row(contact, run, BEFORE)


async def make_waiting(url: str, dialect: str, many: int) -> None:
    """Let many more wait for another day; nothing tells the database how many they are."""
    engine = create_async_engine(url)
    made = text(_WAITING.format(made=_MADE[dialect]))
    try:
        async with engine.begin() as connection:
            if dialect == "postgresql":
                await connection.execute(text("ALTER TABLE run SET (autovacuum_enabled = false)"))
            first = (await connection.execute(text("SELECT bucket, contact FROM run LIMIT 1"))).one()
        given = {"first": first[0], "contact": first[1], "far": microseconds(AFTER + timedelta(days=9))}
        for bucket in range(BUCKETS):
            async with engine.begin() as connection:
                await connection.execute(made, {**given, "bucket": bucket, "many": many // BUCKETS})
    finally:
        await engine.dispose()


async def tell_statistics(url: str) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("ANALYZE"))
    finally:
        await engine.dispose()


async def claim_plainly(url: str, database: Opened) -> float:
    """Seconds of claiming all due runs and doing nothing with them, a hundred a transaction; then undo it."""
    now, began_at = microseconds(AFTER), time.perf_counter()
    for bucket in range(BUCKETS):
        found = CLAIMED_AT_ONCE
        while found == CLAIMED_AT_ONCE:

            async def claim(connection: Connection, bucket: int = bucket) -> int:
                return len(await connection.read(_CLAIM, bucket=bucket, now=now, most=CLAIMED_AT_ONCE))

            found = await database.transact(claim)
    took = time.perf_counter() - began_at
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        again = microseconds(AFTER - timedelta(minutes=30))
        await connection.execute(
            text("UPDATE run SET wake_at = :again, version = version - 1 WHERE wake_at IS NULL"),
            {"again": again},
        )
    await engine.dispose()
    return took


@dataclass(frozen=True, slots=True)
class Woken:
    """What looking and waking took."""

    unknown: Outcome
    known: Outcome
    plain_seconds: float
    outcome: Outcome


async def wake(database: Database, url: str, many: int, due: int, log: Path) -> Woken:
    """Look while nothing is due, before and after statistics were gathered, then wake whoever is due."""
    await make_due(url, due)
    await make_waiting(url, database.name, many)
    say(f"  {many:,} wait")
    unknown = await asyncio.to_thread(Worker(url, "timers", log, seconds=BEFORE_ANY).outcome)
    await tell_statistics(url)
    known = await asyncio.to_thread(Worker(url, "timers", log, seconds=BEFORE_ANY).outcome)
    opened = await prepared(url)
    try:
        plain = await claim_plainly(url, opened)
    finally:
        await opened.close()
    outcome = await asyncio.to_thread(Worker(url, "timers", log).outcome)
    return Woken(unknown, known, plain, outcome)


def report_on(report: Report, database: Database, folder: Path, many: int, due: int) -> None:
    """Fill a database with runs that wait, wake some, and report what it took."""
    url = database.fresh("regulars")
    say(f"{database.name}: {due:,} runs are due, {many:,} are not")
    woken = asyncio.run(wake(database, url, many, due, folder / f"{database.name}.log"))
    name, rate = database.name, due / woken.outcome.seconds
    plain = due / woken.plain_seconds
    report.goals += [
        at_least(f"{name}: of a plain batch claim", ratio(rate, plain), OF_PLAIN_MIN),
        at_most(
            f"{name}: idle tick without statistics, ms", median(woken.unknown.ticks_ms), TICK_MILLISECONDS_MAX
        ),
        at_most(f"{name}: idle tick, ms", median(woken.known.ticks_ms), TICK_MILLISECONDS_MAX),
        at_most(f"{name}: due and not woken", due - woken.outcome.handled, 0),
    ]
    report.figures[name] = {
        "woken_a_second": round(rate),
        "claimed_plainly_a_second": round(plain),
        "tick_ms_max": max(woken.unknown.ticks_ms),
        "worker": asdict(woken.outcome) | {"ticks_ms": median(woken.outcome.ticks_ms)},
    }


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help=f"{QUICK:,} waiting runs: does it run at all")
    size.add_argument(
        "--full", action="store_true", help=f"{FULL:,} waiting runs: what the goals are set for"
    )
    arguments = parser.parse_args()
    many = QUICK if arguments.quick else FULL if arguments.full else USUAL
    due = DUE_QUICK if arguments.quick else DUE
    report = Report("waking", figures={"waiting": many, "due": due})
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        report.figures["machine"] = machine(folder)
        for database in databases(arguments.database, folder, stack):
            report_on(report, database, folder, many, due)
    report.print()


if __name__ == "__main__":
    main()
