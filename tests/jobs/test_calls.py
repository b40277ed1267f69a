"""What is told to the shop: signed, the same body at every try, once it has taken it never again."""

import hmac
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path

import pytest
from aiohttp import web

from tests.conversation.chat import FLOWS, Chat, chatting
from tests.ports import free_port

SECRET = "shop-secret-of-the-tests"  # of this shop alone


@dataclass(slots=True)
class Shop:
    """A shop's server; answers with the next of `answers`, then 200."""

    port: int = field(default_factory=free_port)
    answers: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen."""

        async def hear(request: web.Request) -> web.Response:
            self.heard.append((dict(request.headers), await request.read()))
            return web.Response(status=self.answers.pop(0) if self.answers else 200)

        app = web.Application()
        app.router.add_post("/orders", hear)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A shop that listens."""
    shop = Shop()
    async with shop.running():
        yield shop


@pytest.fixture
async def chat(database_url: str, shop: Shop) -> AsyncIterator[Chat]:
    """A member with an order in the book, of a shop that wants to hear of orders."""
    settings = {
        "REGULARS_SHOP_WEBHOOK_URL": f"http://127.0.0.1:{shop.port}/orders",
        "REGULARS_SHOP_WEBHOOK_SECRET": SECRET,
        "REGULARS_SHOP_WEBHOOK_NETWORK": "any",
    }
    async with chatting(database_url, settings=settings) as chat:
        await ordered(chat)
        yield chat


async def ordered(chat: Chat) -> None:
    """Let a member order."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    await chat.order(("LATTE", 2))
    await chat("REORDER")
    await chat("YES")


async def test_an_order_is_told_once_and_signed(chat: Chat, shop: Shop) -> None:
    await chat.later(seconds=5)
    await chat.later(hours=5)
    ((headers, body),) = shop.heard
    seconds, _, signature = headers["X-Regulars-Signature"].partition(",v1=")
    stamped = f"{seconds.removeprefix('t=')}.".encode() + body
    assert hmac.new(SECRET.encode(), stamped, sha256).hexdigest() == signature
    assert headers["Idempotency-Key"]
    order = json.loads(body)
    assert "LATTE" in json.dumps(order)


async def test_a_shop_that_is_down_hears_the_same_later(chat: Chat, shop: Shop) -> None:
    shop.answers = [500, 429, 302]
    for _ in range(6):
        await chat.later(minutes=10)
    assert len(shop.heard) == 4
    assert len({body for _, body in shop.heard}) == 1
    assert len({headers["Idempotency-Key"] for headers, _ in shop.heard}) == 1


async def test_a_shop_that_never_answers_well_is_given_up_on(chat: Chat, shop: Shop) -> None:
    shop.answers = [500] * 100
    for _ in range(40):
        await chat.later(hours=3)
    assert await chat.of("call", "state", "key") == [("dead",)]


async def test_who_comes_into_an_audience_is_told_as_segment_tells_it(
    database_url: str, shop: Shop, tmp_path: Path
) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(FLOWS, flows)
    (flows / "audiences.yaml").write_text("buyers: {event: Order Placed, sync: identify}\n")
    settings = {
        "REGULARS_SHOP_WEBHOOK_URL": f"http://127.0.0.1:{shop.port}/orders",
        "REGULARS_SHOP_WEBHOOK_SECRET": f"the-newer-secret,{SECRET}",
        "REGULARS_SHOP_WEBHOOK_NETWORK": "any",
    }
    async with chatting(database_url, settings=settings, flows=flows) as chat:
        await ordered(chat)
        await chat.later(seconds=5)
        told = {headers["X-Regulars-Event"]: (headers, body) for headers, body in shop.heard}
        headers, body = told["audience.identify"]
        assert headers["X-Signature"] == hmac.new(b"the-newer-secret", body, sha1).hexdigest()
        assert "X-Signature" not in next(
            one for kind, (one, _) in told.items() if kind != "audience.identify"
        )
        message = json.loads(body)
        assert (message["type"], message["traits"]) == ("identify", {"buyers": True})
        assert message["userId"] == await chat.contact_id()
        assert message["context"]["personas"]["computation_key"] == "buyers"


async def test_while_a_secret_is_replaced_both_prove_a_call(database_url: str, shop: Shop) -> None:
    settings = {
        "REGULARS_SHOP_WEBHOOK_URL": f"http://127.0.0.1:{shop.port}/orders",
        "REGULARS_SHOP_WEBHOOK_SECRET": f"the-newer-secret,{SECRET}",
        "REGULARS_SHOP_WEBHOOK_NETWORK": "any",
    }
    async with chatting(database_url, settings=settings) as chat:
        await ordered(chat)
        await chat.later(seconds=5)
    ((headers, body),) = shop.heard
    stamp, *proofs = headers["X-Regulars-Signature"].split(",")
    stamped = f"{stamp.removeprefix('t=')}.".encode() + body
    wanted = [
        hmac.new(secret.encode(), stamped, sha256).hexdigest() for secret in ("the-newer-secret", SECRET)
    ]
    assert proofs == [f"v1={proof}" for proof in wanted]


async def test_no_call_reaches_a_private_network_whatever_a_name_resolves_to(
    database_url: str, shop: Shop
) -> None:
    # `0x7f.1` is no address as written: the settings cannot know where it leads, the socket does.
    settings = {
        "REGULARS_SHOP_WEBHOOK_URL": f"http://0x7f.1:{shop.port}/orders",
        "REGULARS_SHOP_WEBHOOK_SECRET": SECRET,
    }
    async with chatting(database_url, settings=settings) as chat:
        await ordered(chat)
        await chat.later(seconds=5)
        ((state, failure),) = await chat.of("call", "state, failure", "key")
    assert shop.heard == []
    assert state == "queued"
    assert "not of the public internet" in failure


async def test_a_process_that_stops_makes_no_more_calls(chat: Chat, shop: Shop) -> None:
    await chat.app.clockwork.close()
    await chat.app.clockwork.strike_all()
    assert shop.heard == []
    assert await chat.of("call", "state, attempts", "key") == [("queued", 0)]
