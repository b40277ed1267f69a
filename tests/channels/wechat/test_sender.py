"""Sending on WeChat against a platform that answers as it is told to."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.channels.channel import (
    AddressUnusable,
    Channel,
    Lookup,
    NoGrant,
    NoticeWrong,
    OperatorNeeded,
    OutcomeUnknown,
    SendError,
    SentInPart,
    WindowUsedUp,
)
from bot.channels.wechat.client import WechatClient
from bot.channels.wechat.pictures import Pictures
from bot.channels.wechat.sender import WechatChannel
from bot.channels.wechat.shared import Remembered
from bot.channels.wechat.transport import Transport
from bot.core.forms import Card, Form, MenuOption, Notice
from bot.core.gate import Cleared
from bot.core.messages import MessageClass, OutboxState, Outgoing
from bot.core.ways import WayKind
from tests.channels.wechat.platform import APPID, MINI, OFFICIAL, OPENID, Answer, Platform, errcode, platform
from tests.channels.wechat.test_wire import MESSAGE as WIRED

CUSTOM, UPLOAD = "/cgi-bin/message/custom/send", "/cgi-bin/media/upload"
PNG = b"\x89PNG\r\n\x1a\n-pixels"
MESSAGE = replace(WIRED, address=f"{APPID}/{OPENID}", sender=APPID, message_class=MessageClass.REPLY)
CARD = Form(card=Card("Your usual", "pages/reorder", account="mini", image="card.png"))
LONG = "积分到账。" * 300  # three parts


@asynccontextmanager
async def wechat(
    folder: Path | None = None, wait: float = 3
) -> AsyncIterator[tuple[WechatChannel, Platform]]:
    async with platform() as found:
        channel = WechatChannel(
            [OFFICIAL, MINI], base_url=found.url, folder=folder, timeout=timedelta(seconds=wait)
        )
        found.answers[UPLOAD] = {"type": "image", "media_id": "M1"}
        try:
            yield channel, found
        finally:
            await channel.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "card.png").write_bytes(PNG)
    return tmp_path


async def failure(channel: Channel, cleared: Cleared) -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(cleared)
    assert OPENID not in str(caught.value)
    return caught.value


def kinds(found: Platform) -> list[object]:
    return [body["msgtype"] for body in found.bodies(CUSTOM) if isinstance(body, dict)]


async def test_a_text_is_taken() -> None:
    async with wechat() as (channel, found):
        sent = await channel.send(Cleared(MESSAGE))
        assert (sent.state, sent.provider_id, sent.segments) == (OutboxState.SENT, "", None)
        text = {"touser": OPENID, "msgtype": "text", "text": {"content": MESSAGE.body}}
        assert found.bodies(CUSTOM) == [text]
        assert not isinstance(channel, Lookup), "nobody can be asked what WeChat has taken"


async def test_a_subscribe_message_is_known_by_the_platforms_id() -> None:
    notice = Notice("arrived", "T1", {"thing1": "积分"})
    message = replace(MESSAGE, address=f"{MINI.appid}/{OPENID}", form=Form(notice=notice))
    async with wechat() as (channel, found):
        found.answers["/cgi-bin/message/subscribe/send"] = errcode(0) | {"msgid": 3141592653589793238}
        sent = await channel.send(Cleared(message, WayKind.SUBSCRIBE))
        assert sent.provider_id == "3141592653589793238"


@pytest.mark.parametrize(
    ("code", "kind"),
    [(45047, WindowUsedUp), (40003, AddressUnusable), (43101, NoGrant), (47003, NoticeWrong)],
)
async def test_a_refusal_inside_a_200(code: int, kind: type[SendError]) -> None:
    async with wechat() as (channel, found):
        found.scripted.append(errcode(code))
        error = await failure(channel, Cleared(MESSAGE))
        assert (type(error), error.code) == (kind, code)
        await channel.send(Cleared(MESSAGE))


async def test_an_account_that_is_not_set_up_is_the_operators() -> None:
    async with wechat() as (channel, found):
        message = replace(MESSAGE, address=f"wxgone/{OPENID}")
        assert type(await failure(channel, Cleared(message))) is OperatorNeeded
        assert found.asked == []


async def lost(_: web.Request) -> web.StreamResponse:
    return web.Response(status=504)


async def test_a_lost_answer_is_not_known_and_nothing_more_is_sent() -> None:
    async with wechat() as (channel, found):
        found.scripted.append(lost)
        assert type(await failure(channel, Cleared(replace(MESSAGE, body=LONG)))) is OutcomeUnknown
        assert len(found.asked) == 1


async def test_a_long_text_leaves_in_order() -> None:
    async with wechat() as (channel, found):
        await channel.send(Cleared(replace(MESSAGE, body=LONG)))
        texts = [body["text"]["content"] for body in found.bodies(CUSTOM) if isinstance(body, dict)]
        assert "".join(texts) == LONG
        assert len(texts) == 3


@pytest.mark.parametrize(("refusal", "because"), [(errcode(45047), WindowUsedUp), (lost, OutcomeUnknown)])
async def test_a_text_of_which_only_the_beginning_left_is_never_said_again(
    refusal: object, because: type[SendError]
) -> None:
    async with wechat() as (channel, found):

        async def well(_: web.Request) -> web.StreamResponse:
            return web.json_response(errcode(0))

        found.scripted.extend([well, refusal])  # type: ignore[list-item]  # each is an answer
        error = await failure(channel, Cleared(replace(MESSAGE, body=LONG)))
        assert type(error) is SentInPart
        assert type(error.__cause__) is because
        assert error.again is None
        assert len(found.bodies(CUSTOM)) == 2


async def test_options_become_text_for_good_where_menus_are_refused() -> None:
    form = Form(head="Good?", options=(MenuOption("1", "Yes"),))
    message = replace(MESSAGE, body="Good?\n1 Yes", form=form)
    async with wechat() as (channel, found):
        await channel.send(Cleared(message))
        found.scripted.append(errcode(40200))
        await channel.send(Cleared(message))
        await channel.send(Cleared(message))
        assert kinds(found) == ["msgmenu", "msgmenu", "text", "text"]


async def test_a_cards_picture_is_uploaded_once(folder: Path) -> None:
    async with wechat(folder) as (channel, found):
        found.latency = 0.02
        message = replace(MESSAGE, form=CARD)
        await asyncio.gather(*(channel.send(Cleared(message)) for _ in range(5)))
        assert found.bodies(UPLOAD) == [("picture.png", "image/png", PNG)]
        assert sorted(map(str, kinds(found))) == ["miniprogrampage"] * 5 + ["text"] * 5
        (folder / "card.png").write_bytes(PNG + b"!")
        await channel.send(Cleared(message))
        assert len(found.bodies(UPLOAD)) == 2, "a new picture under the old name"
        other = replace(message, address=f"{MINI.appid}/{OPENID}")
        await channel.send(Cleared(other))
        assert len(found.bodies(UPLOAD)) == 3, "each account has its own"


async def test_a_picture_the_platform_forgot_is_uploaded_again(folder: Path) -> None:
    async with wechat(folder) as (channel, found):
        message = replace(MESSAGE, form=CARD)
        await channel.send(Cleared(message))
        found.answers[UPLOAD] = {"media_id": "M2"}

        async def well(_: web.Request) -> web.StreamResponse:
            return web.json_response(errcode(0))

        found.scripted.extend([well, errcode(40007)])
        await channel.send(Cleared(message))
        cards = [
            body for body in found.bodies(CUSTOM) if isinstance(body, dict) and "miniprogrampage" in body
        ]
        assert [card["miniprogrampage"]["thumb_media_id"] for card in cards] == ["M1", "M1", "M2"]


async def test_a_card_that_is_refused_does_not_take_its_text_back(folder: Path) -> None:
    async with wechat(folder) as (channel, found):

        async def well(_: web.Request) -> web.StreamResponse:
            return web.json_response(errcode(0))

        upload: Answer = well
        found.scripted.extend([{"media_id": "M1"}, upload, errcode(45047)])
        sent = await channel.send(Cleared(replace(MESSAGE, form=CARD)))
        assert sent.state is OutboxState.SENT
        assert kinds(found) == ["text", "miniprogrampage"]


@pytest.mark.parametrize(
    "image", ["gone.png", "../secret.png", "/etc/hostname", "text.png", "\0", "http://127.0.0.1:9/x"]
)
async def test_a_card_without_a_picture_is_a_link(folder: Path, image: str) -> None:
    (folder / "text.png").write_text("no picture")
    (folder.parent / "secret.png").write_bytes(PNG)
    async with wechat(folder) as (channel, found):
        message = replace(MESSAGE, form=Form(card=Card("Your usual", "pages/a", "mini", image)))
        await channel.send(Cleared(message))
        (body,) = found.bodies(CUSTOM)
        assert isinstance(body, dict)
        assert "data-miniprogram-path" in body["text"]["content"]
        assert found.bodies(UPLOAD) == []


async def test_pictures_come_from_the_web_but_not_for_ever_and_not_from_everywhere() -> None:
    asked: list[str] = []

    async def picture(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path == "/away":
            raise web.HTTPFound("/1.jpg")
        if request.path == "/huge":
            return web.Response(body=b"\xff\xd8\xff" + b"x" * 11_000_000)
        return web.Response(body=b"\xff\xd8\xff-jpeg")

    async with wechat() as (channel, found), served(picture) as base:
        for path in ("/1.jpg", "/1.jpg", "/away", "/huge", "/huge"):
            await channel.send(Cleared(replace(MESSAGE, body="", media=(base + path,))))
        assert asked == ["/1.jpg", "/away", "/huge"], "neither twice in a row nor anew within a minute"
        assert kinds(found) == ["image", "image", "text", "text", "text"]
        assert found.bodies(UPLOAD) == [("picture.jpeg", "image/jpeg", b"\xff\xd8\xff-jpeg")]


async def test_nobody_waits_for_ever_for_a_picture() -> None:
    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response(body=PNG)

    async with platform() as found, served(slow) as base:
        transport, pictures = Transport(found.url), Pictures(Remembered(), patience_seconds=0.2)
        client = WechatClient(OFFICIAL, transport)
        begun_at = time.monotonic()
        wanted = [pictures.media_ids(client, [f"{base}/{number}.png"]) for number in range(8)]
        assert await asyncio.gather(*wanted) == [{}] * 8
        assert time.monotonic() - begun_at < 3
        await pictures.close()
        await transport.close()


@asynccontextmanager
async def served(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_campaign_of_a_hundred_asks_for_one_token_and_is_quick() -> None:
    async with wechat() as (channel, found):
        found.latency = 0.01
        messages: Sequence[Outgoing] = [replace(MESSAGE, address=f"{APPID}/o{n}") for n in range(100)]
        began_at = time.perf_counter()
        await asyncio.gather(*(channel.send(Cleared(message)) for message in messages))
        assert time.perf_counter() - began_at < 5
        assert (len(found.fetches), len(found.asked)) == (1, 100)
