"""braze-api, unmodified, against a real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.sources import SourceKind
from tests.clients.conftest import PATIENCE_SECONDS, Server, served
from tests.conversation.chat import shipped
from tests.toolbox import Toolbox

SCRIPT = Path(__file__).parent / "scripts" / "braze.js"
NUMBER = "+12125550142"
CANVAS = "b5c7c8a2-3a1d-4a58-9a0e-0d6b1f6a2c11"
FLOW = f"""
flow: restocked
title: Tell who asked that it is back
group: loyalty
start:
  - api: [product]
    called: [restocked, {CANVAS}]
steps:
  - say: "{{{{ product }}}} is back."
"""
AT = "2026-11-01T10:00:00Z"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server with a flow that may be started from outside."""
    folder = tmp_path_factory.mktemp("braze")
    files = shipped(folder, "program", "keywords", "policy", "loyalty", restocked=FLOW)
    url = f"sqlite+aiosqlite:///{folder / 'shop.sqlite'}"
    async with served(folder, url, REGULARS_FLOWS=str(files)) as running:
        yield running


@pytest.fixture(scope="module")
async def key(server: Server) -> str:
    """The key that the shop has at Braze."""
    return await server.source("braze", SourceKind.BRAZE, key="44aa5c2e-braze-rest-key")


async def asked(toolbox: Toolbox, server: Server, key: str, *steps: tuple[str, Any]) -> list[Any]:
    """Let the client make calls; returns what each was answered."""
    environment = {"REGULARS_URL": server.url, "REGULARS_KEY": key, "REGULARS_STEPS": json.dumps(steps)}
    ended = await toolbox.run(SCRIPT, environment=environment)
    assert ended.status == 0, ended.output
    answers: list[Any] = json.loads(ended.output.splitlines()[-1])
    return answers


async def until(server: Server, sql: str, wanted: list[tuple[Any, ...]], **parameters: object) -> None:
    """Wait until rows are there; fails where that takes too long."""
    found = None
    for _ in range(PATIENCE_SECONDS * 20):
        found = await server.rows(sql, **parameters)
        if found == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def test_users_events_and_purchases(server: Server, toolbox: Toolbox, key: str) -> None:
    event = {"external_id": "bea", "name": "Menu Looked At", "time": AT, "properties": {"size": "large"}}
    bought = {
        "external_id": "bea",
        "product_id": "TEA",
        "currency": "USD",
        "price": 4.5,
        "quantity": 2,
        "time": AT,
        "properties": {"order_id": "B-1"},
    }
    person = {"external_id": "bea", "first_name": "Bea", "phone": NUMBER, "plan": "pro"}
    told = {"attributes": [person, {"braze_id": "x"}], "events": [event], "purchases": [bought]}
    answers = await asked(toolbox, server, key, ("users.track", told), ("users.track", told))
    assert answers[0] == {
        "message": "success",
        "attributes_processed": 1,
        "events_processed": 1,
        "purchases_processed": 1,
        "errors": [
            {
                "type": "'external_id' or 'user_alias' is required",
                "input_array": "attributes",
                "index": 1,
            }
        ],
    }
    assert answers[1] == answers[0]
    contact = await server.contact("external", "bea")
    names = [one.name for one in await server.events(contact)]
    assert names.count("Menu Looked At") == 1, "sent again, it happened once"
    assert (await server.traits(contact))["plan"] == "pro"
    order = "SELECT reference, status, total_minor FROM shop_order"
    await until(server, order, [("B-1", "paid", 900)])
    phone = "SELECT contact FROM directory WHERE kind = 'sms' AND value = :number"
    await until(server, phone, [(contact,)], number=NUMBER)


async def test_an_alias_becomes_a_user(server: Server, toolbox: Toolbox, key: str) -> None:
    alias = {"alias_name": "till 4", "alias_label": "receipt"}
    before = {"events": [{"user_alias": alias, "name": "Stamped", "time": AT}]}
    known = {"aliases_to_identify": [{"external_id": "dora", "user_alias": alias}]}
    await asked(toolbox, server, key, ("users.track", before), ("users.identify", known))
    contact = await server.contact("external", "dora")
    assert "Stamped" in [one.name for one in await server.events(contact)]


async def test_consent_a_flow_and_messages(server: Server, toolbox: Toolbox, key: str) -> None:
    group = {"subscription_group_id": "loyalty"}
    consent = {**group, "subscription_state": "subscribed", "external_id": ["cid", "nobody"]}
    canvas = {
        "canvas_id": CANVAS,
        "recipients": [
            {"external_user_id": "cid", "canvas_entry_properties": {"product": "Sencha", "colour": "green"}},
            {"external_user_id": "nobody"},
        ],
    }
    push = {"alert": "Half price until five", "title": "Tea time"}
    message = {
        "external_user_ids": ["cid"],
        "messages": {"android_push": push, "email": {"app_id": "a", "from": "a@b.example", "body": "hi"}},
    }
    answers = await asked(
        toolbox,
        server,
        key,
        ("users.track", {"attributes": [{"external_id": "cid", "phone": "+12125550143"}]}),
        ("subscription.status.get", {**group, "external_id": "cid"}),
        ("canvas.trigger.send", canvas),
    )
    assert answers[1] == {"message": "success", "status": {"cid": "Unknown"}}
    phone = "SELECT COUNT(*) FROM directory WHERE kind = 'sms' AND value = '+12125550143'"
    await until(server, phone, [(1,)])
    answers += await asked(
        toolbox,
        server,
        key,
        ("subscription.status.set", consent),
        ("subscription.status.get", {**group, "external_id": ["cid", "nobody"]}),
        ("canvas.trigger.send", canvas),
        ("messages.send", message),
    )
    assert answers[3]["errors"] == [{"type": "nobody is known by this id", "id": "nobody"}]
    assert answers[4]["status"] == {"cid": "Subscribed", "nobody": "Unknown"}
    # Before the consent the gate refused what the flow said; after it, it did not.
    refused = [one["type"] for one in answers[2]["errors"]]
    assert "nobody is known by this id" in refused
    assert "the flow takes no colour: name them in `api:`" in refused
    assert len(refused) == 3, refused
    assert [one["type"] for one in answers[5]["errors"]] == [
        "the flow takes no colour: name them in `api:`",
        "nobody is known by this id",
    ]
    assert answers[6]["errors"] == [
        {
            "type": "letters are templates of flows, where they are checked and translated: docs/email.md",
            "message": "email",
        }
    ]
    contact = await server.contact("external", "cid")
    said = await server.rows(
        "SELECT channel, body FROM outbox WHERE contact = :contact AND state <> 'refused' ORDER BY id",
        contact=contact,
    )
    assert said == [("sms", "Sencha is back."), ("app", "Tea time\nHalf price until five")]
    log = await server.rows("SELECT state, source, words FROM consent WHERE contact = :one", one=contact)
    words = "subscribed, as told by braze through /subscription/status/set"
    assert log == [("subscribed", "api", words)]


async def test_what_is_refused(server: Server, toolbox: Toolbox, key: str) -> None:
    canvas = {"canvas_id": "gone", "recipients": [{"external_user_id": "bea"}]}
    everyone = {"canvas_id": "restocked", "broadcast": True}
    public = await server.source("a site", SourceKind.BROWSER)
    group = {"subscription_group_id": "tea", "subscription_state": "subscribed", "external_id": ["bea"]}
    gone, all_of_them, segments, unknown = await asked(
        toolbox,
        server,
        key,
        ("canvas.trigger.send", canvas),
        ("canvas.trigger.send", everyone),
        ("segments.list", {}),
        ("subscription.status.set", group),
    )
    assert "no flow is started by 'gone'" in gone["failed"]
    assert "start a flow on the audience instead" in all_of_them["failed"]
    assert "moving-from-braze" in segments["failed"]
    assert "there is no group 'tea'" in unknown["failed"]
    (not_sent,) = await asked(toolbox, server, public, ("canvas.trigger.send", canvas))
    assert "lacks the scope sends" in not_sent["failed"]
    (nobody,) = await asked(toolbox, server, "another", ("users.track", {"events": []}))
    assert "Invalid API key" in nobody["failed"]
