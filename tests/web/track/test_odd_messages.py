"""Whatever comes in as JSON is taken or refused, on both databases; it never fails."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation.tracking.tracker import BROKEN
from bot.storage import tally
from bot.storage.driver import Statement
from tests.web.track.conftest import KEY, Shop, tracking

CALLS = ("track", "identify", "page", "screen", "group", "alias")
ODD = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud83d",
    "😀",
    "'\"\\",
    "🏳️‍🌈" * 60,
    "%s",
    "\u202e",
    "x" * 3_000,
    "NaN",
    "9" * 400,
)
texts = st.sampled_from(ODD) | st.text(max_size=8)
numbers = (
    st.integers()
    | st.sampled_from([2**53 + 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**70), 10**40])
    | st.floats(allow_nan=True, allow_infinity=True)
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
people = st.sampled_from(["ana", "ben", "a-1", "a-2", 7, None]) | anything
names = st.sampled_from(
    [
        "Tea Brewed",
        "Order Completed",
        "Order Refunded",
        "Session Started",
        "Product Viewed",
        "Completed Order",
    ]
)
products = st.fixed_dictionaries({}, optional={"sku": anything, "price": anything, "quantity": anything})
orders = st.fixed_dictionaries(
    {},
    optional={
        "order_id": anything,
        "revenue": anything,
        "total": anything,
        "currency": anything,
        "products": st.lists(products, max_size=2) | anything,
    },
)
traits = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("phone", "email", "firstName", "birthday", "plan", "locale", "timezone"), anything
    ),
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(CALLS) | anything},
    optional={
        "userId": people,
        "anonymousId": people,
        "messageId": anything,
        "event": names | anything,
        "properties": orders | anything,
        "traits": traits | anything,
        "groupId": people,
        "previousId": people,
        "name": anything,
        "category": anything,
        "context": anything,
        "integrations": anything,
        "timestamp": anything | st.datetimes().map(str),
        "sentAt": anything | st.datetimes().map(str),
        "originalTimestamp": anything,
        "receivedAt": anything,
    },
)


@pytest.fixture
async def real(database_url: str) -> AsyncIterator[Shop]:
    """A server whose tracker is the application's own."""
    async with tracking(database_url, is_real=True) as shop:
        await shop.source("backend", key=KEY, quota=1_000_000)
        yield shop


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(batch=st.lists(messages, min_size=1, max_size=20))
async def test_no_batch_fails(real: Shop, batch: list[Any]) -> None:
    # As JavaScript and Python write it: half an emoji escaped, NaN as it is.
    data = json.dumps({"batch": batch}).encode()
    answer = await real("/v1/batch", data=data)
    assert answer.status == 200, answer.body
    await real.app.tally.flush(real.app.database)
    counted = await real.app.database.query(tally.read)
    broken = [label for name, label in counted if name == "source" and label.endswith(BROKEN)]
    assert broken == [], batch


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(call=st.sampled_from(CALLS), body=messages | anything)
async def test_no_call_fails(real: Shop, call: str, body: Any) -> None:  # noqa: ANN401  # JSON
    answer = await real(f"/v1/{call}", data=json.dumps(body).encode())
    assert answer.status in {200, 400}, answer.body


async def test_what_is_odd_is_in_the_books_as_it_can_be(real: Shop) -> None:
    properties = {"a\x00b": "c\x00d", "half": "\ud83d", "large": 2**70, "none": float("nan"), "flag": "🏳️‍🌈"}
    track = {"type": "track", "userId": "odd", "event": "Odd Told", "properties": properties}
    answer = await real("/v1/batch", data=json.dumps({"batch": [track]}).encode())
    assert answer.status == 200
    found = Statement("SELECT properties FROM event WHERE name = 'Odd Told'")
    ((kept,),) = await real.app.database.query(lambda c: c.read(found))
    assert json.loads(kept) == {
        "ab": "cd",
        "half": "\N{REPLACEMENT CHARACTER}",
        "large": float(2**70),
        "none": None,
        "flag": "🏳️‍🌈",
    }
