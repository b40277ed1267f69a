"""segment-analytics-python, as a shop's server uses it, against a real server."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from segment.analytics.client import Client
from segment.analytics.request import APIError, post

from bot.core.sources import SourceKind
from tests.clients.conftest import Server, served
from tests.clients.losing import losing_line
from tests.databases import Databases


def client_of(host: str, key: str, failures: list[object] | None = None, **options: Any) -> Client:  # noqa: ANN401
    """A client that sends soon, and keeps what it could not send."""
    kept = failures if failures is not None else []
    return Client(
        key,
        host=host,
        on_error=lambda error, batch: kept.append((error, batch)),
        upload_interval=0.05,
        **options,
    )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    """A server on either database: these tests run once for each."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    url = await databases.create()
    async with served(tmp_path_factory.mktemp("python"), url) as server:
        yield server
    await databases.drop(url)


@pytest.fixture(scope="module")
async def key(server: Server) -> str:
    return await server.source("python", SourceKind.SERVER)


@pytest.mark.parametrize("gzip", [False, True])
async def test_every_call_of_its_arrives(server: Server, key: str, gzip: bool) -> None:  # noqa: FBT001
    failures: list[object] = []
    client = client_of(server.url, key, failures, gzip=gzip)
    user, visitor, long_ago = f"user-{gzip}", f"visitor-{gzip}", datetime(2024, 5, 1, 10, tzinfo=UTC)

    def send() -> None:
        client.track(anonymous_id=visitor, event="Tea Smelled", properties={"sku": "TEA"})
        client.identify(user, {"plan": "pro", "seats": 3}, anonymous_id=visitor)
        client.track(user, "Tea Brewed", {"minutes": 3.5, "none": None, "odd": math.nan}, timestamp=long_ago)
        client.page(user, "Shop", "Teas", {"url": "/teas"})
        client.screen(user, None, "Wallet")
        client.group(user, "initech", {"employees": 420})
        client.flush()
        client.alias(f"before-{gzip}", user)
        client.shutdown()

    await asyncio.to_thread(send)
    assert failures == []
    contact = await server.contact("external", user)
    assert await server.contact("anonymous", visitor) == contact, "what the visitor did is the user's"
    told = {one.name: one for one in await server.events(contact)}
    assert told["Tea Smelled"].properties["sku"] == "TEA"
    assert told["Tea Brewed"].properties["minutes"] == 3.5
    assert told["Tea Brewed"].properties["odd"] is None
    assert abs(told["Tea Brewed"].at / 1e6 - long_ago.timestamp()) < 5
    assert told["Page Viewed"].properties["name"] == "Teas"
    assert told["Screen Viewed"].properties["name"] == "Wallet"
    assert told["Group Joined"].properties["group_id"] == "initech"
    traits = await server.traits(contact)
    assert (traits["plan"], traits["seats"]) == ("pro", 3)


async def test_a_lost_answer_is_sent_again_and_counted_once(server: Server, key: str) -> None:
    failures: list[object] = []
    async with losing_line(server.url) as line:
        client = client_of(line.url, key, failures, gzip=True)
        line.losses = 2
        for number in range(5):
            client.track("losing", "Answer Lost", {"number": number})
        await asyncio.to_thread(client.shutdown)
    assert failures == []
    assert line.heard >= 3
    contact = await server.contact("external", "losing")
    told = [one for one in await server.events(contact) if one.name == "Answer Lost"]
    assert sorted(one.properties["number"] for one in told) == [0, 1, 2, 3, 4]


async def test_who_sends_too_much_waits_as_long_as_it_is_told(server: Server) -> None:
    slow = await server.source("slow", SourceKind.SERVER, quota=5)
    failures: list[object] = []
    client = client_of(server.url, slow, failures, upload_size=10)

    def send() -> float:
        began = time.monotonic()
        for number in range(10):
            client.track("patient", "Sent Slowly", {"number": number})
        client.flush()  # ten at once: the quota is overdrawn
        for number in range(10, 20):
            client.track("patient", "Sent Slowly", {"number": number})
        client.shutdown()
        return time.monotonic() - began

    took = await asyncio.to_thread(send)
    assert failures == []
    assert took > 1, "the second ten had to wait"
    await server.until_counted("Sent Slowly", 20)


async def test_what_is_refused_is_told_in_words(server: Server, key: str) -> None:
    # The client keeps its batches below Segment's 500 KB itself; what it sends them with does not.
    message = {"type": "track", "event": "Never Told", "userId": "u", "note": "x" * 600_000}
    with pytest.raises(APIError) as raised:
        await asyncio.to_thread(lambda: post(key, server.url, batch=[message]))
    assert (raised.value.status, raised.value.code) == (400, "too_large")
    assert "512000 bytes" in raised.value.message


async def test_a_clock_that_is_wrong_is_put_right(server: Server, key: str) -> None:
    # The client's library tells when it sends by the same clock; an hour ahead here.
    ahead = timedelta(hours=1)
    now = datetime.now(UTC)
    message = {
        "type": "track",
        "userId": "ahead",
        "event": "Clock Ahead",
        "timestamp": (now + ahead - timedelta(minutes=10)).isoformat(),
        "messageId": "clock-ahead",
    }
    sent_at = (now + ahead).isoformat()
    await asyncio.to_thread(lambda: post(key, server.url, batch=[message], sentAt=sent_at))
    (told,) = await server.events(await server.contact("external", "ahead"))
    assert abs(told.at / 1e6 - (now - timedelta(minutes=10)).timestamp()) < 5
