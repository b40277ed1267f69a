"""Whatever anybody sends to the addresses of other systems, it is understood or it is a complaint."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import JsonValue
from bot.core.tracking import braze, leanplum
from bot.core.tracking.braze_sends import people_in, read_canvas, read_send, read_status, read_statuses
from bot.core.tracking.commerce import Currencies, NotUnderstood, OrderTold, order_told, products_told
from bot.core.tracking.message import Json
from bot.core.tracking.reading import Posted, read_call

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
POSTED = Posted(AT, "source", lambda: "minted")
SHOP = Currencies("USD", {"USD": 2})

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


def likely(*names: str) -> st.SearchStrategy[dict[str, JsonValue]]:
    """Objects with some of these fields, and anything in them."""
    return st.dictionaries(st.sampled_from(names), values, max_size=len(names))


whom = ("external_id", "user_alias", "external_user_id", "alias_name")
told = likely(*whom, "name", "time", "properties", "product_id", "price", "currency", "_update_existing_only")
bodies = likely(
    "attributes", "events", "purchases", "recipients", "messages", "canvas_id"
) | st.fixed_dictionaries(
    {},
    optional={
        "events": st.lists(told, max_size=3),
        "attributes": st.lists(told, max_size=3),
        "purchases": st.lists(told, max_size=3),
        "aliases_to_identify": st.lists(told, max_size=3),
        "canvas_id": st.just("x"),
        "recipients": st.lists(told, max_size=3),
        "external_user_ids": st.lists(scalars, max_size=3),
        "messages": st.dictionaries(
            st.sampled_from(("sms", "apple_push", "email", "other")),
            likely("alert", "body", "title", "extra", "custom_uri", "subscription_group_id"),
        ),
        "subscription_group_id": st.just("g"),
        "subscription_state": st.just("subscribed"),
        "phone": values,
        "subscription_groups": st.lists(told, max_size=2),
    },
)
action = likely("action", "event", "value", "params", "time", "deviceId", "userId", "userAttributes", "state")
named = st.sampled_from(
    ("start", "track", "advance", "setUserAttributes", "getVars", "resumeSession", "stop")
)
actions = st.builds(lambda one, name: {**one, "action": name}, action, named) | action


def _is_read(sayings: list[tuple[object, Json]]) -> None:
    for kind, body in sayings:
        read_call(kind, body, POSTED)  # type: ignore[arg-type]  # it is one


@given(bodies)
def test_bodies_of_braze(body: Mapping[str, JsonValue]) -> None:
    for read in (braze.read_track, braze.read_identify):
        with contextlib.suppress(braze.NotUnderstood):
            track = read(body)
            _is_read([(item.saying.kind, item.saying.body) for item in track.items])
            orjson.dumps([one.to_json() for one in track.complaints])
    for ask in (read_canvas, read_send, read_status, read_statuses):
        with contextlib.suppress(braze.NotUnderstood):
            ask(body)


@given(
    st.lists(st.tuples(st.sampled_from(("external_id", "phone[]", "email", "limit")), st.text(max_size=5)))
)
def test_queries_of_braze(query: list[tuple[str, str]]) -> None:
    with contextlib.suppress(braze.NotUnderstood):
        assert people_in(query)


@given(
    st.lists(actions, max_size=4),
    st.dictionaries(st.sampled_from(("action", "time", "deviceId")), st.text(max_size=6)),
)
def test_requests_of_leanplum(listed: list[JsonValue], query: dict[str, str]) -> None:
    with contextlib.suppress(leanplum.NotUnderstood):
        request = leanplum.read_request({"action": "multi", **query}, orjson.dumps({"data": listed}))
        meant = leanplum.meanings(request)
        assert len(meant) == len(request.actions)
        _is_read([(saying.kind, saying.body) for one in meant for saying in one.sayings])


@given(st.binary(max_size=60))
def test_bodies_that_are_anything(body: bytes) -> None:
    with contextlib.suppress(leanplum.NotUnderstood):
        leanplum.meanings(leanplum.read_request({"action": "track"}, body))


of_orders = st.sampled_from(
    ("Order Completed", "Order Refunded", "Order Cancelled", "Order Updated", "Product Viewed")
)
sold = likely("sku", "product_id", "name", "price", "quantity", "category")


@given(
    of_orders,
    likely("order_id", "total", "revenue", "tax", "shipping", "discount", "currency", "products", "coupon")
    | st.fixed_dictionaries({"order_id": st.just(1), "products": st.lists(sold, max_size=3)}),
)
def test_events_of_orders(event: str, properties: dict[str, JsonValue]) -> None:
    found = order_told(event, properties, at=AT, message_id="m", currencies=SHOP)
    assert found is None or isinstance(found, OrderTold | NotUnderstood)
    products_told(event, properties, SHOP)
