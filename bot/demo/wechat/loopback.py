"""A WeChat without an account: its API, its pushes and everybody's phones, on loopback.

Inside a test or `regulars demo` it is `LoopbackWechat`; it speaks HTTP at `url` from `start` to `close`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Self

from aiohttp import web

from bot.demo.loopback_phone import only_this_machine
from bot.demo.wechat.account import Account
from bot.demo.wechat.api import Api
from bot.demo.wechat.face import WechatFace
from bot.demo.wechat.faults import Fault
from bot.demo.wechat.people import People
from bot.demo.wechat.platform import Platform

HOST = "127.0.0.1"  # never anything else: whoever can reach it can write as anybody
_SHUTDOWN_SECONDS = 0.2
_BODY_MAX = 16 << 20
PUSH_TIMEOUT = timedelta(seconds=5)


class LoopbackWechat:
    """Some accounts, and every phone in China.

    Conversations are kept for as long as it lives: it is for demos, tests and benchmarks.
    """

    name = "loopback-wechat"

    def __init__(
        self,
        accounts: Iterable[Account],
        *,
        latency: timedelta = timedelta(milliseconds=50),
        push_timeout: timedelta = PUSH_TIMEOUT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.platform = Platform(accounts, clock=clock, latency=latency, push_timeout=push_timeout)
        self.people = People(self.platform)
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The base URL to give the sender instead of https://api.weixin.qq.com."""
        assert self._runner is not None, "start it first"
        return f"http://{HOST}:{self._port}"

    @property
    def latency_seconds(self) -> float:
        """How long the API takes to answer."""
        return self.platform.latency_seconds

    @latency_seconds.setter
    def latency_seconds(self, seconds: float) -> None:
        self.platform.latency_seconds = seconds

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        app = web.Application(middlewares=[only_this_machine], client_max_size=_BODY_MAX)
        app.add_routes(Api(self.platform, self.people).routes())
        app.add_routes(WechatFace(self.platform, self.people).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        await self.platform.open()

    async def close(self) -> None:
        """Stop listening, and everything where it is."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self.platform.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def settings(self) -> dict[str, str]:
        """Return what the bot's environment says of it; start it first."""
        found = {"REGULARS_WECHAT_BASE_URL": self.url}
        for account in self.platform.accounts.values():
            found |= account.settings()
        return found

    def fault(self, fault: Fault) -> None:
        """Have something go wrong."""
        self.platform.faults.add(fault)

    async def settle(self) -> None:
        """Wait until nothing is on its way any more."""
        await self.platform.settle()
