"""Leanplum's address: whom it lets in, what it refuses, and what an app sees by who uses it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.core.ids import bucket_of
from bot.core.sources import SourceKind
from bot.storage.driver import Present, Rows
from bot.storage.tables import Row
from tests.conversation.chat import chatting
from tests.web.track.conftest import KEY, Answered, Shop

ORIGIN = "https://shop.example"
ACTION = {"action": "track", "event": "Tapped", "deviceId": "d1"}


async def multi(
    shop: Shop, *actions: Mapping[str, Any], key: str = KEY, headers: Mapping[str, str] | None = None
) -> Answered:
    """Send actions as the SDK does."""
    body = json.dumps({"data": list(actions)}).encode()
    path = f"/api?action=multi&clientKey={key}&time=1700000000"
    sent = {"Content-Type": "text/plain", **(headers or {})}
    return await shop(path, data=body, key=None, headers=sent)


async def test_each_action_has_its_own_answer(shop: Shop) -> None:
    answer = await multi(
        shop, ACTION, {"action": "start", "deviceId": "d1"}, {"action": "dance"}, {**ACTION, "userId": "null"}
    )
    assert answer.status == 200
    tapped, started, danced, nobody = answer.told["response"]
    assert tapped == {"success": True}
    assert (started["success"], started["messages"], started["token"]) == (True, {}, "")
    assert danced["success"] is False
    assert nobody == {"success": True}
    assert [one.event for one in shop.tracker.messages] == ["Tapped", "App Started", "Tapped"]


async def test_what_cannot_be_understood_of_an_action_is_a_warning(shop: Shop) -> None:
    answer = await multi(shop, {**ACTION, "event": "x" * 300}, ACTION)
    told = answer.told["response"]
    assert told[0]["warning"] == {"message": "event_too_long; request skipped"}
    assert told[1] == {"success": True}


async def test_pages_of_the_shop_may_read_the_answer(shop: Shop) -> None:
    answer = await multi(shop, ACTION, headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    asked = await shop("/api", method="OPTIONS", headers={"Origin": ORIGIN})
    assert asked.status == 204


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api", 400, "no action is named"),
        ("/api?action=track&clientKey=nobodys", 403, "Invalid access key"),
        ("/api?action=track", 403, "Invalid access key"),
        (f"/api?action=multi&clientKey={KEY}", 400, "multi has no list"),
    ],
)
async def test_what_is_refused_is_said_in_its_envelope(shop: Shop, path: str, status: int, says: str) -> None:
    answer = await shop(path, method="GET", key=None, headers={"Origin": ORIGIN})
    assert answer.status == status
    (told,) = answer.told["response"]
    assert told["success"] is False
    assert says in told["error"]["message"]
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN, "or its client sees a broken line"


async def test_too_many_actions_are_none(shop: Shop) -> None:
    answer = await multi(shop, *[ACTION] * 501)
    assert answer.status == 403
    assert shop.tracker.messages == []


async def test_behind_it_says_when_to_come_again(shop: Shop) -> None:
    shop.tracker.behind = True
    answer = await multi(shop, ACTION)
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "5"
    shop.tracker.behind = False
    assert (await multi(shop, ACTION)).status == 200
    assert len(shop.tracker.messages) == 1


async def test_a_source_has_its_quota_here_too(shop: Shop) -> None:
    key = await shop.source("small", SourceKind.LEANPLUM, quota=2)
    assert (await multi(shop, *[ACTION] * 4, key=key)).status == 200
    assert (await multi(shop, ACTION, key=key)).status == 429
    shop.clock.now += timedelta(seconds=3)
    assert (await multi(shop, ACTION, key=key)).status == 200


async def test_the_shops_own_api_is_where_it_was(shop: Shop) -> None:
    assert (await shop("/api/orders/1", method="GET", key=None)).status == 401


async def test_whoever_has_the_apps_key_learns_of_nobodys_audiences(database_url: str) -> None:
    async with chatting(database_url) as chat:
        await chat("LOYALTY")
        contact = await chat.contact_id()
        member = Row.metadata.tables["audience_member"]
        row = (bucket_of(contact), contact, "high_value", True, 0, None)
        await chat.app.database.transact(lambda c: c.write(Rows(member, Present.FAIL), [row]))
        name = Row.metadata.tables["directory"]
        known = ("external", "u1", bucket_of(contact), contact)
        await chat.app.database.transact(lambda c: c.write(Rows(name, Present.FAIL), [known]))
        shop = Shop(chat.app, chat.url, chat.clock, None, None)  # type: ignore[arg-type]  # only its source is made
        key = await shop.source("app", SourceKind.LEANPLUM)
        async with aiohttp.ClientSession() as session:
            for user in ("u1", "u2"):
                query = {"action": "getVars", "clientKey": key, "userId": user, "deviceId": "d9"}
                async with session.get(f"{chat.url}/api", params=query) as answer:
                    (told,) = (await answer.json())["response"]
                assert told["vars"]["free_delivery_from"] == 25, "15 for u1 alone, behind a log-in"
