"""What a segment cost since when: what was sent is reckoned at the price of its day, whatever it is now."""

from datetime import date
from decimal import Decimal

import orjson

from bot.core.flow.costs import Price
from bot.core.flow_stats import Prices
from bot.storage.driver import Connection, Database, Present, Rows, Statement
from bot.storage.rows import to_json
from bot.storage.tables import Row

_NAME = "segment_prices"
_READ = Statement("SELECT value FROM setting WHERE name = :name")
_SET = Rows(Row.metadata.tables["setting"], Present.REPLACE)


async def prices(connection: Connection) -> Prices:
    """The prices there were; none before anything was sent."""
    found = await connection.read(_READ, name=_NAME)
    since = orjson.loads(found[0][0]) if found else []
    return Prices(tuple((day, Price(Decimal(amount), currency)) for day, amount, currency in since))


async def note(database: Database, price: Price, today: date) -> None:
    """Note what a segment costs from today on, where it is not what it cost before."""

    async def write(connection: Connection) -> None:
        known = (await prices(connection)).since
        if known and known[-1][1] == price:
            return
        kept = [one for one in known if one[0] < str(today)]
        rows = [(day, str(one.amount), one.currency) for day, one in [*kept, (str(today), price)]]
        await connection.write(_SET, [(_NAME, to_json(rows))])

    before = (await database.query(prices)).since
    if not before or before[-1][1] != price:
        await database.transact(write)
