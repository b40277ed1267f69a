"""Segment's e-commerce events, read as what our own operations understand."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.shop.checkout_asked import read
from bot.conversation.shop.orders_asked import CancelAsked, OrderAsked, RefundAsked
from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.loyalty.orders import priced
from bot.core.tracking.commerce import (
    Currencies,
    NotUnderstood,
    OrderTold,
    ProductTold,
    named_now,
    order_told,
    products_told,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHOP = Currencies("USD", {"USD": 2, "JPY": 0})

# https://segment.com/docs/connections/spec/ecommerce/v2/#order-completed
COMPLETED: dict[str, JsonValue] = {
    "checkout_id": "fksdjfsdjfisjf9sdfjsd9f",
    "order_id": "50314b8e9bcf000000000000",
    "affiliation": "Google Store",
    "total": 27.5,
    "subtotal": 22.5,
    "revenue": 25.0,
    "shipping": 3,
    "tax": 2,
    "discount": 2.5,
    "coupon": "hasbros",
    "currency": "USD",
    "products": [
        {
            "product_id": "507f1f77bcf86cd799439011",
            "sku": "45790-32",
            "name": "Monopoly: 3rd Edition",
            "price": 19,
            "quantity": 1,
            "category": "Games",
        },
        {
            "product_id": "505bd76785ebb509fc183733",
            "sku": "46493-32",
            "name": "Uno Card Game",
            "price": 3,
            "quantity": 2,
            "category": "Games",
        },
    ],
}


def told(event: str, properties: dict[str, JsonValue], message_id: str = "m1") -> OrderTold:
    found = order_told(event, properties, at=AT, message_id=message_id, currencies=SHOP)
    assert isinstance(found, OrderTold), found
    return found


def refused(event: str, properties: dict[str, JsonValue]) -> str:
    found = order_told(event, properties, at=AT, message_id="m1", currencies=SHOP)
    assert isinstance(found, NotUnderstood), found
    return found.reason


def sums(found: OrderTold) -> tuple[int, int, int, int, int]:
    """What the order comes to in our book: goods before discounts, discounts, shipping, tax, total."""
    asked = read(OrderAsked, found.body)
    assert asked.lines is not None
    lines = tuple(
        OrderLine(one.sku, one.name or "", one.quantity, one.unit_minor or 0, "", one.discount_minor or 0)
        for one in asked.lines
    )
    order = Order("o", "web", AT, lines, 0, shipping_minor=asked.shipping_minor, tax_minor=asked.tax_minor)
    order = priced(order, asked.discount_minor or 0)
    gross = sum(line.gross_minor for line in lines)
    return gross, order.discount_minor, order.shipping_minor, order.tax_minor, order.total_minor


def test_the_specifications_own_order() -> None:
    found = told("Order Completed", COMPLETED)
    assert found.operation == "order.report"
    assert found.reference == "50314b8e9bcf000000000000"
    assert sums(found) == (2500, 0, 300, 200, 3000)
    # Its own example does not add up: 27.50 is not 25 + 3 + 2.
    assert found.doubts == ("total: is not what goods, shipping and tax come to; those count",)
    asked = read(OrderAsked, found.body)
    assert (asked.status, asked.currency, asked.source) == ("paid", "USD", "Google Store")
    assert asked.facts == {
        "checkout_id": "fksdjfsdjfisjf9sdfjsd9f",
        "coupon": "hasbros",
        "affiliation": "Google Store",
    }
    assert asked.placed_at == asked.changed_at == AT
    assert found.products == (
        ProductTold("45790-32", "Monopoly: 3rd Edition", "Games", 1900),
        ProductTold("46493-32", "Uno Card Game", "Games", 300),
    )


def line(price: JsonValue, quantity: JsonValue = 1, sku: str = "A") -> dict[str, JsonValue]:
    return {"sku": sku, "price": price, "quantity": quantity}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        # Goods before discounts, discounts, shipping, tax, total.
        ({"products": [line(10)]}, (1000, 0, 0, 0, 1000)),
        ({"products": [line(10)], "discount": 2}, (1000, 200, 0, 0, 800)),
        ({"products": [line(10)], "revenue": 8, "discount": 2}, (1000, 200, 0, 0, 800)),
        ({"products": [line(10)], "subtotal": 8}, (1000, 200, 0, 0, 800)),
        ({"products": [line(10)], "total": 11.5, "shipping": 2, "tax": 1.5}, (1000, 200, 200, 150, 1150)),
        ({"products": [line(10)], "total": 12, "tax": 1}, (1100, 0, 0, 100, 1200)),
        # Shipping and tax in the revenue: what products say counts.
        ({"products": [line(10)], "revenue": 13, "shipping": 2, "tax": 1}, (1000, 0, 200, 100, 1300)),
        # Revenue and total alone: the rest is beside the goods.
        ({"products": [line(10)], "revenue": 10, "total": 13}, (1000, 0, 300, 0, 1300)),
        ({"products": [line(10)], "revenue": 10, "total": 13, "tax": 1}, (1000, 0, 200, 100, 1300)),
        # Products that are not named.
        ({"revenue": "25.00"}, (2500, 0, 0, 0, 2500)),
        ({"products": [], "total": 25}, (2500, 0, 0, 0, 2500)),
        ({"products": [line(10)], "revenue": 25}, (2500, 0, 0, 0, 2500)),
        # Prices that are not told are what is left, exactly.
        ({"products": [line(10), line(None, 3, "B")], "revenue": 20}, (2002, 2, 0, 0, 2000)),
        # Half a kilogram, a third of a dollar.
        ({"products": [line(3.99, 0.5)]}, (200, 0, 0, 0, 200)),
        ({"products": [line("0.333", 3)]}, (102, 2, 0, 0, 100)),
        # Nothing is nothing.
        ({"products": [line(10), line(5, 0, "B")]}, (1000, 0, 0, 0, 1000)),
        ({"products": [line(0)]}, (0, 0, 0, 0, 0)),
        ({"products": [line(100)], "currency": "jpy"}, (100, 0, 0, 0, 100)),
    ],
)
def test_sums(properties: dict[str, JsonValue], expected: tuple[int, int, int, int, int]) -> None:
    assert sums(told("Order Completed", {"order_id": 17, **properties})) == expected


def test_prices_that_only_our_catalogue_knows() -> None:
    body = told("Order Completed", {"order_id": "1", "products": [{"sku": "A", "quantity": 2}]}).body
    assert body["lines"] == [{"sku": "A", "quantity": 2}]


amounts = st.one_of(st.none(), st.integers(0, 10**6).map(lambda minor: minor / 100))
items = st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from("ABC"),
            "quantity": st.one_of(st.none(), st.integers(0, 9), st.floats(0.1, 9)),
        },
        optional={"price": st.one_of(st.none(), st.floats(0, 500), st.just("12.345"))},
    ),
    max_size=4,
)


@given(
    st.fixed_dictionaries(
        {"order_id": st.just("1")},
        optional={
            "products": items,
            **dict.fromkeys(("revenue", "subtotal", "total", "shipping", "tax", "discount"), amounts),
        },
    )
)
def test_whatever_the_sums_are_the_order_can_be_kept(properties: dict[str, JsonValue]) -> None:
    found = order_told("Order Completed", properties, at=AT, message_id="m", currencies=SHOP)
    if isinstance(found, OrderTold):
        asked = read(OrderAsked, found.body)
        if asked.lines and all(one.unit_minor is not None for one in asked.lines):
            gross, discount, shipping, tax, total = sums(found)
            assert total == gross - discount + shipping + tax
            revenue = properties.get("revenue")
            if isinstance(revenue, float) and not any("revenue" in doubt for doubt in found.doubts):
                assert gross - discount == round(revenue * 100)
    else:
        assert isinstance(found, NotUnderstood)
        assert found.reason == "sums"


def test_an_update_pays_nothing() -> None:
    assert told("Order Updated", COMPLETED).body["status"] == "placed"


def test_an_order_of_version_1() -> None:
    assert named_now("Completed Order") == "Order Completed"
    old: dict[str, JsonValue] = {
        "orderId": 7,
        "total": 30,
        "products": [{"id": 42, "name": "Tea", "price": "15.00", "quantity": 2}],
    }
    body = told("Completed Order", old).body
    assert body["order"] == "7"
    assert body["lines"] == [{"sku": "42", "quantity": 2, "name": "Tea", "unit_minor": 1500}]


def test_a_refund_of_everything() -> None:
    found = told("Order Refunded", {"order_id": "1"})
    assert found.operation == "order.refund"
    assert found.body == {"order": "1", "refund": "m1", "everything": True}
    assert read(RefundAsked, found.body).everything


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"total": 5}, {"amount_minor": 500}),
        ({"revenue": "5.00"}, {"amount_minor": 500}),
        ({"products": [line(10, 2)]}, {"lines": [{"sku": "A", "quantity": 2}]}),
        ({"products": [{"product_id": "A"}, line(10)]}, {"lines": [{"sku": "A", "quantity": 2}]}),
        # The cash is less than the products cost: it decides.
        ({"products": [line(10)], "total": 8}, {"lines": [{"sku": "A", "amount_minor": 800}]}),
        (
            {"products": [line(10), line(5, 1, "B")], "total": 9},
            {"lines": [{"sku": "A", "amount_minor": 600}, {"sku": "B", "amount_minor": 300}]},
        ),
        # With shipping it is more.
        ({"products": [line(10)], "total": 12}, {"lines": [{"sku": "A", "quantity": 1}]}),
        # What credit had paid comes back without cash.
        ({"products": [line(10)], "total": 0}, {"lines": [{"sku": "A", "quantity": 1}]}),
    ],
)
def test_a_refund_of_some(properties: dict[str, JsonValue], expected: dict[str, JsonValue]) -> None:
    found = told("Order Refunded", {"order_id": "1", **properties})
    assert found.body == {"order": "1", "refund": "m1", **expected}
    assert read(RefundAsked, found.body).refund == "m1"


def test_a_refund_with_an_id_of_its_own_is_the_same_by_whatever_message() -> None:
    refund: dict[str, JsonValue] = {"order_id": "1", "refund_id": "R-9", "total": 5}
    assert told("Order Refunded", refund, "m1").body == told("Order Refunded", refund, "m2").body


@pytest.mark.parametrize("event", ["Order Cancelled", "Order Canceled"])
def test_a_cancellation(event: str) -> None:
    found = told(event, {"order_id": 1.0, "total": "nonsense"})
    assert found.operation == "order.cancel"
    assert read(CancelAsked, found.body).order == "1"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({}, "no_order_id"),
        ({"order_id": True}, "no_order_id"),
        ({"order_id": "x" * 201}, "no_order_id"),
        ({"order_id": "1"}, "sums"),
        ({"order_id": "1", "total": 1, "shipping": 2}, "sums"),
        ({"order_id": "1", "revenue": "much"}, "amount"),
        ({"order_id": "1", "revenue": -5}, "amount"),
        ({"order_id": "1", "currency": "EUR", "revenue": 5}, "currency"),
        ({"order_id": "1", "products": "tea"}, "products"),
        ({"order_id": "1", "products": ["tea"]}, "products"),
        ({"order_id": "1", "products": [{"price": 5}]}, "products"),
        ({"order_id": "1", "products": [line({})]}, "amount"),
        ({"order_id": "1", "products": [line(1, 10**6)]}, "amount"),
        ({"order_id": "1", "products": [line(1)] * 501}, "too_many_products"),
        ({"order_id": "1", "products": [line(1)] * 500, "revenue": 999}, "too_many_products"),
    ],
)
def test_what_cannot_be_read_is_a_reason(properties: dict[str, JsonValue], reason: str) -> None:
    assert refused("Order Completed", properties) == reason


def test_a_refund_of_nothing_is_none() -> None:
    assert refused("Order Refunded", {"order_id": "1", "total": 0}) == "nothing_refunded"


def test_other_events_are_about_no_order() -> None:
    assert order_told("Page Viewed", COMPLETED, at=AT, message_id="m", currencies=SHOP) is None


def test_products_that_are_looked_at() -> None:
    # https://segment.com/docs/connections/spec/ecommerce/v2/#product-viewed
    viewed: dict[str, JsonValue] = {
        "product_id": "507f1f77bcf86cd799439011",
        "sku": "G-32",
        "category": "Games",
        "name": "Monopoly: 3rd Edition",
        "price": 18.99,
        "quantity": 1,
    }
    game = ProductTold("G-32", "Monopoly: 3rd Edition", "Games", 1899)
    assert products_told("Product Viewed", viewed, SHOP) == (game,)
    assert products_told("Viewed Product", viewed, SHOP) == (game,)
    assert products_told("Product List Viewed", {"products": [viewed]}, SHOP) == (game,)
    assert products_told("Product Viewed", {**viewed, "currency": "JPY"}, SHOP) == ()
    assert products_told("Product Viewed", {**viewed, "currency": "XXX"}, SHOP) == ()
    assert products_told("Product Viewed", {"name": "?"}, SHOP) == ()
    assert products_told("Order Completed", COMPLETED, SHOP) == ()
