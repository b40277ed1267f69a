"""Ordering at our pages, over both databases: prefilled, priced, placed once, paid, taken back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.conversation.looking import look_in
from bot.core.contact import JsonValue, Product
from bot.core.deeds.buying import Wanted
from bot.core.flow.reader import read
from bot.core.flow.shop_file import read_shop
from bot.core.pages.orders import proposals, quote
from bot.core.turn import Shop, Turn
from bot.storage import contacts
from bot.storage.driver import Connection, Database
from handlers.usual import usual
from tests.conversation.shop.till import Till, Told, shop_with
from tests.storage.scripted import asked, open_at
from tests.storage.scripted import contacts as strangers

PAYER = "wx01/o1"
PRODUCTS = {
    "TEA": Product("TEA", "Jasmine tea", "tea", 350, "jasmine", "12 oz"),
    "TEA-L": Product("TEA-L", "Large Jasmine tea", "tea", 450, "jasmine", "16 oz"),
    "BUN": Product("BUN", "Cinnamon bun", "bakery", 400),
}
PROGRAM = {
    "program": "Leaf Club",
    "currency": {"code": "USD"},
    "point_value": "0.01",
    "earning": {"rate": "5%"},
    "offers": {"tea20": {"title": {"en": "20% off tea"}, "percent": "20%", "category": "tea", "valid": "2d"}},
    "bundles": [{"id": "pair", "name": "Tea and bun", "items": ["TEA", "BUN"], "price": "6.00"}],
}
PLACES = """
places:
  old_town: {name: {en: Old Town, zh_Hans: 老城店}, address: 12 Mill Lane, hours: {daily: 8:00-18:00}}
  harbour: {name: Harbour, address: 3 Pier Street}
delivery: {fee: 4.00, free_from: 30.00, at_least: 7.00}
pay: [wechat, pickup]
at_least: 3.00
cancel_within: 2m
"""
Shown = Mapping[str, Any]
"""What a page shows, as it reads it."""
HOME: dict[str, JsonValue] = {"name": "Ana", "address": "5 Elm Street", "phone": "+12125550100"}


def shop(places: str = PLACES, products: Mapping[str, Product] = PRODUCTS) -> Shop:
    selling = read_shop(read(places, "flows/shop.yaml"), 2).selling()
    return replace(shop_with(PROGRAM), selling=selling, products=products)


def goods(*lines: tuple[str, int]) -> list[JsonValue]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in lines]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def till(database: Database) -> Till:
    """A member with 2.00 of credit."""
    return await Till.of_member(database, credit=200, shop=shop())


async def order(till: Till, *lines: tuple[str, int], key: str | None = None, **more: JsonValue) -> Shown:
    """Order for however much it costs; returns the order."""
    body: Told = {"lines": goods(*lines), "to_pay_at_most_minor": 10**9, **more}
    placed: Shown = (await ask(till, "shop.order", body, key=key))["order"]
    return placed


async def ask(till: Till, name: str, body: Told, key: str | None = None) -> Shown:
    return await till.ask(name, body, key=key)


async def refused(till: Till, name: str, body: Told) -> Shown:
    return await till.refused(name, body)


async def look(till: Till, ask: Callable[[Turn], Told]) -> Shown:
    """What a page shows."""

    async def work(connection: Connection) -> Shown:
        contact = await contacts.known(connection, till.contact_id)
        assert contact is not None
        return await look_in(connection, till.shop, contact.id, till.now, ask)

    return await till.database.query(work)


async def quoted(till: Till, *lines: tuple[str, int], **more: Any) -> Shown:  # noqa: ANN401  # as the page asks
    return await look(till, lambda turn: quote(turn, Wanted(lines, **more)))


def minor(told: Shown, *names: str) -> tuple[int, ...]:
    return tuple(told[name]["minor"] for name in names)


async def calls(till: Till) -> list[tuple[str, Shown]]:
    found = await asked(
        till.database,
        "SELECT kind, payload FROM call WHERE contact = :contact ORDER BY key",
        contact=till.contact_id,
    )
    return [(row[0], json.loads(row[1])) for row in found]


async def orders_of(till: Till) -> list[tuple[str, str]]:
    found = await asked(
        till.database,
        "SELECT id, status FROM shop_order WHERE contact = :contact ORDER BY placed_at, id",
        contact=till.contact_id,
    )
    return [(row[0], row[1]) for row in found]


# What a basket comes to


async def test_a_quote_says_all_that_can_be_chosen(till: Till) -> None:
    told = await quoted(till, ("TEA", 2))
    assert minor(told, "total", "discount", "credit", "to_pay", "earns") == (700, 0, 200, 500, 25)
    (line,) = told["lines"]
    assert (line["size"], line["unit"]) == ("12 oz", {"minor": 350, "text": "$3.50"})
    assert [one["size"] for one in line["sizes"]] == ["12 oz", "16 oz"]
    place = told["place"]
    assert (place["id"], place["kind"], place["name"], place["says"]) == (
        "old_town",
        "pickup",
        "Old Town",
        "Open until 6:00 PM.",
    )
    assert [one["id"] for one in told["places"]] == ["old_town", "harbour"]
    # There is no way to pay through WeChat outside of it.
    assert told["payments"] == [{"id": "pickup", "title": "When you pick it up"}]
    assert (told["payment"], told["says"]) == ("pickup", "Open until 6:00 PM.")


async def test_credit_can_be_kept_and_sizes_and_places_changed_by_another_quote(till: Till) -> None:
    assert minor(await quoted(till, ("TEA-L", 2), use_credit=False), "credit", "to_pay") == (0, 900)
    told = await quoted(till, ("TEA-L", 2), place="harbour", payer=PAYER)
    assert told["place"]["id"] == "harbour"
    assert [one["id"] for one in told["payments"]] == ["wechat", "pickup"]
    assert told["payment"] == "wechat"


async def test_what_is_missing_to_an_order_is_said(till: Till) -> None:
    till.shop = shop(PLACES.replace("at_least: 3.00", "at_least: 5.00"))
    told = await quoted(till, ("TEA", 1))
    assert told["says"] == "Orders start at $5.00 here: $1.50 to go."
    why = await refused(till, "shop.order", {"lines": goods(("TEA", 1)), "to_pay_at_most_minor": 999})
    assert why["code"] == "below_least"
    assert why["facts"]["says"] == told["says"]
    assert await orders_of(till) == []


async def test_a_bundle_costs_what_bundles_do_unless_offers_take_off_more(till: Till) -> None:
    told = await quoted(till, ("BUN", 1), ("TEA", 1), use_credit=False)
    assert minor(told, "total", "discount", "to_pay") == (750, 150, 600)
    placed = await order(till, ("BUN", 1), ("TEA", 1), payment="pickup")
    assert minor(placed, "total", "discount", "credit", "to_pay") == (750, 150, 200, 400)
    ((_, call),) = await calls(till)
    assert (call["bundle"], call["total_minor"], call["to_pay_minor"]) == ("pair", 600, 400)


# Placing


async def test_an_order_is_placed_with_place_payment_and_credit(till: Till) -> None:
    placed = await order(till, ("TEA", 2), place="harbour", payment="pickup")
    assert (placed["status"], placed["items"]) == ("placed", "2 x Jasmine tea")
    assert placed["says"] == "The shop has it. $5.00 to pay when you pick it up."
    assert minor(placed, "total", "discount", "credit", "to_pay", "refunded") == (700, 0, 200, 500, 0)
    assert placed["can"] == {"pay": False, "cancel": True, "reorder": True}
    ((kind, call),) = await calls(till)
    assert kind == "order.placed"
    assert (call["channel"], call["to_pay_minor"]) == ("app", 500)
    assert call["place"] == {
        "id": "harbour",
        "kind": "pickup",
        "name": "Harbour",
        "address": "3 Pier Street",
    }
    assert call["payment"] == {"by": "pickup", "is_paid": False}
    books = await till.books()
    assert books.wallet.available_minor == 0  # nobody has paid at the counter yet
    await ask(till, "order.report", {"order": placed["id"], "status": "paid"})
    books = await till.books()
    assert books.wallet.available_minor == 25  # five percent of what is paid in cash


async def test_the_last_place_and_payment_are_prefilled(till: Till) -> None:
    await order(till, ("TEA", 2), place="harbour", payment="pickup", payer=PAYER)
    till.wait(timedelta(days=1))
    told = await quoted(till, ("BUN", 1), payer=PAYER)
    assert (told["place"]["id"], told["payment"]) == ("harbour", "pickup")


async def test_it_is_brought_for_its_fee_and_the_address_is_kept_with_the_order(till: Till) -> None:
    placed = await order(till, ("TEA", 2), place=HOME, payment="pickup", use_credit=False)
    assert minor(placed, "total", "delivery", "to_pay") == (1100, 400, 1100)
    assert placed["says"] == "The shop has it. $11.00 to pay when it is brought."
    ((_, call),) = await calls(till)
    assert call["shipping_minor"] == 400
    where = call["place"]
    assert (where["kind"], where["address"], where["phone"]) == ("address", "5 Elm Street", "+12125550100")
    till.wait(timedelta(days=1))
    told = await quoted(till, ("TEA", 2))
    assert told["place"]["address"] == "5 Elm Street"
    assert minor(told, "total", "delivery") == (1100, 400)
    assert told["says"] == "$23.00 more, and it is brought for free."
    again = await order(till, ("TEA", 3), place=str(where["id"]), payment="pickup")
    assert again["place"]["phone"] == "+12125550100"


async def test_delivery_has_a_least_of_its_own(till: Till) -> None:
    body: Told = {"lines": goods(("BUN", 1)), "place": HOME, "to_pay_at_most_minor": 999}
    assert (await refused(till, "shop.order", body))["code"] == "below_least"


async def test_nothing_is_left_to_pay_where_credit_pays_it_all(till: Till) -> None:
    await till.grant(1000)
    placed = await order(till, ("TEA", 1), payer=PAYER)
    assert minor(placed, "credit", "to_pay") == (350, 0)
    assert placed["payment"] == {"id": "credit", "state": "paid", "says": "Paid with your credit"}
    assert placed["says"] == "The shop has it, all paid with your credit."
    ((_, call),) = await calls(till)
    assert call["payment"] == {"by": "credit", "is_paid": True}


async def test_never_more_is_paid_than_was_seen(till: Till) -> None:
    body: Told = {"lines": goods(("TEA", 2)), "payment": "pickup", "to_pay_at_most_minor": 499}
    why = await refused(till, "shop.order", body)
    facts = why["facts"]
    assert (why["status"], why["code"], facts["to_pay"]) == (409, "price_changed", 500)
    assert facts["says"] == "The price has changed: it would be $5.00 to pay now. Nothing was ordered."
    anew = facts["quote"]
    assert minor(anew, "total", "credit", "to_pay") == (700, 200, 500)
    assert (await till.books()).wallet.available_minor == 200
    assert await orders_of(till) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"place": "airport"}, "place_gone"),
        ({"payment": "wechat"}, "no_way_to_pay"),
        ({"lines": [{"sku": "GONE", "quantity": 1}]}, "gone"),
    ],
)
async def test_what_was_chosen_and_is_not_there_is_refused(till: Till, more: Told, code: str) -> None:
    body: Told = {"lines": goods(("TEA", 2)), "to_pay_at_most_minor": 999, **more}
    why = await refused(till, "shop.order", body)
    assert (why["status"], why["code"]) == (409, code)
    assert why["facts"]["says"]
    assert await orders_of(till) == []


async def test_the_same_product_twice_is_that_many_of_it(till: Till) -> None:
    placed = await order(till, ("TEA", 1), ("BUN", 1), ("TEA", 2), payment="pickup")
    assert [(one["sku"], one["quantity"]) for one in placed["lines"]] == [("TEA", 3), ("BUN", 1)]


async def test_a_shop_that_says_nothing_is_ordered_from_all_the_same(till: Till) -> None:
    till.shop = shop("places: {}\n")
    placed = await order(till, ("TEA", 1))
    assert (placed["place"], placed["payment"]["id"]) == (None, "pickup")


async def test_who_is_no_member_orders_without_credit(database: Database) -> None:
    (contact_id,) = await strangers(database)
    stranger = Till(database, contact_id, shop())
    placed = await order(stranger, ("TEA", 2), payment="pickup")
    assert minor(placed, "credit", "to_pay") == (0, 700)
    assert (await stranger.books()).wallet.available_minor == 0


# Taps and lost answers


async def test_two_taps_are_one_order(till: Till) -> None:
    first = await order(till, ("TEA", 2), ("BUN", 1), place="harbour", payment="pickup")
    till.wait(timedelta(seconds=20))
    again = await order(till, ("BUN", 1), ("TEA", 2), place="harbour", payment="pickup")
    assert again["id"] == first["id"]
    assert (await till.books()).wallet.available_minor == 0, "the credit was spent once, and nothing earned"
    till.wait(timedelta(minutes=2))
    third = await order(till, ("TEA", 2), ("BUN", 1), place="harbour", payment="pickup")
    assert third["id"] != first["id"], "after a while it is wanted again"


@pytest.mark.parametrize(
    "more",
    [
        {"place": "old_town"},
        {"lines": goods(("TEA", 3))},
        {"lines": goods(("TEA-L", 2))},
        {"place": HOME},
        {"use_credit": False},
    ],
)
async def test_another_wish_is_another_order(till: Till, more: Told) -> None:
    body: Told = {
        "lines": goods(("TEA", 2)),
        "place": "harbour",
        "payment": "pickup",
        "to_pay_at_most_minor": 10**6,
    }
    await ask(till, "shop.order", body)
    await ask(till, "shop.order", {**body, **more})
    assert len(await orders_of(till)) == 2


async def test_what_was_canceled_is_ordered_anew(till: Till) -> None:
    first = await order(till, ("TEA", 2), payment="pickup")
    await ask(till, "shop.cancel", {"order": first["id"]})
    second = await order(till, ("TEA", 2), payment="pickup")
    assert second["id"] != first["id"]
    assert minor(second, "credit") == (200,), "what the first one took came back"


async def test_two_hundred_taps_at_one_moment_are_one_order(till: Till) -> None:
    body: Told = {"lines": goods(("TEA", 2)), "payment": "pickup", "to_pay_at_most_minor": 500}
    told = await asyncio.gather(*(ask(till, "shop.order", body) for _ in range(200)))
    ids = {one["order"]["id"] for one in told}
    assert len(ids) == 1
    assert await orders_of(till) == [(ids.pop(), "placed")]
    books = await till.books()
    assert (books.wallet.available_minor, len(await calls(till))) == (0, 1)


# Taking back


async def test_an_order_is_taken_back_within_its_time_and_the_shop_is_told(till: Till) -> None:
    placed = await order(till, ("TEA", 2), payment="pickup")
    till.wait(timedelta(minutes=2))
    told = await ask(till, "shop.cancel", {"order": placed["id"]})
    canceled = told["order"]
    assert (canceled["status"], canceled["says"]) == ("canceled", "Canceled: nothing was bought.")
    assert canceled["can"] == {"pay": False, "cancel": False, "reorder": True}
    assert [kind for kind, _ in await calls(till)] == ["order.placed", "order.canceled"]
    assert (await till.books()).wallet.available_minor == 200


async def test_after_its_time_only_the_shop_cancels(till: Till) -> None:
    placed = await order(till, ("TEA", 2), payment="pickup")
    till.wait(timedelta(minutes=2, seconds=1))
    why = await refused(till, "shop.cancel", {"order": placed["id"]})
    assert why["code"] == "too_late"
    till.shop = shop(PLACES.replace("cancel_within: 2m\n", ""))
    assert (await refused(till, "shop.cancel", {"order": placed["id"]}))["code"] == "too_late"


async def test_nobody_takes_back_what_is_not_theirs(database: Database, till: Till) -> None:
    placed = await order(till, ("TEA", 2), payment="pickup")
    other = await Till.of_member(database, shop=shop())
    assert (await refused(other, "shop.cancel", {"order": placed["id"]}))["status"] == 404


# Through WeChat Pay


async def payments(till: Till) -> list[tuple[str, str, int]]:
    found = await asked(
        till.database,
        "SELECT id, state, amount_minor FROM payment WHERE contact = :contact ORDER BY id",
        contact=till.contact_id,
    )
    return [(row[0], row[1], row[2]) for row in found]


async def paid(till: Till, payment_id: str, amount: int) -> Told:
    body: Told = {
        "payment": payment_id,
        "transaction_id": "420000",
        "paid_minor": amount,
        "currency": "USD",
        "paid_at": till.now.isoformat(),
    }
    return await ask(till, "payment.succeeded", body)


async def test_an_order_waits_for_its_payment_with_all_it_takes_set_aside(till: Till) -> None:
    placed = await order(till, ("TEA", 2), payment="wechat", payer=PAYER)
    assert (placed["status"], placed["says"]) == ("waiting", "Waiting for your payment of $5.00.")
    assert minor(placed, "total", "credit", "to_pay") == (700, 200, 500)
    assert placed["can"] == {"pay": True, "cancel": True, "reorder": True}
    assert placed["payment"] == {"id": "wechat", "state": "waiting", "says": "Not paid yet"}
    wallet = (await till.books()).wallet
    assert (wallet.available_minor, wallet.held_minor) == (0, 200)
    ((payment, state, amount),) = await payments(till)
    assert (state, amount, await calls(till)) == ("new", 500, [])
    await paid(till, payment, 500)
    wallet = (await till.books()).wallet
    assert (wallet.available_minor, wallet.held_minor) == (25, 0)
    ((kind, call),) = await calls(till)
    assert (kind, call["status"], call["credit_minor"]) == ("order.placed", "paid", 200)
    assert call["place"]["id"] == "old_town"


async def test_taps_on_paying_are_one_order_and_one_payment(till: Till) -> None:
    body: Told = {
        "lines": goods(("TEA", 2)),
        "payment": "wechat",
        "payer": PAYER,
        "to_pay_at_most_minor": 500,
    }
    told = await asyncio.gather(*(ask(till, "shop.order", body) for _ in range(20)))
    assert len({one["order"]["id"] for one in told}) == 1
    till.wait(timedelta(minutes=20))
    later = await ask(till, "shop.order", body)
    assert later["order"]["id"] == told[0]["order"]["id"]
    assert len(await payments(till)) == 1


async def test_who_pays_otherwise_after_all_replaces_what_waits(till: Till) -> None:
    waiting = await order(till, ("TEA", 2), payment="wechat", payer=PAYER)
    placed = await order(till, ("TEA", 2), payment="pickup", payer=PAYER)
    assert minor(placed, "credit", "to_pay") == (200, 500), "what the first one held is free for the second"
    assert {*await orders_of(till)} == {(waiting["id"], "canceled"), (placed["id"], "placed")}
    assert [kind for kind, _ in await calls(till)] == ["order.placed"]


async def test_a_waiting_order_is_given_up_without_a_word_to_the_shop(till: Till) -> None:
    waiting = await order(till, ("TEA", 2), payment="wechat", payer=PAYER)
    till.wait(timedelta(minutes=10))
    told = await ask(till, "shop.cancel", {"order": waiting["id"]})
    assert told["order"]["status"] == "canceled"
    assert await calls(till) == []
    wallet = (await till.books()).wallet
    assert (wallet.available_minor, wallet.held_minor) == (200, 0)


async def test_the_shop_can_cancel_what_waits_by_our_own_id_of_it(till: Till) -> None:
    waiting = await order(till, ("TEA", 2), payment="wechat", payer=PAYER)
    told = await ask(till, "order.cancel", {"order": waiting["id"]})
    assert told["status"] == "canceled"
    assert (await till.books()).wallet.available_minor == 200


# Again


async def test_what_was_ordered_is_proposed_again_at_the_prices_of_now(till: Till) -> None:
    first = await order(till, ("TEA", 2), place="harbour", payment="pickup")
    till.wait(timedelta(days=1))
    till.shop = shop(products={**PRODUCTS, "TEA": replace(PRODUCTS["TEA"], price_minor=400)})
    told = await look(till, proposals)
    (one,) = told["proposals"]
    assert (one["from_order"], one["place"]["id"]) == (first["id"], "harbour")
    assert minor(one, "total") == (800,)
    till.shop = shop(products={"BUN": PRODUCTS["BUN"]})
    assert await look(till, proposals) == {"proposals": [], "gone": ["Jasmine tea"]}


async def test_an_order_that_is_named_comes_first(till: Till) -> None:
    first = await order(till, ("BUN", 1), payment="pickup")
    till.wait(timedelta(days=1))
    await order(till, ("TEA", 1), payment="pickup")
    told = await look(till, lambda turn: proposals(turn, str(first["id"])))
    found = told["proposals"]
    assert [one["lines"][0]["sku"] for one in found] == ["BUN", "TEA"]


async def test_a_text_costs_what_the_page_does(till: Till) -> None:
    """Reordered by text it goes to the last place, for the same fee, with the same bundle and credit."""
    await order(till, ("TEA", 2), place=HOME, payment="pickup")
    till.wait(timedelta(days=1))
    by_text = await look(till, lambda turn: usual(turn) or {})
    last = by_text["last"]
    on_page = await quoted(till, ("TEA", 2))
    assert (last["total"] - last["credit"], last["to_pay"]) == minor(on_page, "to_pay", "to_pay")
    assert last["items"] == "2 x Jasmine tea, Delivery (5 Elm Street)"


async def test_a_paid_order_that_is_taken_back_gives_cash_and_credit_back(till: Till) -> None:
    waiting = await order(till, ("TEA", 2), payment="wechat", payer=PAYER)
    ((payment, _, _),) = await payments(till)
    await paid(till, payment, 500)
    canceled = (await ask(till, "shop.cancel", {"order": waiting["id"]}))["order"]
    assert (canceled["status"], canceled["payment"]["state"]) == ("canceled", "refunding")
    assert canceled["payment"]["says"] == "$5.00 on its way back to you"
    assert [kind for kind, _ in await calls(till)] == ["order.placed", "order.canceled"]
    assert (await till.books()).wallet.available_minor == 200
    found = await asked(till.database, "SELECT amount_minor, state FROM payment_refund")
    assert [tuple(row) for row in found] == [(500, "new")]


async def test_what_is_paid_after_it_was_given_up_goes_back(till: Till) -> None:
    waiting = await order(till, ("TEA", 2), payment="wechat", payer=PAYER)
    ((payment, _, _),) = await payments(till)
    await ask(till, "shop.cancel", {"order": waiting["id"]})
    await paid(till, payment, 500)
    assert await orders_of(till) == [(waiting["id"], "canceled")]
    assert await calls(till) == []
    found = await asked(till.database, "SELECT amount_minor, cause FROM payment_refund")
    assert [tuple(row) for row in found] == [(500, "late")]
    assert (await till.books()).wallet.available_minor == 200
