"""News of stock reaches every member whose favourite it is, once, wherever the job was stopped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation.batch import Batch
from bot.conversation.inbox import restored
from bot.conversation.operations import operate
from bot.core.consent import ConsentSource, Evidence, opt_in
from bot.core.contact import Product
from bot.core.ids import bucket_of
from bot.core.loyalty.refill import Refill
from bot.core.turn import Turn
from bot.jobs.stock_news import StockNews
from bot.storage import due, products, stock
from bot.storage.driver import Database
from bot.storage.products import StockedProduct
from tests.storage.scripted import NOW, SHOP, Script, asked, contacts, conversation, open_at, turn

BEANS = StockedProduct("HB2", "House beans", "beans", 1400, is_sold=True, facts={"low_at": 5})
SELLING = replace(SHOP, products={"HB2": Product("HB2", "House beans", "beans", 1400)})
HOUR = timedelta(hours=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database of each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


class Stopping(asyncio.Event):
    """Says stop after it was asked so often."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def is_set(self) -> bool:
        """Count down."""
        self.left -= 1
        return self.left < 0


async def shop_with(database: Database, likings: list[str]) -> list[str]:
    """Members and what each likes best; the shop has twenty bags of beans."""

    def like(liker: Turn) -> None:
        at, sku = liker.now, likings[members.index(liker.contact.id)]
        liker.keep("refill", "beans", Refill("beans", sku, at, at, at, at, None))
        evidence = Evidence("loyalty", "sms", "LOYALTY", ConsentSource.KEYWORD, at, "SM1")
        liker.change_consent(opt_in(evidence))

    members = await contacts(database, len(likings))
    for contact_id in members:
        await turn(database, contact_id, "likes", like)
    await database.transact(lambda c: products.put(c, BEANS))
    await say(database, 20)
    return members


async def say(database: Database, units: int, hours: int = 0) -> None:
    await database.transact(lambda c: stock.put(c, "HB2", units, NOW + hours * HOUR))


async def told(database: Database) -> list[str]:
    found = await asked(database, "SELECT contact FROM \"trigger\" WHERE key LIKE 'stock:%' ORDER BY contact")
    return [row[0] for row in found]


async def spread(database: Database, stopping: asyncio.Event | None = None) -> int:
    return await StockNews(database, stopping or asyncio.Event()).spread()


async def test_those_whose_favourite_it_is_hear_that_it_is_back(database: Database) -> None:
    members = await shop_with(database, ["HB2", "OX2", "HB2"])
    await say(database, 0, hours=1)
    assert await spread(database) == 0
    await say(database, 12, hours=2)
    assert await spread(database) == 2
    assert await told(database) == sorted([members[0], members[2]])
    assert await spread(database) == 0


async def test_it_is_low_once_on_its_way_down(database: Database) -> None:
    await shop_with(database, ["HB2"])
    told_of = []
    for hours, units in enumerate((9, 5, 4, 3, 20, 2), 1):
        await say(database, units, hours=hours)
        told_of.append(await spread(database))
    assert told_of == [0, 1, 0, 0, 0, 1]


async def test_what_is_gone_again_before_it_was_told_is_not_back(database: Database) -> None:
    await shop_with(database, ["HB2"])
    for hours, units in enumerate((0, 12, 0), 1):
        await say(database, units, hours=hours)
    assert await spread(database) == 0


@pytest.mark.parametrize("after", [1, 40, 130])
async def test_stopped_anywhere_and_run_again_everybody_hears_once(database: Database, after: int) -> None:
    members = await shop_with(database, ["HB2"] * 40)
    await say(database, 0, hours=1)
    await say(database, 12, hours=2)
    await spread(database, Stopping(after))
    assert set(await told(database)) < set(members)
    await spread(database)
    assert await told(database) == sorted(members)


async def test_two_workers_at_once_tell_everybody_once(database: Database) -> None:
    members = await shop_with(database, ["HB2"] * 20)
    await say(database, 0, hours=1)
    await say(database, 12, hours=2)
    await asyncio.gather(spread(database), spread(database))
    assert await told(database) == sorted(members)


@pytest.mark.parametrize(("units", "hears"), [(12, ["Back In Stock"]), (0, [])])
async def test_flows_hear_unless_it_is_gone_again(database: Database, units: int, hears: list[str]) -> None:
    (contact_id,) = await shop_with(database, ["HB2"])
    await say(database, 0, hours=1)
    await say(database, 12, hours=2)
    await spread(database)
    await say(database, units, hours=3)
    later, bucket = NOW + 4 * HOUR, bucket_of(contact_id)
    (waiting,) = await database.query(lambda c: due.triggers(c, bucket, later, 10))
    work = restored(waiting)
    batch = Batch(conversation(Script({work.trigger.key: operate}, SELLING), lambda: later), [work])
    await database.transact(batch.run)
    assert [row[0] for row in await asked(database, "SELECT name FROM event")] == hears
