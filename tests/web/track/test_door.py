"""Whose key it is, from where it is shown, and how much may come with it."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from bot.core.sources import SourceKind
from bot.storage import api_keys, sources, tally
from bot.web.track import door
from tests.web.track.conftest import KEY, Shop

TRACK = {"userId": "u", "event": "x"}
ORIGIN = {"Origin": "https://shop.example"}


@pytest.mark.parametrize(
    ("headers", "written"),
    [
        ({"Authorization": "Basic YS13cml0ZS1rZXktb2YtdGhlLXRlc3RzOg=="}, None),
        ({"Authorization": "basic YS13cml0ZS1rZXktb2YtdGhlLXRlc3Rz"}, None),  # without the colon
        ({}, KEY),
        ({"Authorization": "Basic YS13cml0ZS1rZXktb2YtdGhlLXRlc3RzOg=="}, KEY),
        ({"Authorization": "Basic no/base64!"}, KEY),
        ({"Authorization": "Bearer a-token-of-segments-oauth"}, KEY),
        ({"Authorization": f"Bearer {KEY}"}, None),
    ],
)
async def test_the_key_is_shown_in_any_of_segments_ways(
    shop: Shop, headers: dict[str, str], written: str | None
) -> None:
    body = {**TRACK, "writeKey": written} if written else TRACK
    assert (await shop("/v1/track", body, key=None, headers=headers)).status == 200


@pytest.mark.parametrize(
    ("headers", "written"),
    [
        ({}, None),
        ({}, 7),
        ({"Authorization": "Basic"}, None),
        ({"Authorization": "Basic OnNlY3JldA=="}, None),  # no user, a password
        ({}, "nobodys"),
        ({}, "k" * 30_000),
    ],
)
async def test_without_a_good_key_it_is_200_and_nothing_is_taken(
    shop: Shop, headers: dict[str, str], written: object
) -> None:
    # As Segment does it, which the tests of its client for Python hold.
    answer = await shop("/v1/track", {**TRACK, "writeKey": written}, key=None, headers=headers)
    assert (answer.status, answer.told) == (200, {"success": True})
    assert shop.tracker.messages == []
    await shop.app.tally.flush(shop.app.database)
    counted = await shop.app.database.query(tally.read)
    assert counted["source", "- wrong_write_key"] == 1


async def test_two_keys_have_to_agree(shop: Shop) -> None:
    answer = await shop("/v1/track", {**TRACK, "writeKey": "another-key"})
    assert (answer.status, answer.told["code"]) == (401, "two_write_keys")
    assert shop.tracker.messages == []


async def test_a_revoked_key_is_refused_a_moment_later(shop_on_both: Shop) -> None:
    assert (await shop_on_both("/v1/track", TRACK)).status == 200
    (kept,) = await shop_on_both.app.database.query(sources.listed)
    await shop_on_both.app.database.transact(lambda c: api_keys.revoke(c, kept.id, shop_on_both.clock.now))
    await asyncio.sleep(door.KEPT_SECONDS)
    assert (await shop_on_both("/v1/track", TRACK)).status == 200
    assert len(shop_on_both.tracker.messages) == 1


async def test_a_sources_key_opens_no_shop_api(shop_on_both: Shop) -> None:
    assert await shop_on_both.app.database.query(api_keys.listed) == []
    answer = await shop_on_both(
        "/api/products", method="GET", key=None, headers={"Authorization": f"Bearer {KEY}"}
    )
    assert answer.status == 401


async def test_who_tries_keys_is_told_to_wait_and_others_are_not(shop: Shop) -> None:
    assert (await shop("/v1/track", TRACK)).status == 200
    for number in range(door.WRONG_KEYS.burst):
        assert (await shop("/v1/track", TRACK, key=f"guess-{number}")).status == 200
    answer = await shop("/v1/track", TRACK, key="one-more-guess")
    assert (answer.status, answer.told["code"]) == (429, "too_many_wrong_keys")
    assert int(answer.headers["Retry-After"]) > 0
    await asyncio.sleep(door.KEPT_SECONDS)
    assert (await shop("/v1/track", TRACK)).status == 200, "who was known before goes on"
    shop.clock.now += timedelta(minutes=1)
    assert (await shop("/v1/track", TRACK, key="one-more-guess")).status == 200


async def test_one_wrong_key_all_day_keeps_nobody_out(shop: Shop) -> None:
    for _ in range(door.WRONG_KEYS.burst * 2):
        assert (await shop("/v1/track", TRACK, key="a-mistaken-key")).status == 200
    assert (await shop("/v1/track", TRACK)).status == 200
    assert len(shop.tracker.messages) == 1


async def test_a_source_that_sends_too_much_waits_and_is_heard_again(shop: Shop) -> None:
    key = await shop.source("slow", quota=10)
    item = {"type": "track", **TRACK}
    # A batch may be larger than the quota: else it would never be taken.
    assert (await shop("/v1/batch", {"batch": [item] * 35}, key=key)).status == 200
    answer = await shop("/v1/track", TRACK, key=key)
    assert (answer.status, answer.told["code"]) == (429, "over_quota")
    assert answer.headers["Retry-After"] == answer.headers["X-RateLimit-Reset"] == "3"
    assert (await shop("/v1/track", TRACK)).status == 200, "other sources go on"
    shop.clock.now += timedelta(seconds=3)
    assert (await shop("/v1/track", TRACK, key=key)).status == 200


async def test_what_is_refused_counts_too(shop: Shop) -> None:
    key = await shop.source("bad", quota=2)
    assert [(await shop("/v1/track", {}, key=key)).status for _ in range(3)] == [200, 200, 429]


async def test_what_was_not_taken_does_not_count(shop: Shop) -> None:
    key = await shop.source("patient", quota=2)
    shop.tracker.behind = True
    answers = [await shop("/v1/track", TRACK, key=key) for _ in range(5)]
    assert {answer.told["code"] for answer in answers} == {"behind"}


async def test_a_key_is_for_its_sites_alone(shop: Shop) -> None:
    key = await shop.source("site", SourceKind.BROWSER, origins=("https://shop.example",))
    assert (await shop("/v1/t", TRACK, key=key, headers=ORIGIN)).status == 200
    answer = await shop("/v1/t", TRACK, key=key, headers={"Origin": "https://thief.example"})
    assert (answer.status, answer.told["code"]) == (403, "wrong_origin")


async def test_pages_may_read_answers_and_errors(shop: Shop) -> None:
    shop.tracker.behind = True
    for body, status in ((TRACK, 429), ({**TRACK, "writeKey": "another-key"}, 401)):
        answer = await shop("/v1/t", body, headers=ORIGIN)
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        assert answer.headers["Vary"] == "Origin"


async def test_a_browser_may_ask_before_it_sends(shop: Shop) -> None:
    asked = {
        **ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-retry-count",
    }
    answer = await shop("/v1/t", method="OPTIONS", key=None, headers=asked)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type,x-retry-count"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


async def test_the_settings_document_sends_the_browser_to_us(shop: Shop) -> None:
    answer = await shop(f"/v1/projects/{KEY}/settings", method="GET", key=None, headers=ORIGIN)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    segment = answer.told["integrations"]["Segment.io"]
    assert (segment["apiKey"], segment["protocol"]) == (KEY, "http")
    assert segment["apiHost"] == shop.url.removeprefix("http://") + "/v1"
    assert answer.told["metrics"]["sampleRate"] == 0
    nobody = await shop("/v1/projects/nobodys/settings", method="GET", key=None)
    assert nobody.status == 404


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/track", 200), ("/users/track", 401), ("/api/audiences", 401)]
)
async def test_bytes_that_are_no_text_are_a_key_of_nobody(shop: Shop, path: str, status: int) -> None:
    where = urlsplit(shop.url)
    method = "GET" if path.startswith("/api") else "POST"
    head = f"{method} {path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 2\r\nConnection: close\r\n"
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(head.encode() + b"Authorization: Bearer regulars_\xff\r\n\r\n{}")
    answered = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answered.startswith(f"HTTP/1.1 {status} ".encode())


async def test_a_body_that_is_nested_without_end_is_no_json(shop: Shop) -> None:
    body = b'{"a": "\\u0000", "b": ' + b"[" * 700 + b"]" * 700 + b"}"
    for path in ("/v1/track", "/v1/batch"):
        answer = await shop(path, data=body)
        assert (answer.status, answer.told["code"]) == (400, "invalid_json")
