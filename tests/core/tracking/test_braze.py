"""Braze's requests, as its REST clients send them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.in_app import APP
from bot.core.tracking.braze import NotUnderstood, Track, Who, read_identify, read_track, who_in
from bot.core.tracking.braze_sends import (
    Inline,
    Recipient,
    StatusAsked,
    people_in,
    read_canvas,
    read_send,
    read_status,
    read_statuses,
)
from bot.core.tracking.commerce import Currencies, OrderTold, order_told
from bot.core.tracking.commerce import NotUnderstood as WrongOrder
from bot.core.tracking.message import Kind

Json = dict[str, Any]
AT = datetime(2026, 11, 23, tzinfo=UTC)
ALIAS: Json = {"alias_name": "device123", "alias_label": "my_device_identifier"}


def says(track: Track) -> list[str]:
    return [one.says for one in track.complaints]


def test_whom_an_object_names() -> None:
    assert who_in({"external_id": "u1"}) == Who("external", "u1")
    assert who_in({"external_user_id": 17}) == Who("external", "17")
    assert who_in({"user_alias": ALIAS}) == Who("anonymous", "my_device_identifier:device123")
    assert who_in({"braze_id": "x", "user_alias": {"alias_name": "a"}}) is None
    assert who_in({"external_id": "null"}) is None
    assert who_in({"external_user_id": 0, "user_alias": ALIAS}) == who_in({"user_alias": ALIAS})


def test_attributes_are_traits() -> None:
    track = read_track(
        {
            "attributes": [
                {
                    "external_id": "u1",
                    "first_name": "Ana",
                    "dob": "1990-05-21",
                    "phone": "+12125550100",
                    "plan": None,
                    "_update_existing_only": True,
                    "email_subscribe": "opted_in",
                    "shoe_size": {"inc": 1},
                    "home": {"city": "Lima"},
                },
                {"braze_id": "b"},
                "odd",
            ]
        }
    )
    (item,) = track.items
    assert item.saying.kind is Kind.IDENTIFY
    assert item.saying.body["userId"] == "u1"
    assert item.only_known
    assert item.saying.body["traits"] == {
        "firstName": "Ana",
        "birthday": "1990-05-21",
        "phone": "+12125550100",
        "plan": None,
        "home": {"city": "Lima"},
    }
    # Said again it is no repetition: what was told in between counts until then.
    assert "messageId" not in item.saying.body
    nobody = "'external_id' or 'user_alias' is required"
    assert says(track) == [
        "'email_subscribe' is not an attribute: tell consent to /subscription/status/set",
        "'shoe_size': send the whole value; changes of a value are not taken",
        nobody,
        nobody,
    ]
    assert track.complaints[-1].to_json() == {"type": nobody, "input_array": "attributes", "index": 2}
    assert track.counts == {"attributes": 3, "events": 0, "purchases": 0}


def test_events_happen_once_and_twice_is_two() -> None:
    event: Json = {
        "user_alias": ALIAS,
        "name": "Watched",
        "time": "2026-11-23T10:20:30:450+01:00",
        "properties": {"n": 1},
    }
    track = read_track({"events": [event, event, {**event, "name": ""}, {"name": "x"}]})
    first, _ = track.items
    assert first.saying.body["event"] == "Watched"
    assert first.saying.body["anonymousId"] == "my_device_identifier:device123"
    assert first.saying.body["timestamp"] == "2026-11-23T10:20:30.450+01:00"
    ids = [item.saying.body["messageId"] for item in track.items]
    assert len(set(ids)) == 2
    assert [item.saying.body["messageId"] for item in read_track({"events": [event, event]}).items] == ids
    assert says(track) == ["'name' is required", "'external_id' or 'user_alias' is required"]


@pytest.mark.parametrize("time", ["yesterday", "2026-13-01T00:00:00Z", True, {}, 10**30])
def test_what_happened_at_no_time_is_refused_by_name(time: object) -> None:
    event: Json = {"external_id": "u1", "name": "Watched", "time": time}
    bought: Json = {"external_id": "u1", "product_id": "TEA", "price": 1, "currency": "USD", "time": time}
    track = read_track({"events": [{**event, "time": None}, event], "purchases": [bought]})
    says = "'time' must be ISO 8601, like 2026-11-23T10:00:00Z"
    assert [one.to_json() for one in track.complaints] == [
        {"type": says, "input_array": "events", "index": 1},
        {"type": says, "input_array": "purchases", "index": 0},
    ]
    assert track.processed(track.complaints) == {"events": 1, "purchases": 0}


def test_of_whom_an_attribute_is_refused_the_others_are_counted() -> None:
    person: Json = {"external_id": "u1", "plan": "pro", "email_subscribe": "opted_in", "n": {"inc": 1}}
    track = read_track({"attributes": [person, "odd"]})
    assert len(track.complaints) == 3
    assert track.processed(track.complaints) == {"attributes": 1}


def test_purchases_are_orders() -> None:
    tea: Json = {
        "external_id": "u1",
        "product_id": "TEA",
        "price": 4.5,
        "currency": "USD",
        "time": "2026-11-23T10:20:30Z",
    }
    of_one: Json = {"properties": {"order_id": "A-1", "name": "Tea"}}
    track = read_track(
        {
            "purchases": [
                {**tea, **of_one},
                {**tea, "product_id": "BUN", "quantity": 2, **of_one},
                tea,
                tea,
                {**tea, "product_id": ""},
            ]
        }
    )
    whole, one, another = (item.saying.body for item in track.items)
    assert whole["event"] == "Order Completed"
    assert whole["properties"] == {
        "order_id": "A-1",
        "name": "Tea",
        "currency": "USD",
        "products": [
            {"product_id": "TEA", "name": "Tea", "price": 4.5, "quantity": 1},
            {"product_id": "BUN", "name": "Tea", "price": 4.5, "quantity": 2},
        ],
    }
    orders: list[Any] = [body["properties"] for body in (one, another)]
    assert orders[0]["order_id"] != orders[1]["order_id"]
    assert says(track) == ["'product_id' is required"]
    again = read_track({"purchases": [tea, tea]})
    assert [item.saying.body["messageId"] for item in again.items] == [one["messageId"], another["messageId"]]


@pytest.mark.parametrize(
    "body", [{}, {"events": []}, {"events": {}}, {"events": [{"external_id": "u", "name": "x"}] * 76}]
)
def test_what_is_no_request(body: Mapping[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        read_track(body)


def test_an_alias_becomes_a_user() -> None:
    track = read_identify(
        {"aliases_to_identify": [{"external_id": "u1", "user_alias": ALIAS}, {"external_id": "u2"}, 7]}
    )
    (item,) = track.items
    assert item.saying.kind is Kind.IDENTIFY
    assert (item.saying.body["userId"], item.saying.body["anonymousId"]) == (
        "u1",
        "my_device_identifier:device123",
    )
    assert says(track) == ["'external_id' and 'user_alias' are required"] * 2
    odd_ones: list[Json] = [
        {},
        {"emails_to_identify": []},
        {"aliases_to_identify": [{"external_id": "u", "user_alias": ALIAS}] * 51},
    ]
    for odd in odd_ones:
        with pytest.raises(NotUnderstood):
            read_identify(odd)


def test_a_canvas_is_started_for_each() -> None:
    send = read_canvas(
        {
            "canvas_id": "welcome",
            "canvas_entry_properties": {"shop": "here", "size": 1},
            "recipients": [
                {"external_user_id": "u1", "canvas_entry_properties": {"size": 2}},
                {"user_alias": ALIAS, "send_to_existing_only": False, "trigger_properties": {"a": 1}},
            ],
        }
    )
    assert send.flow == "welcome"
    assert send.recipients == (
        Recipient(Who("external", "u1"), {"shop": "here", "size": 2}),
        Recipient(
            Who("anonymous", "my_device_identifier:device123"),
            {"shop": "here", "size": 1, "a": 1},
            only_known=False,
        ),
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"recipients": [{"external_user_id": "u"}]}, "'canvas_id' is required"),
        (
            {"canvas_id": "x", "broadcast": True},
            "'broadcast' is not taken here: start a flow on the audience",
        ),
        ({"canvas_id": "x", "audience": {"AND": []}}, "'audience' is not taken"),
        ({"canvas_id": "x"}, "'recipients' is required"),
        ({"canvas_id": "x", "recipients": [{"email": "a@b.c"}]}, "recipients[0]:"),
        ({"canvas_id": "x", "recipients": [{"external_user_id": "u"}] * 51}, "50 are the most"),
        ({"canvas_id": "x", "recipients": {}}, "must be an array"),
    ],
)
def test_what_is_no_canvas(body: Mapping[str, Any], says: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        read_canvas(body)
    assert says in str(caught.value)


def test_what_is_said_inline() -> None:
    send = read_send(
        {
            "external_user_ids": ["u1", "u2"],
            "messages": {
                "android_push": {
                    "title": "Tea time",
                    "alert": "Half price until five",
                    "custom_uri": "https://tea.example/x",
                },
                "apple_push": {
                    "alert": {"title": "Tea time", "body": "Half price until five"},
                    "custom_uri": "https://tea.example/x",
                    "extra": {"subscription_group_id": "offers"},
                },
                "sms": {"subscription_group_id": "offers", "body": "Half price until five"},
                "content_card": {"type": "CLASSIC", "title": "Hi", "description": "There"},
                "email": {"app_id": "a", "body": "<p>hi</p>"},
                "webhook": {},
                "web_push": {"alert": "Hello {{${first_name}}}"},
                "in_app_message": {"message": ""},
            },
        }
    )
    assert send.messages == (
        Inline("apple_push", APP, "Tea time\nHalf price until five\nhttps://tea.example/x", "offers"),
        Inline("content_card", APP, "Hi\nThere", None),
        Inline("sms", "sms", "Half price until five", "offers"),
    )
    assert {one.kind: one.reason.partition(":")[0].partition(",")[0] for one in send.unsent} == {
        "email": "letters are templates of flows",
        "webhook": "use a flow",
        "web_push": "texts that are filled in belong into a flow",
        "in_app_message": "it has no text",
    }
    assert [one.who.value for one in send.recipients] == ["u1", "u2"]


def test_a_campaign_may_be_a_flow() -> None:
    send = read_send({"campaign_id": "tea_time", "user_aliases": [ALIAS]})
    assert (send.flow, send.messages) == ("tea_time", ())
    with pytest.raises(NotUnderstood):
        read_send({"external_user_ids": ["u"]})
    with pytest.raises(NotUnderstood):
        read_send({"segment_id": "s", "messages": {"sms": {"body": "x"}}})


def test_states_of_groups() -> None:
    body: Json = {
        "subscription_group_id": "offers",
        "subscription_state": "subscribed",
        "phone": ["+12125550100"],
    }
    asked = StatusAsked("offers", is_subscribed=True, people=(("sms", "+12125550100"),))
    assert read_status(body) == asked
    assert read_status({**body, "external_id": "u1"}).people == (("external", "u1"), ("sms", "+12125550100"))
    (second,) = read_statuses({"subscription_groups": [{**body, "use_double_opt_in_logic": True}]})
    assert second.double_opt_in
    for wrong in (
        {**body, "subscription_group_id": ""},
        {**body, "subscription_state": "maybe"},
        {**body, "phone": []},
        {**body, "phone": [str(number) for number in range(51)]},
    ):
        with pytest.raises(NotUnderstood):
            read_status(wrong)
    odd_ones: list[Json] = [{}, {"subscription_groups": ["offers"]}, {"subscription_groups": {}}]
    for odd in odd_ones:
        with pytest.raises(NotUnderstood):
            read_statuses(odd)


def test_whom_a_query_names() -> None:
    assert people_in([("external_id[]", "u1"), ("phone", "+1"), ("subscription_group_id", "g")]) == (
        ("external", "u1"),
        ("sms", "+1"),
    )
    with pytest.raises(NotUnderstood):
        people_in([("limit", "5")])


def test_what_is_nested_too_deep_costs_itself_alone() -> None:
    deep: Json = {}
    for _ in range(300):
        deep = {"in": deep}
    event: Json = {"external_id": "u1", "name": "Tapped", "time": "2026-11-23T10:00:00Z"}
    bought: Json = {"external_id": "u1", "product_id": "TEA", "price": 5, "properties": deep}
    track = read_track({"events": [{**event, "properties": deep}, event], "purchases": [bought]})
    assert says(track) == ["too_deep", "too_deep"]
    assert [item.indexes for item in track.items] == [(1,)]


def sold(name: str, properties: Json) -> tuple[Any, Any, Any]:
    """What an event is in Segment's words, and its id."""
    event: Json = {"external_id": "bea", "name": name, "properties": properties}
    (item,) = read_track({"events": [event]}).items
    return item.saying.body["event"], item.saying.body["properties"], item.saying.body.get("messageId", "")


TEA: Json = {
    "product_id": "TEA",
    "product_name": "Sencha",
    "variant_id": "TEA-S",
    "quantity": 2,
    "price": 9.95,
}


# https://www.braze.com/docs/user_guide/data/activation/events/recommended_events/
def test_events_of_a_shop_are_orders_and_what_the_total_has_beyond_the_goods_is_shipping() -> None:
    placed = {
        "order_id": "B-1",
        "total_value": 23.9,
        "total_discounts": 1,
        "currency": "USD",
        "products": [TEA],
    }
    event, told, key = sold("ecommerce.order_placed", placed)
    assert (event, told["subtotal"], told["total"], told["discount"]) == ("Order Completed", "18.90", 23.9, 1)
    assert told["products"] == [
        {"product_id": "TEA", "name": "Sencha", "variant": "TEA-S", "quantity": 2, "price": 9.95}
    ]
    assert sold("ecommerce.order_placed", placed)[2] == key, "without a time, too: told again it is the same"
    order = order_told(event, told, at=AT, message_id=key, currencies=Currencies("USD", {"USD": 2}))
    assert isinstance(order, OrderTold)
    assert order.doubts == ()
    sums = {name: order.body[name] for name in ("discount_minor", "shipping_minor", "tax_minor")}
    assert sums == {"discount_minor": 100, "shipping_minor": 500, "tax_minor": 0}


@pytest.mark.parametrize(
    ("products", "total", "discount", "lines", "off", "shipping"),
    [
        ([TEA], 18.9, 1, 1990, 100, 0),
        ([TEA], 19.9, 1, 1990, 100, 0),  # told before what was taken off
        ([TEA, {"product_id": "POT"}], 30, None, 3000, 0, 0),  # the pot costs what the tea leaves
        ([], 12, None, 1200, 0, 0),
    ],
)
def test_sums_of_an_order(  # what is told, and what it comes to
    products: list[Json], total: float, discount: int | None, lines: int, off: int, shipping: int
) -> None:
    body: Json = {"order_id": "B-1", "total_value": total, "currency": "USD", "products": products}
    event, told, key = sold(
        "ecommerce.order_placed", body | ({"total_discounts": discount} if discount else {})
    )
    order = order_told(event, told, at=AT, message_id=key, currencies=Currencies("USD", {"USD": 2}))
    assert isinstance(order, OrderTold)
    listed: Any = order.body["lines"]
    assert sum(one["quantity"] * one["unit_minor"] for one in listed) == lines
    assert (order.body["discount_minor"], order.body["shipping_minor"]) == (off, shipping)


def test_what_is_free_costs_nothing() -> None:
    products = [TEA, {"product_id": "GIFT", "quantity": 1, "price": 0}]
    body: Json = {"order_id": "B-1", "total_value": 24.9, "currency": "USD", "products": products}
    event, told, key = sold("ecommerce.order_placed", body)
    order = order_told(event, told, at=AT, message_id=key, currencies=Currencies("USD", {"USD": 2}))
    assert isinstance(order, OrderTold)
    assert (order.body["shipping_minor"], order.doubts) == (500, ())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"price": "1e999999", "quantity": "1e999999"}, "products.0: '1e999999' is no amount"),
        ({"price": 1e308, "quantity": 1e308}, "products.0: 1e+308 is too much"),
    ],
)
def test_what_no_goods_cost_is_refused_as_any_wrong_amount(wrong: Json, says: str) -> None:
    body: Json = {"order_id": "B-1", "total_value": 10, "currency": "USD", "products": [TEA | wrong]}
    event, told, key = sold("ecommerce.order_placed", body)
    order = order_told(event, told, at=AT, message_id=key, currencies=Currencies("USD", {"USD": 2}))
    assert isinstance(order, WrongOrder)
    assert (order.reason, order.says.partition(";")[0]) == ("amount", says)


def test_what_is_given_back_canceled_or_looked_at() -> None:
    back = {"order_id": "B-1", "total_value": 9.95, "currency": "USD", "products": [TEA | {"quantity": 1}]}
    event, told, _ = sold("ecommerce.order_refunded", back)
    assert (event, told["total"]) == ("Order Refunded", 9.95)
    assert (
        sold("ecommerce.order_cancelled", {"order_id": "B-1", "cancel_reason": "x"})[0] == "Order Cancelled"
    )
    event, told, _ = sold("ecommerce.product_viewed", TEA | {"type": ["price_drop"]})
    assert (event, told["name"], told["price"]) == ("Product Viewed", "Sencha", 9.95)
    assert sold("ecommerce.cart_updated", {"cart_id": "c"})[0] == "ecommerce.cart_updated"
