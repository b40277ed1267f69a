"""Orders told by events: whoever tells what came back of them, and in whichever order."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation.shop.desk import REFUND, Desk
from bot.core.contact import JsonValue, Product
from bot.core.ids import instant
from bot.core.tracking.message import Tracked
from tests.conversation.chat import Chat, chatting, shipped
from tests.conversation.tracking.telling import BROWSER, SERVER, message, tracker_of

LINES: list[object] = [{"sku": "LATTE", "price": 5.5, "quantity": 2}, {"sku": "BUN", "price": 4}]
LATTE = [{"sku": "LATTE", "quantity": 1}]


def completed(message_id: str = "m1", user: str = "u1") -> Tracked:
    properties = {"order_id": "A-1", "revenue": 15, "products": LINES}
    return message(message_id, user=user, event="Order Completed", properties=properties)  # type: ignore[arg-type]  # JSON


def refunded(message_id: str, user: str = "u1") -> Tracked:
    properties = {"order_id": "A-1", "products": LATTE}
    return message(message_id, user=user, event="Order Refunded", properties=properties)  # type: ignore[arg-type]  # JSON


async def tell(chat: Chat, messages: Sequence[Tracked]) -> None:
    for one in messages:
        await tracker_of(chat).take([one], SERVER)
        await chat.strike()


async def returned(chat: Chat) -> list[tuple[object, ...]]:
    return await chat.rows(
        "SELECT o.reference, o.status, l.sku, l.returned_quantity FROM shop_order o"
        " JOIN order_line l ON l.bucket = o.bucket AND l.shop_order = o.id ORDER BY l.sku"
    )


async def test_no_public_key_uses_up_the_id_of_an_order(chat: Chat) -> None:
    for key in ("m1", "~trusted/m1"):
        squatter = message(key, anonymous="squatter", event="Tea Steeped")
        await tracker_of(chat).take([squatter], BROWSER)
    await tell(chat, [completed("m1"), completed("m1")])
    assert await chat.rows("SELECT reference FROM shop_order") == [("A-1",)]


async def test_no_public_key_uses_up_the_id_of_a_number(chat: Chat) -> None:
    await tracker_of(chat).take([message("m1", anonymous="squatter", event="Tea Steeped")], BROWSER)
    await tracker_of(chat).take([message("m1", user="u1", traits={"phone": "+12125550100"})], SERVER)
    await chat.strike()
    assert await chat.rows("SELECT value FROM address WHERE channel = 'sms'") == [("+12125550100",)]


async def test_what_the_shop_tells_its_api_of_an_order_by_an_event(chat: Chat) -> None:
    await tell(chat, [completed()])
    desk = Desk(chat.app.database, chat.app.dispatcher)
    body = {"order": "A-1", "lines": [{"sku": "LATTE", "quantity": 1}]}
    done = await desk.give_back(REFUND, body, key="k1", at=chat.clock())  # type: ignore[arg-type]  # JSON
    assert done.outcome == REFUND, "the order is known, so nothing waits for it"
    assert await returned(chat) == [("A-1", "paid", "BUN", 0), ("A-1", "paid", "LATTE", 1)]


async def test_a_refund_is_the_orders_whoever_is_said_to_have_done_it(chat: Chat) -> None:
    await tell(chat, [completed(), refunded("m2", user="the back office")])
    assert await returned(chat) == [("A-1", "paid", "BUN", 0), ("A-1", "paid", "LATTE", 1)]


@pytest.mark.parametrize("seed", range(4))
async def test_refunds_add_up_late_doubled_and_in_any_order(chat: Chat, seed: int) -> None:
    told = [completed(), refunded("m2"), refunded("m3", user="the back office"), refunded("m2"), completed()]
    random.Random(seed).shuffle(told)
    await tell(chat, told)
    assert await returned(chat) == [("A-1", "paid", "BUN", 0), ("A-1", "paid", "LATTE", 2)]


async def test_all_of_it_at_once(chat: Chat) -> None:
    await tracker_of(chat).take([refunded("m3"), completed(), refunded("m2")], SERVER)
    await chat.strike()
    assert await returned(chat) == [("A-1", "paid", "BUN", 0), ("A-1", "paid", "LATTE", 2)]


async def test_products_that_nobody_told_of_join_the_catalogue(chat: Chat) -> None:
    viewed: dict[str, JsonValue] = {"sku": "SENCHA", "name": "Sencha", "category": "tea", "price": 4.5}
    one = message("m1", user="u1", event="Product Viewed", properties=viewed)
    await tracker_of(chat).take([replace(one, message_id="m0")], BROWSER)
    await chat.strike()
    assert "SENCHA" not in chat.app.decisions.shop.products, "a public key does not say what things cost"
    bought: dict[str, JsonValue] = {
        "order_id": "A-2",
        "products": [
            {"sku": "BUN", "name": "Bun of the day", "price": 1},
            {"sku": "MUG", "name": "Mug", "price": "12.00"},
        ],
    }
    order = message("m2", user="u1", event="Order Completed", properties=bought)
    await tracker_of(chat).take([one, order], SERVER)
    await chat.strike()
    known = chat.app.decisions.shop.products
    assert known["SENCHA"] == Product("SENCHA", "Sencha", "tea", 450)
    assert known["MUG"] == Product("MUG", "Mug", "", 1200)
    assert known["BUN"].name != "Bun of the day", "what the shop put stays"
    assert known["BUN"].price_minor == 400


THANKS = """
flow: thanks
title: Thank for an order
group: loyalty
start: [{event: Order Completed}]
steps: [{say: Thank you!}]
"""


async def test_an_order_told_late_counts_when_it_was_and_starts_nothing(
    database_url: str, tmp_path: Path
) -> None:
    files = shipped(tmp_path, "program", "keywords", "policy", "loyalty", thanks=THANKS)
    async with chatting(database_url, flows=files) as chat:
        await chat("LOYALTY")
        await chat("skip")
        await chat("skip")
        await tell(chat, [message("m0", user="u1", traits={"phone": chat.number})])
        chat.news()
        ago = timedelta(days=3)
        await tell(chat, [replace(completed(), at=chat.clock() - ago)])
        assert chat.news() == []
        ((at,),) = await chat.rows("SELECT at FROM event WHERE name = 'Order Completed'")
        assert chat.clock() - instant(at) >= ago
        assert (await chat.wallet())[0] > 0, "what it earns is theirs all the same"
        again = message(
            "m9",
            user="u1",
            event="Order Completed",
            properties={"order_id": "A-2", "revenue": 5},
            now=chat.clock(),
        )
        await tell(chat, [again])
        assert chat.news() == ["Thank you!"]


async def test_orders_of_the_past_are_imported_as_orders(chat: Chat) -> None:
    taken = await tracker_of(chat).take([replace(completed(), is_history=True)], SERVER)
    assert taken.accepted == 0
    (reason,) = taken.refused
    assert "regulars import orders" in reason
