"""A platform for our own tests: one token at a time, scripted answers, and what it was asked."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bot.channels.wechat.account import AccountKind, WechatAccount

APPID, SECRET, OPENID = "wx1234567890abcdef", "a-secret-nobody-may-see", "oABC-openid-of-ana"
OFFICIAL = WechatAccount(name="shop", appid=APPID, secret=SECRET, kind=AccountKind.OFFICIAL, tokens=("t",))
MINI = WechatAccount(
    name="mini", appid="wxmini0000000001", secret=SECRET, kind=AccountKind.MINI, tokens=("t",)
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def errcode(code: int, errmsg: str = "said with oABC-openid-of-ana and token-1") -> dict[str, object]:
    return {"errcode": code, "errmsg": errmsg}


@dataclass(slots=True)
class Platform:
    """What it was asked and what it answers; `scripted` answers come first, then the rule of the token."""

    url: str = ""
    tokens_given: int = 0
    forced: int = 0
    good: str = "token-1"
    always_bad: bool = False
    is_stuck: bool = False
    """Whether a plain fetch goes on giving the same token."""
    scripted: deque[dict[str, object] | Answer] = field(default_factory=deque)
    token_scripted: deque[dict[str, object] | Answer] = field(default_factory=deque)
    fetches: list[dict[str, object]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], object]] = field(default_factory=list)
    answers: dict[str, dict[str, object]] = field(default_factory=dict)
    latency: float = 0.0

    def rotate(self) -> None:
        """Let the token that is out be good no more."""
        number = int(self.good.rpartition("-")[2])
        self.good = f"token-{number + 1}"

    def bodies(self, path: str) -> list[object]:
        return [body for _, asked, _, body in self.asked if asked == path]

    async def token(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.fetches.append(asked)
        await asyncio.sleep(self.latency)
        if self.token_scripted:
            return await _answered(self.token_scripted.popleft(), request)
        if asked["secret"] != SECRET:
            return web.json_response(errcode(40125))
        if asked["force_refresh"]:
            self.forced += 1
            self.is_stuck = False
            self.rotate()
        given = "token-0" if self.is_stuck else self.good
        return web.json_response({"access_token": given, "expires_in": 7200})

    async def any(self, request: web.Request) -> web.StreamResponse:
        body: object
        if request.content_type == "multipart/form-data":
            form = await request.post()
            upload = form["media"]
            assert isinstance(upload, web.FileField)
            body = (upload.filename, upload.content_type, upload.file.read())
        else:
            body = await request.json() if request.can_read_body else None
        query = dict(request.query)
        token = query.pop("access_token", "")
        self.asked.append((request.method, request.path, query, body))
        await asyncio.sleep(self.latency)
        if self.scripted:
            return await _answered(self.scripted.popleft(), request)
        if self.always_bad or token != self.good:
            return web.json_response(errcode(40001))
        return web.json_response(self.answers.get(request.path, errcode(0, "ok")))


async def _answered(answer: dict[str, object] | Answer, request: web.Request) -> web.StreamResponse:
    return web.json_response(answer) if isinstance(answer, dict) else await answer(request)


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    found = Platform()
    app = web.Application()
    app.router.add_post("/cgi-bin/stable_token", found.token)
    app.router.add_route("*", "/{path:.*}", found.any)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()
