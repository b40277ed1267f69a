"""Products at our pages, on both databases: by category and size, with what is left, and taken by orders."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.looking import look_in
from bot.core.contact import JsonValue, Product
from bot.core.flow.reader import read
from bot.core.flow.shop_file import read_shop
from bot.core.pages import products as page
from bot.core.pages.orders import proposals
from bot.core.turn import Shop, Turn
from bot.storage import counters, stock
from bot.storage.driver import Database
from tests.conversation.shop.till import Till, Told, shop_with
from tests.storage.scripted import asked, open_at

PAYER = "wx01/o1"
SOLD = {
    "TEA": Product("TEA", "Jasmine tea", "tea", 350, "jasmine", "12 oz", "/tea.svg"),
    "TEA-L": Product("TEA-L", "Large Jasmine tea", "tea", 450, "jasmine", "16 oz"),
    "BUN": Product(
        "BUN", "Cinnamon bun", "bakery", 400, photo="https://img.example/bun.jpg", is_counted=True
    ),
    "PIE": Product("PIE", "Apple pie", "bakery", 500, is_counted=True),
    "MUG": Product("MUG", "Mug", "", 900),
    "GIFT": Product("GIFT", "Sticker", "", 0),
}
SHOP = """
pay: [wechat, pickup]
cancel_within: 2m
categories: {tea: {en: Tea, zh_Hans: 茶}, nothing: {en: Nothing}}
"""


def shop() -> Shop:
    selling = read_shop(read(SHOP, "flows/shop.yaml"), 2).selling()
    return replace(shop_with(), selling=selling, products=SOLD)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def till(database: Database) -> Till:
    """A member, and two buns in the shop; nobody counted pies yet."""
    till = await Till.of_member(database, shop=shop())
    await database.transact(lambda one: stock.put(one, "BUN", 2, till.now))
    return till


async def left(till: Till) -> int:
    found = await till.database.query(lambda one: counters.left(one, ["stock/BUN"]))
    return found["stock/BUN"]


async def shown(till: Till, category: str | None = None, after: page.Place = ("", "")) -> Told:
    def ask(turn: Turn) -> Told:
        told, following = page.products(turn, category, after)
        return {**told, "next": list(following) if following else None}

    return await till.database.query(lambda one: look_in(one, till.shop, till.contact_id, till.now, ask))


async def order(till: Till, quantity: int, **more: JsonValue) -> str:
    lines: list[JsonValue] = [{"sku": "BUN", "quantity": quantity}]
    placed = (await till.ask("shop.order", {"lines": lines, "to_pay_at_most_minor": 9999, **more}))["order"]
    assert isinstance(placed, dict)
    return str(placed["id"])


async def too_few(till: Till, quantity: int) -> object:
    lines: list[JsonValue] = [{"sku": "BUN", "quantity": quantity}]
    why = await till.refused("shop.order", {"lines": lines, "to_pay_at_most_minor": 9999})
    facts = why["facts"]
    assert isinstance(facts, dict)
    return why["code"], facts["skus"], facts["left"], facts["says"]


async def test_products_by_category_in_all_sizes(till: Till) -> None:
    tea = await shown(till)
    assert tea["categories"] == [
        {"id": "tea", "title": "Tea"},
        {"id": "bakery", "title": "Bakery"},
        {"id": "_", "title": "More"},
    ]
    assert tea["category"] == "tea"
    base = till.shop.public_url
    assert tea["products"] == [
        {
            "name": "Jasmine tea",
            "photo": f"{base}/tea.svg",
            "sizes": [
                {"sku": "TEA", "size": "12 oz", "price": price(350), "left": None, "can": True},
                {"sku": "TEA-L", "size": "16 oz", "price": price(450), "left": None, "can": True},
            ],
        }
    ]
    bakery = await shown(till, "bakery")
    assert [(one["name"], one["photo"]) for one in of(bakery)] == [
        ("Apple pie", None),
        ("Cinnamon bun", "https://img.example/bun.jpg"),
    ]
    assert [one["sizes"][0]["left"] for one in of(bakery)] == [None, 2]
    assert [one["name"] for one in of(await shown(till, "_"))] == ["Mug"], "what costs nothing is not sold"


async def test_a_page_ends_where_the_next_begins(till: Till) -> None:
    many = {f"P{number:03}": Product(f"P{number:03}", "Bun", "bakery", 100) for number in range(95)}
    till.shop = replace(till.shop, products=many)
    seen, after = [], ("", "")
    for _ in range(3):
        found = await shown(till, "bakery", after)
        seen += [one["sizes"][0]["sku"] for one in of(found)]
        following = found["next"]
        after = (str(following[0]), str(following[1])) if isinstance(following, list) else ("", "")
    assert (seen, after) == (sorted(many), ("", ""))


async def test_an_order_takes_what_is_left_and_puts_it_back(till: Till) -> None:
    assert await too_few(till, 3) == (
        "too_few",
        ["BUN"],
        2,
        "Cinnamon bun: 2 left. Take fewer; nothing was ordered.",
    )
    order_id = await order(till, 2, payment="pickup")
    assert await left(till) == 0
    assert of(await shown(till, "bakery"))[1]["sizes"][0]["can"] is False
    said = await till.database.query(
        lambda one: look_in(one, till.shop, till.contact_id, till.now, proposals)
    )
    assert (said["proposals"], said["gone"]) == ([], ["Cinnamon bun"])
    assert await order(till, 2, payment="pickup") == order_id, "the same tap again is the same order"
    assert await too_few(till, 1) == (
        "too_few",
        ["BUN"],
        0,
        "Cinnamon bun: sold out for now. Nothing was ordered.",
    )
    await till.ask("shop.cancel", {"order": order_id})
    await till.ask("shop.cancel", {"order": order_id})
    assert await left(till) == 2


async def test_what_waits_for_its_payment_keeps_what_is_left(till: Till) -> None:
    waiting = await order(till, 2, payment="wechat", payer=PAYER)
    assert await left(till) == 0
    # Who pays otherwise after all has it, though nothing is left beside.
    placed = await order(till, 2, payment="pickup", payer=PAYER)
    assert placed != waiting
    assert await left(till) == 0
    await till.ask("shop.cancel", {"order": placed})
    assert await left(till) == 2
    again = await order(till, 1, payment="wechat", payer=PAYER)
    sql = "SELECT p.id FROM payment p WHERE p.order_id = :order"
    ((payment,),) = await asked(till.database, sql, order=again)
    await till.ask("payment.closed", {"payment": payment})
    assert await left(till) == 2


def of(told: Told) -> list[dict[str, Any]]:
    found: Any = told["products"]
    assert isinstance(found, list)
    return found


def price(amount: int) -> Told:
    return {"minor": amount, "text": f"${amount / 100:.2f}"}
