"""Products as the shop reports them, with what is left of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from bot.core.contact import JsonValue
from bot.core.loyalty.stock import COUNTER
from bot.core.tracking.commerce import ProductTold
from bot.storage import counters, tables
from bot.storage.driver import Connection, Present, Record, Rows, Statement
from bot.storage.rows import to_json

_COLUMNS = "p.sku, p.name, p.category, p.price_minor, p.is_sold, p.facts"
_ONE = Statement(f"SELECT {_COLUMNS} FROM product p WHERE p.sku = :sku")  # noqa: S608  # our own text
_LISTED = Statement(f"""
    SELECT {_COLUMNS} FROM product p WHERE p.sku > :after ORDER BY p.sku LIMIT :most
""")  # noqa: S608  # our own text
_ROW = Rows(tables.Row.metadata.tables["product"], Present.REPLACE)
_NEW = Rows(tables.Row.metadata.tables["product"], Present.KEEP, returning="sku")


@dataclass(frozen=True, slots=True)
class StockedProduct:
    """A product with its facts; `units_left` is None where nobody counts."""

    sku: str
    name: str
    category: str
    price_minor: int
    is_sold: bool
    facts: Mapping[str, JsonValue]
    units_left: int | None = None


def stock_of(sku: str) -> str:
    """The counter of a product's units."""
    return f"{COUNTER}{sku}"


async def put(connection: Connection, product: StockedProduct) -> None:
    """Add or change a product; its stock stays what it is."""
    row = (product.sku, product.name, product.category, product.price_minor, product.is_sold)
    await connection.write(_ROW, [(*row, to_json(product.facts))])


async def add_new(connection: Connection, told: Sequence[ProductTold]) -> bool:
    """Add the products that are not there, to be sold from now on; returns whether there were any."""
    # In one order everywhere: two processes that add the same ones wait for each other, and not both.
    rows = sorted((one.sku, one.name, one.category, one.price_minor, True, "{}") for one in told)
    return any(await connection.claim(_NEW, rows))


async def one(connection: Connection, sku: str) -> StockedProduct | None:
    """The product with this SKU."""
    found = await connection.read(_ONE, sku=sku)
    return next(iter(await _stocked(connection, found)), None)


async def listed(connection: Connection, after: str, most: int) -> list[StockedProduct]:
    """Products in the order of their SKUs, behind `after`."""
    return await _stocked(connection, await connection.read(_LISTED, after=after, most=most))


async def _stocked(connection: Connection, rows: Sequence[Record]) -> list[StockedProduct]:
    left = await counters.left(connection, [stock_of(row[0]) for row in rows])
    return [
        StockedProduct(
            sku=row[0],
            name=row[1],
            category=row[2],
            price_minor=row[3],
            is_sold=bool(row[4]),
            facts=orjson.loads(row[5]),
            units_left=left.get(stock_of(row[0])),
        )
        for row in rows
    ]
