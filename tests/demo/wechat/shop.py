"""A shop's server and its accounts on a loopback WeChat, for tests of the loopback itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import aiohttp
import orjson
from aiohttp import web
from wechatpy.crypto import WeChatCrypto

from bot.demo.wechat.account import Account, Template
from bot.demo.wechat.loopback import LoopbackWechat

OFFICIAL, MINI = "wx00000000000000aa", "wx00000000000000bb"
ANA = "ana"
ARRIVED = Template("t" * 43, "到账提醒", {"thing1": "商家", "amount2": "金额", "time3": "时间"})


def fields(element: ET.Element) -> dict[str, Any]:
    return {child.tag: fields(child) if len(child) else child.text or "" for child in element}


def elements(reply: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{elements(value) if isinstance(value, dict) else escape(str(value))}</{name}>"
        for name, value in reply.items()
    )


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **ahead: float) -> None:
        self.now += timedelta(**ahead)


class Server:
    """The shop's own server: writes down what is pushed to it, opened by wechatpy, and answers as told."""

    def __init__(self) -> None:
        self.pushed: list[dict[str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.answers: list[Any] = []
        """What it answers next: fields of a reply, bytes, an HTTP status, seconds to wait; then success."""
        self.nonce: str | None = None
        """What it seals answers with instead of the push's own nonce."""
        self.accounts: dict[str, Account] = {}

    def crypto(self, account: Account) -> WeChatCrypto:
        return WeChatCrypto(account.token, account.aes_key, account.appid)

    async def push(self, request: web.Request) -> web.Response:
        account = self.accounts[request.match_info["account"]]
        query = dict(request.query)
        self.queries.append(query)
        body = (await request.read()).decode()
        if account.mode == "safe":
            parts = query["msg_signature"], query["timestamp"], query["nonce"]
            body = self.crypto(account).decrypt_message(body, *parts)
        pushed = fields(ET.fromstring(body))  # noqa: S314  # from the loopback
        self.pushed.append(pushed)
        answer = self.answers.pop(0) if self.answers else b"success"
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = b"success"
        if isinstance(answer, int):
            return web.Response(status=answer)
        if isinstance(answer, dict):
            reply = {
                "ToUserName": pushed["FromUserName"],
                "FromUserName": pushed["ToUserName"],
                "CreateTime": pushed["CreateTime"],
                **answer,
            }
            plain = f"<xml>{elements(reply)}</xml>"
            answer = plain.encode()
            if account.mode == "safe":
                sealed = self.crypto(account).encrypt_message(
                    plain, self.nonce or query["nonce"], query["timestamp"]
                )
                answer = sealed.encode()
        return web.Response(body=answer)

    async def check(self, request: web.Request) -> web.Response:
        return web.Response(text=request.query["echostr"])


class Shop:
    """Server, loopback, clock, and a way to ask the API."""

    def __init__(self, server: Server, loopback: LoopbackWechat, clock: Clock) -> None:
        self.server, self.loopback, self.clock = server, loopback, clock
        self.people, self.platform = loopback.people, loopback.platform
        self.session = aiohttp.ClientSession(
            loopback.url, json_serialize=lambda body: orjson.dumps(body).decode()
        )

    def received(self, account: str) -> list[str]:
        return self.platform.chat(ANA, account).received

    def told(self, account: str) -> list[str]:
        return [b.text for b in self.platform.chat(ANA, account).bubbles if b.direction == "told"]

    def openid(self, account: str) -> str:
        return self.platform.chat(ANA, account).openid

    async def token(self, account: str, **more: object) -> dict[str, Any]:
        of = self.platform.accounts[account]
        body = {"grant_type": "client_credential", "appid": of.appid, "secret": of.secret, **more}
        async with self.session.post("/cgi-bin/stable_token", json=body) as answer:
            return dict(await answer.json(content_type=None))

    async def ask(self, account: str, path: str, body: object = None, **query: str) -> dict[str, Any]:
        token = query.pop("token", None) or (await self.token(account))["access_token"]
        method = "GET" if body is None else "POST"
        asked = self.session.request(method, path, json=body, params={"access_token": token, **query})
        async with asked as answer:
            assert answer.status == 200
            return dict(await answer.json(content_type=None))

    async def code(self, account: str, path: str, body: object = None, **query: str) -> int:
        return int((await self.ask(account, path, body, **query)).get("errcode", 0))

    async def text(self, account: str, content: str) -> int:
        body = {"touser": self.openid(account), "msgtype": "text", "text": {"content": content}}
        return await self.code(account, "/cgi-bin/message/custom/send", body)

    async def notice(self, account: str, **changed: str) -> dict[str, Any]:
        given = {"thing1": "常客咖啡", "amount2": "¥4.59", "time3": "2026年11月23日 15:01", **changed}
        body = {
            "touser": self.openid(account),
            "template_id": ARRIVED.template_id,
            "page": "pages/wallet/index",
            "data": {key: {"value": value} for key, value in given.items()},
        }
        which = "bizsend" if self.platform.accounts[account].is_official else "send"
        return await self.ask(account, f"/cgi-bin/message/subscribe/{which}", body)


@asynccontextmanager
async def shop(**changes: Any) -> AsyncIterator[Shop]:  # noqa: ANN401  # of either account
    server, clock = Server(), Clock()
    app = web.Application()
    app.router.add_post("/wechat/{account}", server.push)
    app.router.add_get("/wechat/{account}", server.check)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/wechat"
    of_mini = {name: changes.pop(name) for name in ("format",) if name in changes}
    timeout = changes.pop("push_timeout", timedelta(seconds=5))
    accounts = [
        Account(
            name="shop",
            appid=OFFICIAL,
            kind="official",
            push_url=f"{base}/shop",
            templates=(ARRIVED,),
            **changes,
        ),
        Account(
            name="mini",
            appid=MINI,
            kind="mini",
            push_url=f"{base}/mini",
            templates=(ARRIVED,),
            **changes,
            **of_mini,
        ),
    ]
    server.accounts = {account.name: account for account in accounts}
    try:
        async with LoopbackWechat(
            accounts, latency=timedelta(), push_timeout=timeout, clock=clock
        ) as running:
            made = Shop(server, running, clock)
            try:
                yield made
            finally:
                await made.session.close()
    finally:
        await runner.cleanup()
