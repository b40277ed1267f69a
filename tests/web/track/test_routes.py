"""`/v1` as Segment's page of the HTTP API says it: what is taken, what is refused, and with which words."""

import gzip
import json
from datetime import timedelta

import pytest

from bot.core.sources import SourceKind
from bot.core.tracking.message import Kind
from bot.storage import tally
from tests.web.track.conftest import KEY, Shop

TRACK = {"userId": "u", "event": "Order Completed", "messageId": "m-1"}


async def test_a_call_is_answered_once_it_is_in_the_books(shop_on_both: Shop) -> None:
    answer = await shop_on_both("/v1/track", TRACK)
    assert (answer.status, answer.told) == (200, {"success": True})
    (message,) = shop_on_both.tracker.messages
    assert (message.kind, message.event, message.message_id) == (Kind.TRACK, "Order Completed", "m-1")
    assert message.received_at == shop_on_both.clock.now
    assert shop_on_both.tracker.sources == ["backend"]


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_has_its_path_and_the_browsers_letter(shop: Shop, kind: Kind) -> None:
    body = {"userId": "u", "event": "x", "groupId": "g", "previousId": "p", "type": "track"}
    for path in (kind.value, kind.value[0]):
        assert (await shop(f"/v1/{path}", body)).status == 200
    assert [one.kind for one in shop.tracker.messages] == [kind, kind], "the path says what it is"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b"])
async def test_a_batch_keeps_its_order(shop: Shop, path: str) -> None:
    items = [{**TRACK, "type": "track", "messageId": f"m-{number}"} for number in range(100)]
    assert (await shop(path, {"batch": items})).status == 200
    assert [one.message_id for one in shop.tracker.messages] == [item["messageId"] for item in items]


async def test_the_same_message_again_is_a_success_and_nothing_new(shop: Shop) -> None:
    assert [(await shop("/v1/track", TRACK)).status for _ in range(2)] == [200, 200]
    assert len(shop.tracker.messages) == 1


async def test_browsers_say_text_plain(shop: Shop) -> None:
    answer = await shop("/v1/t", TRACK, headers={"Content-Type": "text/plain"})
    assert answer.status == 200
    assert len(shop.tracker.messages) == 1


async def test_what_is_packed_is_unpacked(shop: Shop) -> None:
    body = gzip.compress(json.dumps({"batch": [{**TRACK, "type": "track"}]}).encode())
    assert (await shop("/v1/batch", data=body, headers={"Content-Encoding": "gzip"})).status == 200
    assert len(shop.tracker.messages) == 1


@pytest.mark.parametrize("path", ["/v1/track", "/api/contacts", "/nowhere"])
async def test_what_is_packed_and_refused_before_its_end_is_not_unpacked(shop: Shop, path: str) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    answer = await shop(path, data=bomb, headers={"Content-Encoding": "gzip"})
    assert 400 <= answer.status < 500
    assert answer.headers["Connection"] == "close"


async def test_a_bomb_is_refused_for_what_it_unpacks_to(shop: Shop) -> None:
    bomb = gzip.compress(b'{"batch": ["' + b"a" * 50_000_000 + b'"]}')
    answer = await shop("/v1/batch", data=bomb, headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.told["code"]) == (400, "too_large")


async def test_what_cannot_be_unpacked_is_refused(shop: Shop) -> None:
    answer = await shop("/v1/batch", data=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.told["code"]) == (400, "unreadable")
    assert (await shop("/v1/track", TRACK)).status == 200


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"text"', b"null", b"userId=u&event=x"])
async def test_what_is_no_json_object_is_400(shop: Shop, data: bytes) -> None:
    answer = await shop("/v1/track", data=data)
    assert (answer.status, answer.told["code"]) == (400, "invalid_json")
    assert answer.told["message"]


def padded(size: int, **body: object) -> bytes:
    """JSON of so many bytes."""
    text = json.dumps({**body, "pad": ""})
    return text.replace('"pad": ""', f'"pad": "{"x" * (size - len(text))}"').encode()


async def test_a_call_of_more_than_32_kb_is_400(shop: Shop) -> None:
    fits, large = (padded(32 * 1024 + more, **TRACK) for more in (0, 1))
    assert (await shop("/v1/track", data=fits)).status == 200
    answer = await shop("/v1/track", data=large)
    assert (answer.status, answer.told["code"]) == (400, "too_large")


async def test_a_batch_of_more_than_500_kb_is_400(shop: Shop) -> None:
    fits, large = (padded(500 * 1024 + more, batch=[]) for more in (0, 1))
    assert (await shop("/v1/batch", data=fits)).status == 200
    answer = await shop("/v1/batch", data=large)
    assert (answer.status, answer.told["code"]) == (400, "too_large")


async def test_of_a_batch_with_one_too_large_the_others_are_taken(shop: Shop) -> None:
    large = {**TRACK, "type": "track", "messageId": "m-2", "properties": {"note": "x" * 33_000}}
    answer = await shop("/v1/batch", {"batch": [{**TRACK, "type": "track"}, large]})
    assert (answer.status, answer.told["code"]) == (400, "too_large")
    assert [one.message_id for one in shop.tracker.messages] == ["m-1"]


async def test_more_than_2500_messages_are_200_and_none_is_taken(shop: Shop) -> None:
    item = {"type": "track", "event": "x", "userId": "u"}
    answer = await shop("/v1/batch", {"batch": [item] * 2501})
    assert (answer.status, shop.tracker.messages) == (200, [])


async def test_what_is_missing_is_200_and_counted(shop_on_both: Shop) -> None:
    assert (await shop_on_both("/v1/track", {"event": "x"})).status == 200
    assert (await shop_on_both("/v1/track", {"userId": "u"})).status == 200
    shop_on_both.tracker.unwanted = frozenset({"Order Completed"})
    assert (await shop_on_both("/v1/track", TRACK)).status == 200
    assert (await shop_on_both("/v1/track", {**TRACK, "event": "Tea Brewed"})).status == 200
    await shop_on_both.app.tally.flush(shop_on_both.app.database)
    counted = await shop_on_both.app.database.query(tally.read)
    outcomes = {label.split()[1]: times for (name, label), times in counted.items() if name == "source"}
    assert outcomes == {"accepted": 1, "no_user_anon_id": 1, "no_event": 1, "unwanted": 1}


async def test_what_came_is_among_the_metrics(shop: Shop) -> None:
    assert (await shop("/v1/track", TRACK)).status == 200
    assert (await shop("/v1/track", {"event": "x"})).status == 200
    await shop.app.tally.flush(shop.app.database)
    told = (await shop("/metrics", method="GET", key=None)).body.decode()
    assert 'regulars_tracked_total{outcome="accepted"} 1.0' in told
    assert 'regulars_tracked_total{outcome="no_user_anon_id"} 1.0' in told


async def test_who_is_behind_says_when_to_come_again(shop: Shop) -> None:
    shop.tracker.behind = True
    answer = await shop("/v1/track", TRACK)
    assert (answer.status, answer.told["code"], answer.headers["Retry-After"]) == (429, "behind", "5")
    shop.tracker.behind_for = timedelta(seconds=1.2)
    assert (await shop("/v1/track", TRACK)).headers["Retry-After"] == "2"
    shop.tracker.behind_for = timedelta(hours=1)
    assert (await shop("/v1/track", TRACK)).headers["X-RateLimit-Reset"] == "300", "clients wait no longer"
    shop.tracker.behind = False
    assert (await shop("/v1/track", TRACK)).status == 200


async def test_history_is_told_apart_and_needs_a_scope(shop: Shop) -> None:
    old = {"action": "track", "event": "x", "userId": "u", "timestamp": "2019-05-01T10:00:00Z"}
    assert (await shop("/v1/import", {"batch": [old]})).status == 200
    assert [one.is_history for one in shop.tracker.messages] == [True]
    browser = await shop.source("site", SourceKind.BROWSER)
    answer = await shop("/v1/import", {"batch": [old]}, key=browser)
    assert (answer.status, answer.told["code"]) == (403, "missing_scope")


async def test_half_an_emoji_does_not_cost_the_batch(shop: Shop) -> None:
    body = rb'{"batch":[{"type":"track","userId":"u","event":"x","properties":{"title":"\ud83d\u0000"}}]}'
    assert (await shop("/v1/batch", data=body)).status == 200
    assert shop.tracker.messages[0].properties == {"title": "\N{REPLACEMENT CHARACTER}"}


async def test_nothing_of_a_message_is_logged(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await shop("/v1/track", {**TRACK, "userId": "very-private"})
    await shop(f"/v1/projects/{KEY}/settings", method="GET")
    told = "".join(capsys.readouterr())
    assert "very-private" not in told
    assert KEY not in told


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_what_is_not_there_is_said_so_with_a_problem(shop: Shop, method: str) -> None:
    nothing = await shop("/v1/nothing", method=method, headers={"Origin": "https://shop.example"})
    assert (nothing.status, nothing.headers["Content-Type"]) == (404, "application/problem+json")
    assert nothing.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert (nothing.told["type"], nothing.told["remedy"]) == (
        "urn:regulars:problem:no-such-route",
        "see /openapi.json",
    )


async def test_a_wrong_method_is_told_the_right_one(shop: Shop) -> None:
    got = await shop("/v1/track", method="GET")
    assert (got.status, got.headers["Allow"], got.told["remedy"]) == (405, "POST", "use POST")
    posted = await shop("/v1/projects/key/settings")
    assert (posted.status, posted.told["type"]) == (405, "urn:regulars:problem:no-such-method")
    assert (await shop("/v1/track", method="OPTIONS")).status == 204
