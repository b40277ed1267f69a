"""The door of the pages: who is let in how often, and what is said to who is not."""

from collections.abc import AsyncIterator

import pytest

from bot.web.rest.reading import BODY_MAX
from tests.databases import SqliteDatabases
from tests.web.mp.conftest import ShopperClient, at_the_pages


@pytest.fixture
async def limited(sqlite_databases: SqliteDatabases) -> AsyncIterator[ShopperClient]:
    """A shopper who may ask five times a minute."""
    url = await sqlite_databases.create()
    async with at_the_pages(url, settings={"REGULARS_PAGES_REQUESTS_PER_MINUTE": "5"}) as client:
        yield client
    await sqlite_databases.drop(url)


async def test_without_a_token_it_says_how_to_log_in(shopper: ShopperClient) -> None:
    nobody = shopper.anybody()
    for path in ("/me", "/nowhere", "/orders/" + "0" * 32):
        refused = await nobody("GET", path)
        assert (refused.status, refused.kind) == (401, "no-session")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert "POST /mp/sessions" in refused.told["remedy"]
    assert (await shopper("GET", "/nowhere")).kind == "no-such-route"
    wrong_way = await shopper("GET", "/join")
    assert (wrong_way.status, wrong_way.headers["Allow"]) == (405, "POST")


async def test_a_token_is_taken_from_its_header_alone(shopper: ShopperClient) -> None:
    nobody = shopper.anybody()
    assert (await nobody("GET", f"/me?token={shopper.token}")).status == 401
    basic = await nobody("GET", "/me", headers={"Authorization": f"Basic {shopper.token}"})
    assert basic.status == 401


async def test_a_session_that_asks_too_often_is_told_when_to_come_back(limited: ShopperClient) -> None:
    assert [(await limited("GET", "/privacy")).status for _ in range(6)] == [200] * 5 + [429]
    refused = await limited("GET", "/privacy")
    assert (refused.kind, refused.headers["Retry-After"]) == ("too-many", "12")
    other = await limited.another("wang")
    assert (await other("GET", "/privacy")).status == 200


async def test_who_guesses_is_told_to_wait_and_nobody_else_behind_that_address(
    limited: ShopperClient,
) -> None:
    guesser = ShopperClient(limited.chat, limited.session, "A" * 64, limited.numbers)
    statuses = [(await guesser("GET", "/me")).status for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert (await limited("GET", "/privacy")).status == 200


async def test_whoever_logs_in_without_end_is_told_to_wait(shopper: ShopperClient) -> None:
    nobody, body = shopper.anybody(), {"token": "x"}
    statuses = {(await nobody("POST", "/sessions/link", body, once=None)).status for _ in range(61)}
    assert statuses == {404, 429}


async def test_bodies_are_bounded_and_said_to_be_json(shopper: ShopperClient) -> None:
    assert (await shopper("POST", "/me", data=b"x" * (BODY_MAX + 1))).status == 413
    assert (await shopper("POST", "/me", data=b"{")).kind == "no-json"
    plain = {"Content-Type": "text/plain"}
    assert (await shopper("POST", "/me", data=b"{}", headers=plain)).status == 415
    nested = await shopper("POST", "/me", data=b"[" * 100_000)
    assert nested.status in {400, 422}
    assert (await shopper("POST", "/me", {"first_name": "\x00"})).status == 422
    wrongs: tuple[object, ...] = ({"first_name": 7}, {"birthday": "soon"}, {"surplus": 1}, [])
    for wrong in wrongs:
        refused = await shopper("POST", "/me", wrong)
        assert (refused.status, bool(refused.told["errors"])) == (422, True)
    assert "api_failed" not in shopper.chat.sms.log.getvalue()


async def test_a_write_carries_a_key_that_can_be_kept(shopper: ShopperClient) -> None:
    assert (await shopper("POST", "/me", {}, once=None)).kind == "no-idempotency-key"
    for key in ("with space", "x" * 201, "\xe9"):
        assert (await shopper("POST", "/me", {}, once=key)).status == 400


async def test_of_what_there_is_not_who_is_let_in_hears_alone(shopper: ShopperClient) -> None:
    for path in ("", "/", "/nothing", "/wallet/more", "/two%0Alines"):
        refused = await shopper("GET", path)
        assert (refused.status, refused.kind) == (404, "no-such-route"), path
        assert (await shopper.anybody()("GET", path)).status == 401
    refused = await shopper("PUT", "/wallet")
    assert (refused.status, refused.kind, refused.headers["Allow"]) == (405, "no-such-method", "GET")


async def test_metrics_count_by_pattern_and_logs_name_nobody(shopper: ShopperClient) -> None:
    await shopper.did("/join", {"first_name": "Li"})
    await shopper("GET", "/orders/" + "0" * 32)
    async with shopper.session.get(f"{shopper.chat.sms.url}/metrics") as answer:
        metrics = await answer.text()
    assert 'regulars_api_requests_total{route="/mp/orders/{order}",status="404"} 1.0' in metrics
    log = shopper.chat.sms.log.getvalue()
    for secret in (shopper.token, shopper.token[22:], shopper.chat.of(account="mini").openid, "Li,"):
        assert secret not in log
        assert secret not in metrics
