"""What importing a real year of orders costs, beside a bare insert of the same rows, and whether it is whole.

Run `python -m benchmarks.imports [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from resource import struct_rusage
from typing import Any

import duckdb
import orjson

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.journey import (
    LINES,
    MAPPING,
    OF_EACH,
    REVENUE,
    SUMS,
    transactions,
    write_month,
)
from benchmarks.processes import ROOT, machine
from benchmarks.report import Report, at_most, ratio, say
from bot.app import open_database, prepare_database, utc_now
from bot.config import Settings, load_settings
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.driver import Database as Open

OVER_FLOOR_MAX = 3.0
OVER_FLOOR_WITH_FIGURES_MAX = 6.0
MEMORY_MAX = 1.3
"""How much more memory twelve times as many rows may take."""
_LOOK_SECONDS = 0.05
_CHUNK = 205  # orders; some 2,000 lines, as the import takes them together
_TABLES = tables.Row.metadata.tables
_WRITTEN = {name: Rows(_TABLES[name], Present.FAIL) for name in ("shop_order", "order_line", "event")}
_OWNER = Rows(_TABLES["directory"], Present.KEEP, returning="kind, value")
_OWNERS = Statement("SELECT * FROM directory WHERE kind = 'order'")
_OF_FIGURES = ("audiences.yaml", "traits.yaml")


@dataclass(frozen=True, slots=True)
class Ran:
    """What an import took: seconds of CPU, PostgreSQL's with it, by the clock, and the most memory."""

    cpu: float
    wall: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop with the files we ship, on a database of its own; without figures where none are wanted."""

    database: Database
    folder: Path
    settings: Settings

    @classmethod
    async def opened(cls, database: Database, folder: Path, name: str, *, figures: bool) -> "Shop":
        """Publish the files into a new database."""
        flows = folder / database.name / name / "flows"
        shutil.copytree(ROOT / "flows", flows)
        shutil.copytree(ROOT / "locales", flows.parent / "locales")
        for file in () if figures else _OF_FIGURES:
            (flows / file).unlink()
        url = await asyncio.to_thread(database.fresh, name)  # it has an event loop of its own
        settings = load_settings(
            {"DATABASE_URL": url, "REGULARS_FLOWS": str(flows), "REGULARS_SECRET": "s" * 32}
        )
        prepared = await prepare_database(settings, utc_now)
        await prepared.close()
        return cls(database, folder, settings)

    def imported(self, file: Path) -> Ran:
        """Import a file by the command, in a process of its own."""
        mapping = self.folder / "map.yaml"
        mapping.write_text(MAPPING, encoding="utf-8")
        environ = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.folder),
            "DATABASE_URL": self.settings.database_url,
            "REGULARS_FLOWS": str(self.settings.flows),
            "REGULARS_SECRET": "s" * 32,
        }
        command = [str(Path(sys.executable).parent / "regulars"), "import", "orders", str(file)]
        before, began_at = self.database.cpu_seconds() or 0.0, time.perf_counter()
        with (self.folder / "told.txt").open("wb") as told:
            process = subprocess.Popen(
                [*command, "--map", str(mapping)], env=environ, cwd=self.folder, stdout=told, stderr=told
            )
            peak_mb, status, used = _waited(process)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (self.folder / "told.txt").read_text()
        wall = time.perf_counter() - began_at
        beside = (self.database.cpu_seconds() or 0.0) - before
        return Ran(used.ru_utime + used.ru_stime + beside, wall, peak_mb)


def _waited(process: "subprocess.Popen[bytes]") -> tuple[float, int, struct_rusage]:
    """Wait for a process: its most memory in MB, how it ended, what it used.

    `ru_maxrss` would be ours where we have more: it outlives the exec.
    """
    peak_kb = 0
    while True:
        with contextlib.suppress(OSError, StopIteration):
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
            peak_kb = max(peak_kb, int(line.split()[1]))
        ended, code, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            return round(peak_kb / 1024, 1), code, used
        time.sleep(_LOOK_SECONDS)


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="SQLite and a PostgreSQL started here without it")
    parser.add_argument("--quick", action="store_true", help="a month instead of the year")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-imports-") as top:
        folder = Path(top)
        report = Report("imports", figures={"machine": machine(folder), "quick": given.quick})
        write_month(folder / "month.parquet")
        month = f"SELECT * FROM '{folder / 'month.parquet'}' LIMIT 0"  # noqa: S608  # our own
        duckdb.execute(f"COPY ({month}) TO '{folder / 'nothing.parquet'}'")
        for opened in _databases(given.database, folder):
            with opened as database:
                asyncio.run(_measure(database, folder, report, quick=given.quick))
        report.figures["duckdb_us_per_line"] = round(_duckdb_loads(folder / "month.parquet"), 2)
    report.print()


def _databases(url: str | None, folder: Path) -> Iterator[contextlib.AbstractContextManager[Database]]:
    if url is None or url.startswith("sqlite"):
        yield contextlib.nullcontext(Sqlite(folder))
    if url is None:
        yield own_postgres()
    elif not url.startswith("sqlite"):
        yield postgres_at(url)


async def _measure(database: Database, folder: Path, report: Report, *, quick: bool) -> None:
    month, year = folder / "month.parquet", transactions()
    bare = await Shop.opened(database, folder, "month", figures=False)
    begun = bare.imported(folder / "nothing.parquet")
    small = await _run(bare, month, report, f"{database.name}: a month")
    floor = await _floor(bare, folder)
    figures: dict[str, object] = {"floor_us": round(floor, 2), "begun": asdict(begun)}
    whole = [("month", month, False, small)]
    for name, figured in (
        (("month_with_figures", True),) if quick else (("year", False), ("year_with_figures", True))
    ):
        shop = await Shop.opened(database, folder, name, figures=figured)
        file = month if quick else year
        ran = await _run(shop, file, report, f"{database.name}: {name}")
        whole.append((name, file, figured, ran))
    for name, file, figured, ran in whole:
        cost = (ran.cpu - begun.cpu) / _lines(file) * 1e6
        figures[name] = {"cpu_us_per_line": round(cost, 2), **asdict(ran)}
        most = OVER_FLOOR_WITH_FIGURES_MAX if figured else OVER_FLOOR_MAX
        told = f"{database.name}: CPU of a line over a bare insert, {name.replace('_', ' ')}"
        report.goals.append(at_most(told, ratio(cost, floor), most))
    if not quick:
        more = ratio(whole[1][3].peak_mb, small.peak_mb)
        report.goals.append(at_most(f"{database.name}: memory of the year over a month's", more, MEMORY_MAX))
    report.figures[database.name] = figures


async def _run(shop: Shop, file: Path, report: Report, name: str) -> Ran:
    """Import a file, and hold all that is in the database against DuckDB's sums over it."""
    say(name)
    ran = shop.imported(file)
    database = await open_database(shop.settings)
    try:
        differences = await _differences(database, file)
    finally:
        await database.close()
    for difference in differences:
        say(difference)
    report.goals.append(at_most(f"{name}: figures that are not DuckDB's", len(differences), 0))
    return ran


async def _differences(database: Open, file: Path) -> list[str]:
    cents = "CAST(round(100 * sales_value) AS BIGINT)"
    off = "CAST(round(100 * retail_disc) AS BIGINT) + CAST(round(100 * coupon_match_disc) AS BIGINT)"
    expected = duckdb.execute(
        f"SELECT count(DISTINCT basket_id), sum({cents}), sum({off}), count(DISTINCT household_id),"  # noqa: S608  # our own
        " min(epoch_us(transaction_timestamp)), max(epoch_us(transaction_timestamp)),"
        f" count(*), count(DISTINCT product_id) FROM '{file}'"
    ).fetchone()
    assert expected is not None
    sums = (*(await _read(database, SUMS))[0], *(await _read(database, LINES))[0])
    names = ("orders", "cash", "discounts", "contacts", "first", "last", "lines", "products")
    told = [
        f"{name}: {ours}, DuckDB {theirs}"
        for name, ours, theirs in zip(names, sums, expected, strict=True)
        if ours != theirs
    ]
    of_each = duckdb.execute(
        f"SELECT household_id, count(DISTINCT basket_id), sum({cents}) FROM '{file}' GROUP BY 1"  # noqa: S608  # our own
    ).fetchall()
    theirs = {str(one): (orders, cash) for one, orders, cash in of_each}
    ours = {row[0]: (row[1], row[2]) for row in await _read(database, OF_EACH)}
    told += [f"household {one}" for one in theirs.keys() | ours.keys() if theirs.get(one) != ours.get(one)]
    ((people, counted, total),) = await _read(database, REVENUE)
    if people and (people, counted, total) != (len(theirs), expected[0], expected[1] * 10_000):
        told.append(f"lifetime_revenue: {counted} orders of {people}, {total} millionths")
    return told


async def _read(database: Open, statement: Statement) -> Sequence[Sequence[Any]]:
    return await database.query(lambda connection: connection.read(statement))


async def _floor(shop: Shop, folder: Path) -> float:
    """CPU µs a line of inserting the same rows, as they are in the database, with nothing around it."""
    source = await open_database(shop.settings)
    rows = {name: await _read(source, _all_of(table)) for name, table in _WRITTEN.items()}
    owners = {row[1]: tuple(row) for row in await _read(source, _OWNERS)}
    await source.close()
    lines: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows["order_line"]:
        lines.setdefault(row[2], []).append(tuple(row))
    events = {orjson.loads(row[5])["order_id"]: tuple(row) for row in rows["event"]}
    orders = sorted(map(tuple, rows["shop_order"]), key=itemgetter(5))
    chunks = [
        (
            some,
            [line for order in some for line in lines[order[2]]],
            [events[order[2]] for order in some],
            [owners[order[8]] for order in some],
        )
        for some in (orders[first : first + _CHUNK] for first in range(0, len(orders), _CHUNK))
    ]
    into = await Shop.opened(shop.database, folder, "floor", figures=False)
    target = await open_database(into.settings)
    gc.collect()
    gc.freeze()
    before, began = shop.database.cpu_seconds() or 0.0, time.process_time()
    for some, of_them, happened, owned in chunks:

        async def write(
            connection: Connection,
            some: Sequence[tuple[Any, ...]] = some,
            of_them: Sequence[tuple[Any, ...]] = of_them,
            happened: Sequence[tuple[Any, ...]] = happened,
            owned: Sequence[tuple[Any, ...]] = owned,
        ) -> None:
            await connection.claim(_OWNER, owned)
            await connection.write(_WRITTEN["shop_order"], some)
            await connection.write(_WRITTEN["order_line"], of_them)
            await connection.write(_WRITTEN["event"], happened)

        await target.transact(write)
    took = time.process_time() - began + (shop.database.cpu_seconds() or 0.0) - before
    gc.unfreeze()
    await target.close()
    return took / len(rows["order_line"]) * 1e6


def _all_of(table: Rows) -> Statement:
    columns = ", ".join(f'"{name}"' for name in table.columns)
    return Statement(f'SELECT {columns} FROM "{table.table}"')  # noqa: S608  # names of our tables


def _duckdb_loads(file: Path) -> float:
    """CPU µs a line of DuckDB's own load of the file into a table: what a store of columns takes."""
    began = time.process_time()
    duckdb.execute(f"CREATE OR REPLACE TABLE loaded AS SELECT * FROM '{file}'")  # noqa: S608  # our own
    return (time.process_time() - began) / _lines(file) * 1e6


def _lines(file: Path) -> int:
    found = duckdb.execute(f"SELECT count(*) FROM '{file}'").fetchone()  # noqa: S608  # our own
    assert found is not None
    return int(found[0])


if __name__ == "__main__":
    main()
