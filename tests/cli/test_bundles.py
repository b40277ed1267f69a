"""`bundles suggest` reads the shop's orders and shows what belongs together, and what only seems to."""

import json
from datetime import timedelta
from functools import partial

from bot import app
from bot.config import Settings
from bot.core.contact import Order, OrderLine, Product
from bot.core.ids import bucket_of, derived_id
from bot.core.turn import Turn
from bot.storage import revisions
from tests.cli.conftest import Terminal, run
from tests.storage.scripted import contacts, turn

PRODUCTS = [
    Product("FLT", "Flat White", "coffee", 450),
    Product("CRO", "Croissant", "bakery", 390),
    Product("SEN", "Sencha", "tea", 420),
    Product("HB2", "House Beans 250 g", "beans", 1400),
    Product("HB1", "House Beans 1 kg", "beans", 4600),
]
BASKETS = [("FLT", "CRO"), ("FLT", "CRO"), ("SEN",), ("SEN", "HB2"), ("HB1", "HB2"), ("CRO",)] * 4


async def sell(settings: Settings) -> None:
    """A member for each basket, who ordered it these days."""
    database = await app.prepare_database(settings, app.utc_now)
    await database.transact(lambda c: revisions.put_products(c, PRODUCTS))
    members = await contacts(database, len(BASKETS))
    for number, (contact_id, basket) in enumerate(zip(members, BASKETS, strict=True)):
        at = app.utc_now() - (len(BASKETS) - number) * timedelta(hours=1)
        lines = tuple(OrderLine(sku, sku, 1, 400) for sku in basket)
        order = Order(derived_id("order/1", bucket_of(contact_id)), "pos", at, lines, 400, status="paid")
        await turn(database, contact_id, "order", partial(Turn.place_order, order=order))
    await database.close()


async def test_a_table_says_what_belongs_together(shop: Terminal, settings: Settings) -> None:
    await sell(settings)
    ran = await run(shop, "bundles", "suggest", "--together=4")
    assert ran.code == 0, ran.err
    (line,) = [line for line in ran.out.splitlines() if "Flat White" in line]
    assert line.split() == [
        *("Croissant", "(CRO)", "+", "Flat", "White", "(FLT)"),
        *("8", "33.3%", "2.0", "1.4", "3.0", "0.0007", "67%,", "100%", "$8.40"),
    ]
    assert "Left out: 1 the same in another size." in ran.err
    assert "Left out: 1 may be chance (more than 5% of such finds are wrong)." in ran.err


async def test_a_program_reads_it_as_json(shop: Terminal, settings: Settings) -> None:
    await sell(settings)
    ran = await run(shop, "bundles", "suggest", "--together=4", "--json")
    told = json.loads(ran.out)
    (pair,) = told["suggested"]
    assert (pair["one"], pair["other"], pair["together"], pair["baskets"]) == ("CRO", "FLT", 8, 24)
    assert sorted(doubt["why"] for doubt in told["doubted"]) == ["may be chance", "the same in another size"]


async def test_a_shop_without_enough_orders_is_told_so(shop: Terminal, settings: Settings) -> None:
    await sell(settings)
    ran = await run(shop, "bundles", "suggest")
    assert (ran.code, ran.out) == (0, "")
    assert "No pair bought together 20 times or oftener surely belongs together.\n" in ran.err
