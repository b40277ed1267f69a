"""`/openapi.json` is true: what it allows is understood, answers are as it says, and nothing gives a 500."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.core.api_keys import ApiKey
from bot.web.api.table import FACE, ROUTES
from bot.web.mp.table import FACE as PAGES
from bot.web.rest import routes as rest
from bot.web.rest.answers import ProblemAnswer
from bot.web.rest.openapi import document
from tests.conversation.chat import NUMBER, PRODUCTS
from tests.databases import Databases
from tests.web.api.conftest import Answered, ShopClient, shopping
from tests.web.api.schemas import ANYTHING, Strategy, allowed, wrong

DOCUMENT = document([FACE], "https://bot.example.com")
DEFINED = DOCUMENT["components"]["schemas"]
SOME = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FORGOTTEN = "+12125550109"
OWN = {
    ("eraseMember", "member"): FORGOTTEN,  # what no other route may use up
    ("void", "order"): "1006",  # same
    ("explainFlow", "contact"): NUMBER,  # others' contacts are at the desk
}
ELSEWHERE = {
    *("replayCall", "reinstateCredit", "advanceClaim", "payReservation", "giveUpReservation"),
    *("takeContact", "sayToContact", "closeVisit"),
}
"""What needs something that only a test of its own brings about."""
# What the schema cannot say: that somebody is there, and that a number is a person's.
REAL: dict[str, Strategy] = {
    "member": st.just(NUMBER),
    "phone": st.just(NUMBER),
    "reference": st.sampled_from(["1001", "1003"]),
    "order": st.sampled_from(["1002", "1004", "1005"]),
    "sku": st.sampled_from([product.sku for product in PRODUCTS]),
    "reward": st.just("any_drink"),
    "audience": st.just("high_value"),
    "flow": st.just("balance"),
    "zone": st.just("Asia/Shanghai"),
    "locale": st.just("es_MX"),
    "birthday": st.just("1990-05-21"),
    "placed_at": st.just("2026-11-23T17:00:00Z"),
    "changed_at": st.just("2026-11-23T17:00:00Z"),
    "at": st.just("2026-11-23T17:00:00Z"),
    "currency": st.just("USD"),
}
Route = rest.Route[ApiKey]
routes = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[ShopClient]:
    """One running application for all examples of this file, on each database."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    url = await databases.create()
    async with shopping(url, settings={"REGULARS_API_REQUESTS_PER_MINUTE": "0"}) as client:
        await client.member()
        await client.member(FORGOTTEN)
        await client("POST", f"/api/members/{NUMBER}/adjust", {"amount_minor": 10**9, "reason": "for tests"})
        lines = [{"sku": "LATTE"}]
        await client("PUT", "/api/orders/1001", {"member": NUMBER, "lines": lines})
        for order in ("1002", "1006"):
            await client("POST", "/api/checkout/holds", {"member": NUMBER, "order": order, "lines": lines})
        yield client
    await databases.drop(url)


def operation(route: Route) -> dict[str, Any]:
    """What the document says of a route."""
    said: dict[str, Any] = DOCUMENT["paths"][f"/api{route.path}"][route.method.lower()]
    return said


def body_schema(route: Route) -> dict[str, Any]:
    """The schema of a route's body."""
    schema: dict[str, Any] = operation(route)["requestBody"]["content"]["application/json"]["schema"]
    return schema


def with_real(value: Any, draw: Any) -> Any:  # noqa: ANN401  # JSON
    """The same with real members, products and days where such are named."""
    if isinstance(value, list):
        return [with_real(one, draw) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: draw(REAL[name]) if name in REAL and inner is not None else with_real(inner, draw)
        for name, inner in value.items()
    }


@st.composite
def requests(draw: Any, route: Route, *, good: bool) -> tuple[str, bytes | None]:  # noqa: ANN401  # hypothesis'
    """A path with its query, and a body."""
    path, query = route.path, []
    for parameter in operation(route)["parameters"]:
        if parameter["in"] == "header" or (good and parameter["name"] == "cursor"):
            continue  # whoever pages takes cursors as they come
        name, made = parameter["name"], allowed(parameter["schema"], DEFINED)
        if good:
            value = draw(REAL[name]) if name in REAL else draw(made)
            value = OWN.get((route.name, name), value)
        else:
            value = draw(made | st.text(min_size=1, max_size=20) | st.binary(min_size=1, max_size=8))
        text = quote(value if isinstance(value, bytes) else str(value), safe="")
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", text if text.strip(".") else "x")  # dots alone are no part
        elif parameter["required"] or draw(st.booleans()):
            query.append(f"{name}={text}")
    if not good and draw(st.booleans()):
        query.append(f"{quote(draw(st.text(max_size=5)), safe='')}=x")
    url = f"/api{path}{'?' + '&'.join(query) if query else ''}"
    if route.body is None:
        return url, None if good else draw(st.none() | st.binary(max_size=20))
    if good:
        return url, json.dumps(with_real(draw(allowed(body_schema(route), DEFINED)), draw)).encode()
    spoiled = wrong(body_schema(route), DEFINED).map(lambda value: json.dumps(value).encode())
    return url, draw(
        spoiled | st.binary(max_size=40) | ANYTHING.map(lambda value: json.dumps(value).encode()[:-1])
    )


async def ask(shop: ShopClient, route: Route, url: str, body: bytes | None) -> Answered:
    """Ask, and see that the answer is one that the document knows."""
    answered = await shop(route.method, url, data=body)
    said = operation(route)["responses"]
    assert str(answered.status) in said, (route.name, url, body, answered.status, answered.body)
    if answered.status == route.status:
        TypeAdapter(route.answer).validate_json(answered.body)
    else:
        ProblemAnswer.model_validate_json(answered.body)
        assert answered.headers["Content-Type"].startswith("application/problem+json")
        assert all(one["pointer"] and one["problem"] and one["remedy"] for one in answered.told["errors"])
    return answered


@routes
async def test_what_the_document_allows_is_understood(route: Route, shop: ShopClient) -> None:
    loop = asyncio.get_running_loop()
    understood: list[int] = []

    @SOME
    @given(requests(route, good=True))
    def check(asked: tuple[str, bytes | None]) -> None:
        url, body = asked
        answered = asyncio.run_coroutine_threadsafe(ask(shop, route, url, body), loop).result(60)
        assert answered.status not in {400, 401, 403, 408, 413, 415, 503}, (url, body, answered.body)
        understood.append(answered.status)

    await asyncio.to_thread(check)
    assert 200 in understood or route.name in ELSEWHERE, "it is also done"


@routes
async def test_no_input_whatsoever_gives_a_500(route: Route, shop: ShopClient) -> None:
    loop = asyncio.get_running_loop()

    @SOME
    @given(requests(route, good=False))
    def check(asked: tuple[str, bytes | None]) -> None:
        url, body = asked
        asyncio.run_coroutine_threadsafe(ask(shop, route, url, body), loop).result(60)

    await asyncio.to_thread(check)
    assert "api_failed" not in shop.chat.log.getvalue()
    assert "turn_failed" not in shop.chat.log.getvalue(), shop.chat.log.getvalue()[-3000:]


async def test_it_is_served_as_it_is_made(shop: ShopClient) -> None:
    served = await shop("GET", "/openapi.json", key=None)
    assert served.status == 200
    assert served.told == document([FACE, PAGES], shop.chat.app.settings.public_url)
    assert served.told["openapi"] == "3.1.0"


def test_every_reference_leads_somewhere() -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(DOCUMENT)))
    assert named <= set(DEFINED)


def test_every_operation_says_its_scope_and_its_problems() -> None:
    names = [one["operationId"] for one in operations()]
    assert len(names) == len(set(names)) == len(ROUTES)
    for one in operations():
        assert one["description"].startswith("Scope: `")
        assert {"400", "401", "403", "429", "503"} <= set(one["responses"])


def test_every_write_carries_an_idempotency_key() -> None:
    for route in ROUTES:
        headers = [one["name"] for one in operation(route)["parameters"] if one["in"] == "header"]
        assert headers == (["Idempotency-Key"] if route.wants_key else [])
        assert route.wants_key or route.method == "GET" or route.key_in_body or route.only_asks


def operations() -> Iterator[dict[str, Any]]:
    """Every operation of the document."""
    for path in DOCUMENT["paths"].values():
        yield from path.values()
