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
SPOILT = "basket_id % 97 = 0"
_EVENTS = Statement("SELECT COUNT(*) FROM event e WHERE e.name = 'Order Completed'")


@pytest.fixture
async def settings(databases: Databases, tmp_path: Path) -> AsyncIterator[Settings]:
    """A shop with the files we ship, on a database of its own."""
    url = await databases.create()
    yield load_settings(
        {"DATABASE_URL": url, "REGULARS_FLOWS": str(ROOT / "flows"), "REGULARS_SECRET": "s" * 32}
    )
    await databases.drop(url)


async def started(settings: Settings, folder: Path) -> Process:
    """Start the import as a process of its own."""
    return await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "regulars"),
        *("import", "orders", "month.csv", "--map", "map.yaml"),
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


async def run_of(database: Database) -> ImportRun | None:
    found = await database.query(lambda c: import_runs.latest(c, 1))
    return found[0] if found else None


async def until_past(database: Database, process: Process, position: int) -> None:
    """Wait until so many rows are committed."""
    async with asyncio.timeout(120):
        while process.returncode is None:
            run = await run_of(database)
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
        chance, position = random.Random(7), 0
        for _ in range(KILLS):
            process = await started(settings, tmp_path)
            await until_past(database, process, position + chance.randrange(1, 124_051 // (KILLS + 2)))
            process.kill()
            await process.wait()
            run = await run_of(database)
            assert run is not None
            assert run.state is State.RUNNING
            assert run.position > position
            position = run.position
        process = await started(settings, tmp_path)
        told, _ = await process.communicate()
        assert f"It goes on after row {position:,}." in told.decode()
        await is_whole(database, tmp_path)
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
    run = await run_of(database)
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
