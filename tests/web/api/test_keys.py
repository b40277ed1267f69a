"""Who may ask: keys, scopes, limits; and what is said to who may not."""

import json

import pytest

from bot.core.api_keys import Scope, id_in
from bot.storage import api_keys
from bot.web.rest.reading import BODY_MAX
from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient, shopping


async def test_without_a_key_it_says_how_to_make_one(api: ShopClient) -> None:
    for path in ("/api/", "/api/members/x", "/api/nowhere"):  # `/api` itself is where Leanplum's apps ask
        refused = await api("GET", path, key=None)
        assert (refused.status, refused.kind) == (401, "no-key")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert "regulars key create" in refused.told["remedy"]


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer nonsense",
        "Bearer regulars_" + "0" * 32 + "_" + "a" * 43,
        "Basic eDp5",
        "Bearer",
        "Bearer \xe9",
    ],
)
async def test_a_wrong_key_is_told_nothing(api: ShopClient, authorization: str) -> None:
    refused = await api("GET", "/api/products", key=None, headers={"Authorization": authorization})
    assert refused.status == 401
    assert refused.told["errors"] == []


async def test_a_key_with_the_right_id_and_another_secret_is_wrong(api: ShopClient) -> None:
    forged = api.key[:-1] + ("a" if api.key[-1] != "a" else "b")
    assert id_in(forged) == id_in(api.key)
    assert (await api("GET", "/api/products", key=forged)).kind == "wrong-key"


async def test_a_revoked_key_opens_nothing_from_the_next_request_on(api: ShopClient) -> None:
    assert (await api("GET", "/api/products")).status == 200
    key_id, now = id_in(api.key), api.chat.clock()
    assert key_id
    await api.chat.app.database.transact(lambda c: api_keys.revoke(c, key_id, now))
    assert (await api("GET", "/api/products")).kind == "wrong-key"


async def test_a_key_does_only_what_its_scopes_say_and_is_told_which_is_missing(api: ShopClient) -> None:
    key = await api.another_key(Scope.PRODUCTS)
    assert (await api("GET", "/api/products", key=key)).status == 200
    refused = await api("GET", f"/api/members/{NUMBER}", key=key)
    assert (refused.status, refused.kind) == (403, "missing-scope")
    assert "members:read" in refused.told["detail"]
    assert "--scope members:read" in refused.told["remedy"]


async def test_who_keeps_on_guessing_is_not_looked_up_any_more(api: ShopClient) -> None:
    for _ in range(30):
        assert (await api("GET", "/api/products", key="wrong")).status == 401
    refused = await api("GET", "/api/products", key="wrong")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    api.chat.clock.now = api.chat.clock.now.replace(minute=59)
    assert (await api("GET", "/api/products")).status == 200


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(database_url: str) -> None:
    async with shopping(database_url, settings={"REGULARS_API_REQUESTS_PER_MINUTE": "5"}) as api:
        statuses = [(await api("GET", "/api/products")).status for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        refused = await api("GET", "/api/products")
        assert refused.kind == "too-many"
        assert refused.headers["Retry-After"] == "12"
        other = await api.another_key(Scope.PRODUCTS)
        assert (await api("GET", "/api/products", key=other)).status == 200


async def test_what_is_not_there_is_said_so_with_a_problem(api: ShopClient) -> None:
    assert (await api("GET", "/api/nowhere")).kind == "no-such-route"
    refused = await api("POST", "/api/products", {})
    assert (refused.status, refused.kind) == (405, "no-such-method")
    assert refused.headers["Allow"] == "GET"


async def test_what_is_wrong_with_a_part_of_the_path_is_said_with_its_remedy(api: ShopClient) -> None:
    refused = await api("GET", "/api/members/ana!")
    assert (refused.status, refused.kind) == (400, "wrong-parameter")
    assert refused.told["detail"] == "path/member: is not written as it must be"
    assert refused.told["remedy"].startswith("write a member's id, phone number (E.164)")


async def test_bodies_are_bounded_and_said_to_be_json(api: ShopClient) -> None:
    path = "/api/products/TEA"
    assert (await api("PUT", path, data=b"x" * (BODY_MAX + 1))).kind == "too-large"
    plain = {"Content-Type": "text/plain"}
    assert (await api("PUT", path, data=b"{}", headers=plain)).status == 415
    assert (await api("PUT", path, data=b"{")).kind == "no-json"
    packed = await api("PUT", path, data=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert (packed.status, packed.kind) == (400, "no-json")
    missing = await api("PUT", path)
    assert missing.status == 415


async def test_a_large_order_fits(api: ShopClient) -> None:
    lines = [
        {"sku": f"SKU-{n:03}", "name": "x" * 190, "category": "c" * 60, "unit_minor": 1} for n in range(200)
    ]
    facts = {f"fact-{n}": "y" * 2000 for n in range(50)}
    order = {"member": NUMBER, "lines": lines, "facts": facts}
    assert 150_000 < len(json.dumps(order)) < BODY_MAX
    told = await api("PUT", "/api/orders/1001", order)
    assert told.status == 200, told.body
    assert told.told["total_minor"] == 200


async def test_metrics_count_requests_by_pattern_and_hold_nothing_personal(api: ShopClient) -> None:
    await api("GET", f"/api/members/{NUMBER}")
    metrics = (await api("GET", "/metrics")).body.decode()
    assert 'regulars_api_requests_total{route="/api/members/{member}",status="404"} 1.0' in metrics
    assert 'regulars_api_seconds_count{route="/api/members/{member}"} 1.0' in metrics
    assert NUMBER not in metrics


async def test_logs_hold_neither_keys_nor_people(api: ShopClient) -> None:
    await api("POST", "/api/members", {"phone": NUMBER, "first_name": "Ana"})
    await api("GET", f"/api/members/{NUMBER}")
    await api("GET", "/api/members/%00")
    log = api.chat.log.getvalue()
    for secret in (NUMBER, NUMBER[1:], "Ana", api.key, api.key.split("_", 2)[2]):
        assert secret not in log
