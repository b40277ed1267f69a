"""An import that is killed in the middle, again and again: resumed, nothing is lost and nothing there twice.

A month of a real grocer's orders, some of them spoilt; counts and sums are DuckDB's over the same file. The
whole year is imported by `python -m benchmarks.imports`. `REGULARS_DRILL_IMPORT_KILLS` (2) makes it harder.
"""

import asyncio
import csv
import os
import random
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path

import duckdb
import pytest

from benchmarks.journey import (
    LINES,
    MAPPING,
    MONTH,
    OF_EACH,
    REVENUE,
    SUMS,
    transactions,
)
from bot.app import open_database, publish_folder, utc_now
from bot.config import Settings, load_settings
from bot.storage import import_runs
from bot.storage.driver import Database, Statement
from bot.storage.import_runs import ImportRun, State
from tests.databases import Databases

KILLS = int(os.environ.get("REGULARS_DRILL_IMPORT_KILLS", "2"))
ROOT = Path(__file__).parents[2]
MEMBERS = 1_500
SPOILT = "basket_id % 97 = 0"
_EVENTS = Statement("SELECT COUNT(*) FROM event e WHERE e.name = 'Order Completed'")


_CREDIT = Statement("""
    SELECT (SELECT COUNT(*) FROM entry), COUNT(*), CAST(SUM(l.available_minor) AS bigint) FROM lot l
""")


@pytest.fixture
async def settings(databases: Databases, tmp_path: Path) -> AsyncIterator[Settings]:
    """A shop with the files we ship, on a database of its own."""
    url = await databases.create()
    yield load_settings(
        {"DATABASE_URL": url, "REGULARS_FLOWS": str(ROOT / "flows"), "REGULARS_SECRET": "s" * 32}
    )
    await databases.drop(url)


async def started(settings: Settings, folder: Path, *arguments: str) -> Process:
    """Start an import as a process of its own."""
    return await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "regulars"),
        *("import", *arguments),
        env={
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "DATABASE_URL": settings.database_url,
            "REGULARS_FLOWS": str(settings.flows),
            "REGULARS_SECRET": "s" * 32,
        },
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def run_of(database: Database, kind: str) -> ImportRun | None:
    found = await database.query(lambda c: import_runs.latest(c, 5))
    return next((run for run in found if run.kind == kind), None)


async def until_past(database: Database, process: Process, kind: str, position: int) -> None:
    """Wait until so many rows are committed."""
    async with asyncio.timeout(120):
        while process.returncode is None:
            run = await run_of(database, kind)
            if run is not None and run.position > position:
                return
            await asyncio.sleep(0.02)
    told, _ = await process.communicate()
    raise AssertionError(f"it ended before it could be killed: {told.decode()}")


async def test_an_import_that_is_killed_goes_on(settings: Settings, tmp_path: Path) -> None:
    spoilt = f"CASE WHEN {SPOILT} THEN NULL ELSE product_id END AS product_id"
    duckdb.execute(
        f"COPY (SELECT * REPLACE ({spoilt}) FROM '{transactions()}' WHERE {MONTH}) TO '{tmp_path}/month.csv'"  # noqa: S608  # our own
    )
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    database = await open_database(settings)
    try:
        await publish_folder(database, settings, utc_now)
        command = ("orders", "month.csv", "--map", "map.yaml")
        await killed_and_resumed(settings, database, tmp_path, command, 124_051)
        await is_whole(database, tmp_path)
    finally:
        await database.close()


async def killed_and_resumed(
    settings: Settings, database: Database, folder: Path, command: tuple[str, ...], rows: int
) -> None:
    """Start an import of so many rows, kill it again and again, and let it come to its end."""
    chance, position = random.Random(7), 0
    for _ in range(KILLS):
        process = await started(settings, folder, *command)
        await until_past(database, process, command[0], position + chance.randrange(1, rows // (KILLS + 2)))
        process.kill()
        await process.wait()
        run = await run_of(database, command[0])
        assert run is not None
        assert run.state is State.RUNNING
        assert run.position > position
        position = run.position
    process = await started(settings, folder, *command)
    told, _ = await process.communicate()
    assert f"It goes on after row {position:,}." in told.decode()


async def test_balances_are_given_once(settings: Settings, tmp_path: Path) -> None:
    people = [f"u{number}" for number in range(MEMBERS)]
    contacts = ["external,enrolled_at", *(f"{one},2024-01-01" for one in people)]
    # Each member has two balances, the second far below the first; every ninetieth row is about nobody.
    rows = [(one, day) for day in ("never", "2099-12-31") for one in people]
    balances = [
        f"{'nobody' if place % 90 == 0 else one},{place % 7 + 1}.50,{day}"
        for place, (one, day) in enumerate(rows)
    ]
    (tmp_path / "contacts.csv").write_text("\n".join(contacts), encoding="utf-8")
    (tmp_path / "balances.csv").write_text(
        "\n".join(["external,amount,expires_on", *balances]), encoding="utf-8"
    )
    taken = [place for place in range(len(rows)) if place % 90]
    database = await open_database(settings)
    try:
        await publish_folder(database, settings, utc_now)
        process = await started(settings, tmp_path, "contacts", "contacts.csv", "--yes")
        told, _ = await process.communicate()
        assert process.returncode == 0, told.decode()
        await killed_and_resumed(
            settings, database, tmp_path, ("balances", "balances.csv", "--yes"), len(rows)
        )
        entries, lots, minor = (await database.query(lambda c: c.read(_CREDIT)))[0]
        assert (entries, lots) == (len(taken), len(taken))
        assert minor == sum((place % 7 + 1) * 100 + 50 for place in taken)
        run = await run_of(database, "balances")
        assert run is not None
        assert (run.counts.taken, run.counts.known) == (len(taken), 0)
        assert run.counts.rejected == {"whom": len(rows) - len(taken)}
    finally:
        await database.close()


async def is_whole(database: Database, folder: Path) -> None:
    """Hold everything against DuckDB, which reads the same file."""
    month = f"'{transactions()}' WHERE {MONTH}"
    good = f"{month} AND NOT ({SPOILT})"
    cents = "CAST(round(100 * sales_value) AS BIGINT)"
    off = "CAST(round(100 * retail_disc) AS BIGINT) + CAST(round(100 * coupon_match_disc) AS BIGINT)"
    expected = duckdb.execute(
        f"SELECT count(DISTINCT basket_id), sum({cents}), sum({off}), count(DISTINCT household_id),"  # noqa: S608  # our own
        " min(epoch_us(transaction_timestamp)), max(epoch_us(transaction_timestamp)),"
        f" count(*), count(DISTINCT product_id) FROM {good}"
    ).fetchone()
    assert expected is not None
    sums = (await database.query(lambda c: c.read(SUMS)))[0]
    lines = (await database.query(lambda c: c.read(LINES)))[0]
    assert (*sums, *lines) == expected
    of_each = duckdb.execute(
        f"SELECT household_id, count(DISTINCT basket_id), sum({cents}) FROM {good} GROUP BY 1"  # noqa: S608  # our own
    ).fetchall()
    found = await database.query(lambda c: c.read(OF_EACH))
    assert {row[0]: (row[1], row[2]) for row in found} == {str(one): tuple(rest) for one, *rest in of_each}
    orders, cash = expected[0], expected[1]
    assert (await database.query(lambda c: c.read(_EVENTS)))[0][0] == orders
    people, counted, total = (await database.query(lambda c: c.read(REVENUE)))[0]
    assert (people, counted, total) == (len(of_each), orders, cash * 10_000)
    run = await run_of(database, "orders")
    assert run is not None
    rows = duckdb.execute(f"SELECT count(*) FROM {month}").fetchone()  # noqa: S608  # our own
    spoilt = duckdb.execute(f"SELECT count(*) FROM {month} AND {SPOILT}").fetchone()  # noqa: S608  # our own
    assert rows is not None
    assert spoilt is not None
    assert (run.state, run.position) == (State.DONE, rows[0])
    assert (run.counts.taken, run.counts.rejected_rows, run.counts.known) == (lines[0], spoilt[0], 0)
    with (folder / "month.rejected.csv").open(encoding="utf-8", newline="") as file:
        rejected = [int(row["_row"]) for row in csv.DictReader(file)]
    assert len(rejected) == len(set(rejected)) == spoilt[0]
    assert rejected == sorted(rejected)
