"""What goes with what, as last learnt from all orders, and what is out of stock."""

from collections.abc import Mapping, Sequence

import orjson

from bot.core.loyalty.recommended import Affinities, Partner
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.products import stock_of
from bot.storage.rows import to_json

_NAME = "affinities"
_SETTING = Statement("SELECT s.value FROM setting s WHERE s.name = :name")
_SET = Rows(tables.Row.metadata.tables["setting"], Present.REPLACE)
_STOCK = stock_of("")
_GONE = Statement("""
    SELECT c.name FROM counter c WHERE c.name >= :since AND c.name < :until AND c.units_left = 0
""")


async def keep(connection: Connection, partners: Mapping[str, Sequence[Partner]]) -> None:
    """Keep what goes with each product."""
    learnt = {sku: [[one.sku, one.lift_low] for one in of_sku] for sku, of_sku in partners.items()}
    await connection.write(_SET, [(_NAME, to_json(learnt))])


async def affinities(connection: Connection, contact_id: str) -> Affinities:  # noqa: ARG001  # as all are asked
    """What goes with each product, and what cannot be had now."""
    found = await connection.read(_SETTING, name=_NAME)
    learnt = orjson.loads(found[0][0]) if found else {}
    until = _STOCK[:-1] + chr(ord(_STOCK[-1]) + 1)
    gone = await connection.read(_GONE, since=_STOCK, until=until)
    return Affinities(
        {sku: tuple(Partner(*one) for one in of_sku) for sku, of_sku in learnt.items()},
        frozenset(row[0].removeprefix(_STOCK) for row in gone),
    )
