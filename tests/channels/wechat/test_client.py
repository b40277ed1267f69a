"""The client against a platform that misbehaves as the real one does: tokens, retries, time-outs, secrets."""

import asyncio
import logging
import socket
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.channels.channel import (
    AccountSpent,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderUnreachable,
    SendError,
    SenderSlowed,
    SendLater,
)
from bot.channels.wechat.client import WechatClient
from bot.channels.wechat.transport import Json, Transport
from tests.channels.wechat.platform import APPID, OFFICIAL, OPENID, SECRET, Platform, errcode, platform

SEND = "message/custom/send"
BODY: Json = {"touser": OPENID, "msgtype": "text", "text": {"content": "积分已到账 ✓"}}


@asynccontextmanager
async def client_of(url: str, seconds: float = 3) -> AsyncIterator[WechatClient]:
    transport = Transport(url, timeout=timedelta(seconds=seconds))
    try:
        yield WechatClient(OFFICIAL, transport)
    finally:
        await transport.close()


@pytest.fixture
async def wechat() -> AsyncIterator[tuple[WechatClient, Platform]]:
    async with platform() as found, client_of(found.url) as client:
        yield client, found


async def failure(client: WechatClient) -> SendError:
    with pytest.raises(SendError) as caught:
        await client.post(SEND, BODY)
    told = "".join(traceback.format_exception(caught.value, chain=True))
    for private in (SECRET, OPENID, "token-", "access_token="):
        assert private not in told
    error: BaseException | None = caught.value
    while error is not None:  # nothing of aiohttp's hangs on to it, for a reporter that looks deeper
        assert not isinstance(error, aiohttp.ClientError)
        error = error.__cause__ or error.__context__
    return caught.value


async def test_chinese_goes_as_it_is_written(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    assert await client.post(SEND, BODY) == {"errcode": 0, "errmsg": "ok"}
    assert found.asked == [("POST", f"/cgi-bin/{SEND}", {}, BODY)]
    assert found.fetches == [
        {"grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": False}
    ]


async def test_a_hundred_at_once_fetch_one_token(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.latency = 0.05
    await asyncio.gather(*(client.post(SEND, BODY) for _ in range(100)))
    assert len(found.fetches) == 1
    assert len(found.asked) == 100


async def test_fifty_refused_at_once_renew_it_once_and_force_nothing(
    wechat: tuple[WechatClient, Platform],
) -> None:
    client, found = wechat
    await client.post(SEND, BODY)
    found.rotate()
    found.latency = 0.02
    await asyncio.gather(*(client.post(SEND, BODY) for _ in range(50)))
    assert len(found.fetches) == 2
    assert found.forced == 0
    assert len(found.asked) == 1 + 2 * 50


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_call_is_tried_once_more_with_another_token(
    wechat: tuple[WechatClient, Platform], code: int
) -> None:
    client, found = wechat
    found.scripted.append(errcode(code))
    found.rotate()  # what was fetched at first is another one than what comes now
    found.token_scripted.append({"access_token": "token-1", "expires_in": 7200})
    await client.post(SEND, BODY)
    assert (len(found.fetches), len(found.asked), found.forced) == (2, 2, 0)


async def test_the_same_token_again_is_forced_once(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.is_stuck = True
    await client.post(SEND, BODY)
    assert [fetch["force_refresh"] for fetch in found.fetches] == [False, False, True]
    assert len(found.asked) == 2


async def test_what_is_refused_for_ever_ends_after_two_calls(wechat: tuple[WechatClient, Platform]) -> None:
    """By itself wechatpy made 488 token fetches and 487 calls of this, then a RecursionError."""
    client, found = wechat
    found.always_bad, found.is_stuck = True, True
    error = await failure(client)
    assert type(error) is SenderSlowed
    assert error.code == 40001
    assert (len(found.fetches), len(found.asked), found.forced) == (3, 2, 1)
    for _ in range(20):
        assert type(await failure(client)) is SenderSlowed
    assert (found.forced, len(found.fetches)) == (1, 4), "within 30 seconds nothing more is forced or fetched"
    assert len(found.asked) == 3


async def test_a_wrong_secret_is_the_operators(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    for code in (40125, 40001, 40164, 40243):
        found.token_scripted.append(errcode(code))
        fresh = WechatClient(OFFICIAL, client._transport)  # noqa: SLF001  # one server for all
        error = await failure(fresh)
        assert type(error) is OperatorNeeded
        assert error.code == code
        assert type(await failure(fresh)) is OperatorNeeded  # without asking again
    assert len(found.fetches) == 4
    assert found.asked == []


async def test_who_waited_while_it_failed_does_not_ask_again(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.latency = 0.05
    found.token_scripted.extend(errcode(45011) for _ in range(40))
    errors = await asyncio.gather(*(client.post(SEND, BODY) for _ in range(40)), return_exceptions=True)
    assert {type(error) for error in errors} == {SenderSlowed}
    assert len(found.fetches) == 1


async def test_a_day_that_is_spent_is_not_tried_again(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.scripted.append(errcode(45009))
    assert type(await failure(client)) is AccountSpent
    assert len(found.asked) == 1
    found.token_scripted.append(errcode(45009))
    fresh = WechatClient(OFFICIAL, client._transport)  # noqa: SLF001  # one server for both
    assert type(await failure(fresh)) is AccountSpent


async def test_a_busy_platform_is_asked_again_a_few_times(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.scripted.extend([errcode(-1), errcode(-1)])
    await client.post(SEND, BODY)
    assert len(found.asked) == 3
    found.scripted.extend(errcode(-1) for _ in range(9))
    error = await failure(client)
    assert type(error) is SendLater
    assert error.code == -1
    assert len(found.asked) == 6


async def test_a_busy_token_is_asked_for_again(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.token_scripted.append(errcode(-1))
    await client.post(SEND, BODY)
    assert len(found.fetches) == 2


async def test_an_answer_that_never_comes_is_not_known(wechat: tuple[WechatClient, Platform]) -> None:
    _, found = wechat

    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with client_of(found.url, seconds=0.2) as client:
        found.scripted.append(silent)
        assert type(await failure(client)) is OutcomeUnknown


async def hangs_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def says_html(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>Bad gateway</html>", content_type="text/html")


async def says_a_list(_: web.Request) -> web.StreamResponse:
    return web.json_response([1, 2])


async def says_500(_: web.Request) -> web.StreamResponse:
    return web.Response(status=502)


async def says_too_much(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"x": "' + b"y" * 5_000_000 + b'"}')


async def leads_away(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "https://elsewhere.example/"})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (hangs_up, OutcomeUnknown),
        (says_html, OutcomeUnknown),
        (says_a_list, OutcomeUnknown),
        (says_500, OutcomeUnknown),
        (says_too_much, OutcomeUnknown),
        (leads_away, OperatorNeeded),
    ],
)
async def test_a_broken_answer(
    wechat: tuple[WechatClient, Platform], answer: object, kind: type[SendError]
) -> None:
    client, found = wechat
    await client.check_token()
    found.scripted.append(answer)  # type: ignore[arg-type]  # each is one
    assert type(await failure(client)) is kind
    await client.post(SEND, BODY)  # the next is well


@pytest.mark.parametrize("answer", [hangs_up, says_html, says_500])
async def test_a_broken_answer_about_the_token_means_that_nothing_was_sent(
    wechat: tuple[WechatClient, Platform], answer: object
) -> None:
    client, found = wechat
    found.token_scripted.append(answer)  # type: ignore[arg-type]  # each is one
    assert type(await failure(client)) is ProviderUnreachable
    assert found.asked == []


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with client_of(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            assert type(await failure(client)) is ProviderUnreachable


async def test_control_characters_and_broken_utf8_in_an_answer(
    wechat: tuple[WechatClient, Platform],
) -> None:
    client, found = wechat

    async def odd(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b'{"errcode": "0", "errmsg": "a\nb\xff"}', content_type="text/plain")

    found.scripted.append(odd)
    assert (await client.post(SEND, BODY))["errcode"] == "0"


async def test_nothing_is_logged_that_nobody_may_see(
    wechat: tuple[WechatClient, Platform], caplog: pytest.LogCaptureFixture
) -> None:
    client, found = wechat
    with caplog.at_level(logging.DEBUG):
        await client.post(SEND, BODY)
        found.scripted.append(errcode(40003))
        await failure(client)
        found.scripted.append(hangs_up)
        await failure(client)
    for private in (SECRET, OPENID, "token-1"):
        assert private not in caplog.text


async def test_the_catalogue_of_wechatpy_is_awaited(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.answers = {
        "/cgi-bin/media/upload": {"type": "image", "media_id": "M1", "created_at": 1},
        "/cgi-bin/qrcode/create": {"ticket": "g+T/1==", "url": "http://weixin.qq.com/q/1"},
        "/cgi-bin/user/info": {"subscribe": 1, "openid": OPENID, "unionid": "u1"},
        "/wxaapi/newtmpl/gettemplate": {"errcode": 0, "data": [{"priTmplId": "t1", "content": "c"}]},
        "/cgi-bin/menu/get": {"menu": {"button": []}},
    }
    assert await client.upload_image(b"\x89PNG", "card.png", "image/png") == "M1"
    await client.create_menu({"button": [{"type": "click", "name": "积分", "key": "BALANCE"}]})
    qr = await client.create_qr("counter 1")
    assert qr.picture == "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=g%2BT/1%3D%3D"
    await client.create_qr("till", 600)
    assert (await client.user(OPENID))["unionid"] == "u1"
    assert [one["priTmplId"] for one in await client.templates()] == ["t1"]
    assert await client.menu() == {"menu": {"button": []}}
    scene = {"scene": {"scene_str": "counter 1"}}
    assert found.asked[0] == (
        "POST",
        "/cgi-bin/media/upload",
        {"type": "image"},
        ("card.png", "image/png", b"\x89PNG"),
    )
    assert found.bodies("/cgi-bin/menu/create") == [
        {"button": [{"type": "click", "name": "积分", "key": "BALANCE"}]}
    ]
    assert found.bodies("/cgi-bin/qrcode/create") == [
        {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": scene["scene"]}},
        {
            "action_name": "QR_STR_SCENE",
            "expire_seconds": 600,
            "action_info": {"scene": {"scene_str": "till"}},
        },
    ]


async def test_an_upload_is_sent_again_after_its_token_was_refused(
    wechat: tuple[WechatClient, Platform],
) -> None:
    client, found = wechat
    await client.check_token()
    found.rotate()
    found.answers = {"/cgi-bin/media/upload": {"media_id": "M2"}}
    assert await client.upload_image(b"GIF89a", "a.gif", "image/gif") == "M2"
    assert found.bodies("/cgi-bin/media/upload") == [("a.gif", "image/gif", b"GIF89a")] * 2


async def test_an_upload_whose_answer_is_lost_is_only_late(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.scripted.append(hangs_up)
    with pytest.raises(SendLater):
        await client.upload_image(b"GIF89a", "a.gif", "image/gif")


async def test_an_account_without_a_menu(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    found.scripted.append(errcode(46003))
    assert await client.menu() == {}


async def test_the_token_goes_nowhere_else(wechat: tuple[WechatClient, Platform]) -> None:
    client, found = wechat
    for url in (
        "https://elsewhere.example/x",
        "http://api.weixin.qq.com/x",
        "https://api.weixin.qq.com.evil/x",
    ):
        with pytest.raises(ValueError, match="nowhere"):
            await client.post(url, {})
    with pytest.raises(AttributeError):
        _ = client._api.access_token  # noqa: SLF001  # what wechatpy's synchronous methods would take
    with pytest.raises(NotImplementedError):
        client._api.fetch_access_token()  # noqa: SLF001  # same
    assert found.asked == []


def test_nothing_of_it_is_imported_where_no_account_is_set_up() -> None:
    program = (
        "import bot.app, bot.cli, sys;"
        " print([m for m in ('wechatpy', 'requests', 'xmltodict') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"
