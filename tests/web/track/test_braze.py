"""Braze's addresses: whom they let in, what they refuse, and that what is sent once starts once."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.core.sources import SourceKind
from tests.conversation.chat import Chat, chatting, shipped
from tests.web.track.conftest import Answered, Shop

REST = "a-rest-key-of-the-tests"
EVENT = {"external_id": "u1", "name": "Tapped", "time": "2026-11-23T10:00:00Z"}
FLOW = """
flow: restocked
title: Tell who asked that it is back
group: loyalty
reentry: always
start:
  - api: [product]
    called: canvas-1
steps:
  - say: "{{ product }} is back."
"""


async def asked(  # what a request is made of
    shop: Shop,
    path: str,
    body: object = None,
    *,
    key: str | None = REST,
    method: str = "POST",
    data: bytes | None = None,
) -> Answered:
    """Ask as Braze's clients do."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return await shop(path, body, data=data, method=method, key=None, headers=headers)


@pytest.fixture
async def braze(shop: Shop) -> Shop:
    """A server that a shop has moved to with its key."""
    await shop.source("braze", SourceKind.BRAZE, key=REST)
    return shop


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop with a flow that may be started from outside, and somebody known there as u1."""
    files = shipped(tmp_path, "program", "keywords", "policy", "loyalty", restocked=FLOW)
    async with chatting(database_url, flows=files) as chat:
        await chat("LOYALTY")
        await chat("skip")
        await chat("skip")
        await chat.strike()
        chat.news()
        yield chat


async def test_what_was_sent_is_counted_and_what_was_not_is_named(braze: Shop) -> None:
    braze.tracker.unwanted = frozenset({"Unwanted"})
    events = [EVENT, {**EVENT, "name": "Unwanted"}, {**EVENT, "name": "x" * 300}]
    answer = await asked(braze, "/users/track", {"events": events})
    assert answer.status == 201
    assert answer.told == {
        "message": "success",
        "events_processed": 1,
        "errors": [
            {"type": "event_too_long", "input_array": "events", "index": 2},
            {"type": "unwanted", "input_array": "events", "index": 1},
        ],
    }
    assert [one.event for one in braze.tracker.messages] == ["Tapped"]


async def test_purchases_of_an_order_that_is_refused_are_named_and_not_counted(braze: Shop) -> None:
    braze.tracker.unwanted = frozenset({"Order Completed"})
    bought = {
        "external_id": "u1",
        "product_id": "TEA",
        "currency": "USD",
        "price": 4.5,
        "time": EVENT["time"],
    }
    of_one = {**bought, "properties": {"order_id": "A-1"}}
    answer = await asked(braze, "/users/track", {"events": [EVENT], "purchases": [of_one, of_one]})
    assert answer.told == {
        "message": "success",
        "events_processed": 1,
        "purchases_processed": 0,
        "errors": [{"type": "unwanted", "input_array": "purchases", "index": index} for index in (0, 1)],
    }


async def test_who_is_not_known_is_not_made_known_where_that_is_not_meant(braze: Shop) -> None:
    person = {"external_id": "stranger", "plan": "pro", "_update_existing_only": True}
    assert (await asked(braze, "/users/track", {"attributes": [person]})).status == 201
    assert braze.tracker.messages == []
    assert (
        await asked(braze, "/users/track", {"attributes": [{**person, "_update_existing_only": False}]})
    ).told
    assert [one.user_id for one in braze.tracker.messages] == ["stranger"]


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/users/track", {"events": {}}, 400, "'events' must be an array"),
        ("/users/track", [], 400, "no JSON object"),
        ("/canvas/trigger/send", {}, 400, "'canvas_id' is required"),
        ("/campaigns/trigger/send", {"campaign_id": "x", "recipients": []}, 400, "'recipients' is required"),
        ("/messages/send", {"external_user_ids": ["u"]}, 400, "'messages' is required"),
        ("/subscription/status/set", {"subscription_group_id": "loyalty"}, 400, "'subscription_state'"),
        ("/v2/subscription/status/set", {}, 400, "'subscription_groups' is required"),
        ("/users/export/ids", {}, 404, "moving-from-braze"),
    ],
)
async def test_what_is_refused(braze: Shop, path: str, body: object, status: int, says: str) -> None:
    answer = await asked(braze, path, body)
    assert answer.status == status
    assert says in answer.told["message"]


async def test_whom_it_lets_in(braze: Shop) -> None:
    site = await braze.source("site", SourceKind.BROWSER)
    assert (await asked(braze, "/users/track", {"events": [EVENT]}, key=None)).status == 401
    assert (await asked(braze, "/users/track", {"events": [EVENT]}, key="nobodys")).status == 401
    for path in ("/messages/send", "/canvas/trigger/send", "/subscription/status/set"):
        assert (await asked(braze, path, {}, key=site)).status == 403
    query = "/subscription/status/get?subscription_group_id=loyalty&external_id=u1"
    assert (await asked(braze, query, method="GET", key=site)).status == 403
    assert (await asked(braze, query, method="GET")).told == {
        "message": "success",
        "status": {"u1": "Unknown"},
    }
    assert (await asked(braze, query.replace("loyalty", "tea"), method="GET")).status == 400


async def test_behind_it_says_when_to_come_again(braze: Shop) -> None:
    braze.tracker.behind = True
    answer = await asked(braze, "/users/track", {"events": [EVENT]})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
    assert (await asked(braze, "/users/track", data=b"{")).status == 400


async def test_with_a_key_of_its_own_a_send_starts_once(chat: Chat) -> None:
    shop = Shop(chat.app, chat.url, chat.clock, None, None)  # type: ignore[arg-type]  # only its source is made
    key = await shop.source("braze", SourceKind.BRAZE)
    alias = {"alias_name": "card 7", "alias_label": "till"}
    consent = {
        "subscription_group_id": "loyalty",
        "subscription_state": "subscribed",
        "phone": [chat.number],
    }
    person = {"user_alias": alias, "phone": chat.number}
    canvas = {
        "canvas_id": "canvas-1",
        "recipients": [{"user_alias": alias, "canvas_entry_properties": {"product": "Sencha"}}],
    }
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:

        async def send(path: str, body: Mapping[str, Any], **headers: str) -> Any:  # noqa: ANN401  # JSON
            async with session.post(chat.url + path, data=json.dumps(body), headers=headers) as answer:
                assert answer.status == 201, await answer.text()
                return await answer.json()

        await send("/users/track", {"attributes": [person]})
        await chat.strike()
        await send("/subscription/status/set", consent)
        chat.clock.now = chat.clock.now.replace(hour=18)
        first = await send("/canvas/trigger/send", canvas, **{"Idempotency-Key": "k1"})
        again = await send("/canvas/trigger/send", canvas, **{"Idempotency-Key": "k1"})
        assert first == again
        assert await chat.later(minutes=1) == ["Sencha is back."]
        await send("/canvas/trigger/send", canvas)
        assert await chat.later(minutes=1) == ["Sencha is back."]
        await chat("STOP")
        told = await send("/canvas/trigger/send", canvas)
        assert len(told["errors"]) == 1
        assert (await send("/subscription/status/set", consent))["errors"][0]["type"].startswith(
            "they said STOP"
        )


async def test_who_is_told_with_a_phone_can_be_texted_at_once(chat: Chat) -> None:
    """Three requests in a row, as servers send them: no job runs between, and there is one contact."""
    shop = Shop(chat.app, chat.url, chat.clock, None, None)  # type: ignore[arg-type]  # only its source is made
    key = await shop.source("braze", SourceKind.BRAZE)
    phone = "+12125550142"
    text = {"sms": {"body": "Your tea is here.", "subscription_group_id": "loyalty"}}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:

        async def send(path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
            async with session.post(chat.url + path, data=json.dumps(body)) as answer:
                assert answer.status == 201, await answer.text()
                return await answer.json()

        chat.clock.now = chat.clock.now.replace(hour=18)
        before = await chat.rows("SELECT COUNT(*) FROM contact")
        await send("/users/track", {"attributes": [{"external_id": "bea", "phone": phone}]})
        consent = {"subscription_group_id": "loyalty", "subscription_state": "subscribed", "phone": [phone]}
        assert "errors" not in await send("/subscription/status/set", consent)
        told = await send("/messages/send", {"external_user_ids": ["bea"], "messages": text})
        assert "errors" not in told
    assert await chat.rows("SELECT COUNT(*) FROM contact") == [(before[0][0] + 1,)]
    await chat.strike()
    assert chat.news(phone)[-1] == "Your tea is here."
