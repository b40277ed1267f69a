"""What is learnt from stored orders, on both databases: pairs, partners, paces, and not too often."""

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.core.contact import Order, OrderLine, Product
from bot.core.deeds.refill_turns import refill_after_order
from bot.core.ids import bucket_of, derived_id
from bot.core.loyalty.program import Program
from bot.core.loyalty.recommended import Affinities, Partner
from bot.core.turn import Turn
from bot.insights.learning import learn, suggested_pairs
from bot.jobs.learning import Learning
from bot.storage import affinities, counters, refills
from bot.storage.driver import Database
from tests.storage.scripted import NOW, SHOP, contacts, open_at, turn

PRODUCTS = {
    sku: Product(sku, name, category, 400)
    for sku, name, category in (
        ("FLT", "Flat White", "coffee"),
        ("CRO", "Croissant", "bakery"),
        ("SEN", "Sencha", "tea"),
        ("HB2", "House Beans", "beans"),
    )
}
DAY = timedelta(days=1)
BUNDLES = {"bundles": [{"id": "b", "name": "B", "items": ["FLT", "CRO"], "less_share": "10%"}]}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database of each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def program(**more: object) -> Program:
    written = {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "refill": {"categories": {"beans": "30d"}},
    }
    return Program.model_validate({**written, **more})


async def orders(database: Database, baskets: list[tuple[str, ...]], **changed: object) -> list[str]:
    """A member for each basket, who ordered it, the first long ago."""
    members = await contacts(database, len(baskets))
    for number, (contact_id, basket) in enumerate(zip(members, baskets, strict=True)):
        lines = tuple(OrderLine(sku, sku, 1, 400) for sku in basket)
        at = NOW - (len(baskets) - number) * timedelta(hours=1)
        placed = Order(derived_id("order/1", bucket_of(contact_id)), "pos", at, lines, 400, status="paid")
        placed = replace(placed, **changed)  # type: ignore[arg-type]  # a test's own
        await turn(database, contact_id, "order", partial(Turn.place_order, order=placed))
    return members


# In the last third as before: nothing is "not lately".
BASKETS = [("FLT", "CRO"), ("FLT", "CRO"), ("SEN",), ("SEN", "HB2"), ("HB2",), ("CRO",)] * 4


async def test_pairs_are_found_in_stored_orders(database: Database) -> None:
    await orders(database, BASKETS)
    pairs, doubts = await suggested_pairs(database, program(), PRODUCTS, NOW - 30 * DAY, 4)
    assert [(pair.one, pair.other, pair.together, pair.baskets) for pair in pairs] == [("CRO", "FLT", 8, 24)]
    assert [doubt.pair.one for doubt in doubts] == ["HB2"]
    pairs, doubts = await suggested_pairs(database, program(**BUNDLES), PRODUCTS, NOW - 30 * DAY, 4)
    assert pairs == []
    pairs, doubts = await suggested_pairs(database, program(), PRODUCTS, NOW, 4)
    assert (pairs, doubts) == ([], [])


async def test_what_was_canceled_or_returned_is_in_no_pair(database: Database) -> None:
    await orders(database, BASKETS, status="canceled")
    assert await suggested_pairs(database, program(), PRODUCTS, NOW - 30 * DAY, 4) == ([], [])


async def test_partners_are_kept_with_what_is_out_of_stock(database: Database) -> None:
    (contact_id, *_) = await orders(database, BASKETS)
    # Also what is a bundle already goes together.
    assert await learn(database, program(**BUNDLES), PRODUCTS, NOW, 4) == 2
    await database.transact(lambda c: counters.set_units(c, "stock/HB2", 0))
    await database.transact(lambda c: counters.set_units(c, "stock/CRO", 3))
    found = await database.query(lambda c: affinities.affinities(c, contact_id))
    ((croissant,), (flat_white,)) = found.partners["FLT"], found.partners["CRO"]
    assert (croissant.sku, flat_white.sku) == ("CRO", "FLT")
    assert croissant.lift_low > 1
    assert found.gone == {"HB2"}


async def test_before_anything_was_learnt_nothing_goes_together(database: Database) -> None:
    (contact_id,) = await contacts(database)
    assert await database.query(lambda c: affinities.affinities(c, contact_id)) == Affinities()
    await database.transact(lambda c: affinities.keep(c, {"A": [Partner("B", 1.5)]}))
    found = await database.query(lambda c: affinities.affinities(c, contact_id))
    assert found.partners == {"A": (Partner("B", 1.5),)}


async def test_paces_are_learnt_from_what_members_bought(database: Database) -> None:
    rules = program()
    shop = replace(SHOP, program=rules, products=PRODUCTS)

    def buy(buyer: Turn) -> None:
        buyer.shop = shop
        for number in range(9):
            at = NOW - number * 10 * DAY
            line = OrderLine("HB2", "House Beans", 1, 1400)
            order_id = derived_id(f"order/{number}", buyer.contact.bucket)
            refill_after_order(buyer, Order(order_id, "pos", at, (line,), 1400, status="paid"))

    for contact_id in await contacts(database, 30):
        await turn(database, contact_id, "buys", buy)
    await learn(database, rules, PRODUCTS, NOW, 4)
    paces = await database.query(refills.paces)
    assert math.exp(paces.of("beans").mean) == pytest.approx(10, rel=0.15)


async def test_it_learns_once_a_day(database: Database) -> None:
    await orders(database, BASKETS * 3)
    clock = [NOW]
    learning = Learning(database, lambda: clock[0], lambda: replace(SHOP, products=PRODUCTS))
    done = []
    for hours in (0, 1, 24, 25):
        clock[0] = NOW + timedelta(hours=hours)
        done.append(await learning.learn())
    assert done == [2, 0, 2, 0]
