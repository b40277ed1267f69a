"""What a telephone's WeChat does beside showing pages: codes of wx.login and of the number's button; time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiohttp import web

from tests.ports import free_port
from tests.wechat.wechat_chat import MINI, WechatChat


@asynccontextmanager
async def ringing(chat: WechatChat) -> AsyncIterator[str]:
    """Answer phone.js for as long as the context lasts; gives the URL."""
    app = web.Application()
    app.add_routes([web.post("/{what}", _answering(chat))])
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def _answering(chat: WechatChat) -> Callable[[web.Request], Any]:
    platform = chat.loopback.platform

    async def answer(request: web.Request) -> web.Response:
        what, asked = request.match_info["what"], await request.json()
        account = platform.accounts[MINI]
        match what:
            case "login" | "phone":
                return web.json_response({"code": platform.pages.code(account, asked["person"], what)})
            case "later":
                chat.clock.now += timedelta(minutes=asked["minutes"])
                await chat.sms.strike()
                return web.json_response({"now": chat.clock.now.isoformat()})
            case _:
                raise web.HTTPNotFound

    return answer
