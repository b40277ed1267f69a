"""leanplum-sdk, unmodified, in jsdom against a real server."""

import json
from pathlib import Path
from typing import Any

import aiohttp

from bot.core.sources import SourceKind
from tests.clients.conftest import Server
from tests.toolbox import Toolbox

SCRIPT = Path(__file__).parent / "scripts" / "leanplum.js"
BANNERS = {"Good coffee takes a minute.", "Your wallet may have something for you."}


async def run(toolbox: Toolbox, server: Server, key: str, user: str) -> dict[str, Any]:
    """Run the script; returns what the app saw."""
    environment = {"REGULARS_URL": server.url, "REGULARS_KEY": key, "REGULARS_USER": user}
    ended = await toolbox.run(SCRIPT, environment=environment)
    assert ended.status == 0, ended.output
    seen: dict[str, Any] = json.loads(ended.output.splitlines()[-1])
    return seen


async def test_an_app_moves_by_its_address_alone(server: Server, toolbox: Toolbox) -> None:
    key = await server.source("app", SourceKind.LEANPLUM, key="prod_key_it_had_at_leanplum")
    seen = await run(toolbox, server, key, "lena")
    assert seen["started"] is True
    assert seen["updated"] is True
    shown = seen["before"]["variables"]
    assert shown["banner"] in BANNERS
    assert shown["free_delivery_from"] == 25
    assert shown["untouched"] == "stays"
    assert [variant["id"] for variant in seen["before"]["variants"]] in [["banner.coffee"], ["banner.wallet"]]
    assert seen["after"] == seen["before"], "who logs in sees what they saw"
    assert seen["changes"] == 2
    contact = await server.contact("external", "lena")
    assert await server.contact("anonymous", "device-lena") == contact, "what was before the log-in is theirs"
    told = {one.name: one.properties for one in await server.events(contact)}
    assert told["Menu Looked At"] == {"size": "large"}
    assert told["Screen Viewed"] == {"step": 2, "name": "Checkout"}
    assert told["Purchase"] == {"sku": "TEA", "value": 9.99, "currency": "USD"}
    assert {"App Started", "Session Started"} <= told.keys()
    traits = await server.traits(contact)
    assert (traits["plan"], traits["visits"]) == ("pro", 3)


async def test_another_key_changes_nothing(server: Server, toolbox: Toolbox) -> None:
    seen = await run(toolbox, server, "nobodys_client_key", "stranger")
    assert seen["started"] is False
    assert seen["before"]["variables"]["banner"] == "built in", "the app goes on with what it was built with"
    assert await server.rows("SELECT 1 FROM directory WHERE value = 'device-stranger'") == []


async def test_orders_of_an_app_are_not_believed(server: Server) -> None:
    """An app's key is public: whoever reads it out could buy anything."""
    key = await server.source("public app", SourceKind.LEANPLUM)
    query = {"action": "track", "clientKey": key, "event": "Order Completed", "userId": "thief"}
    params = {"order_id": "1", "revenue": 1000}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/api", params={**query, "params": json.dumps(params)}) as answer,
    ):
        assert answer.status == 200
        (told,) = (await answer.json())["response"]
    assert told == {
        "success": True,
        "warning": {"message": "orders are believed from servers only; tell them to /api/orders or /v1"},
    }
    assert await server.rows("SELECT 1 FROM shop_order") == []
