"""A WeChat without an account: its API, its pushes and everybody's phones, on loopback.

Inside a test or `regulars demo` it is `LoopbackWechat`; it speaks HTTP at `url` from `start` to `close`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.demo.listening import Loopback
from bot.demo.loopback_phone import only_this_machine
from bot.demo.wechat.account import Account
from bot.demo.wechat.api import Api
from bot.demo.wechat.face import WechatFace
from bot.demo.wechat.faults import Fault
from bot.demo.wechat.people import People
from bot.demo.wechat.platform import Platform

_BODY_MAX = 16 << 20
PUSH_TIMEOUT = timedelta(seconds=5)


class LoopbackWechat(Loopback):
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
        super().__init__()
        self.platform = Platform(accounts, clock=clock, latency=latency, push_timeout=push_timeout)
        self.people = People(self.platform)

    @property
    def latency_seconds(self) -> float:
        """How long the API takes to answer."""
        return self.platform.latency_seconds

    @latency_seconds.setter
    def latency_seconds(self, seconds: float) -> None:
        self.platform.latency_seconds = seconds

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[only_this_machine], client_max_size=_BODY_MAX)
        app.add_routes(Api(self.platform, self.people).routes())
        app.add_routes(WechatFace(self.platform, self.people).routes())
        return app

    async def _open(self) -> None:
        await self.platform.open()

    async def _shut(self) -> None:
        await self.platform.close()

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
