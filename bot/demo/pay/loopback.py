"""A WeChat Pay without a merchant: its API and its shoppers, on loopback.

Inside a test or `regulars demo` it is `LoopbackPay`; it speaks HTTP at `url` from `start` to `close`.
"""

import functools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from bot.demo.listening import Loopback
from bot.demo.loopback_phone import only_this_machine
from bot.demo.pay import crypto
from bot.demo.pay.api import Api
from bot.demo.pay.book import Book
from bot.demo.pay.face import PayFace
from bot.demo.pay.faults import Fault, Faults
from bot.demo.pay.notifying import RETRY_SECONDS, Notifier
from bot.demo.pay.phones import Phones

MCHID, SERIAL, KEY_ID = (
    "1900000001",
    "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
    "PUB_KEY_ID_0119000000012024",
)
_FLOAT_MINOR = 10_000_00


class LoopbackPay(Loopback):
    """One merchant, and everybody's phones.

    What was paid is kept for as long as it lives: it is for demos, tests and benchmarks.
    """

    name = "loopback-pay"

    def __init__(
        self,
        *,
        latency: timedelta = timedelta(0),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        float_minor: int = _FLOAT_MINOR,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        """`float_minor` is what the merchant's account holds before anybody pays."""
        super().__init__()
        merchant_key, platform_key, stranger = _keys()
        self.merchant_key, self.platform_key = merchant_key, platform_key
        self.apiv3_key = secrets.token_hex(16)
        self.faults = Faults()
        self.book = Book(MCHID, clock, float_minor)
        self.notifier = Notifier(platform_key, KEY_ID, self.apiv3_key, self.faults, clock, retry_seconds)
        self.phones = Phones(self.book, merchant_key.public_key(), self.notifier)
        self.api = Api(
            self.book,
            self.phones,
            self.faults,
            merchant=(SERIAL, merchant_key.public_key()),
            platform=(KEY_ID, platform_key),
            stranger=stranger,
            clock=clock,
        )
        self.latency_seconds = latency.total_seconds()

    @property
    def latency_seconds(self) -> float:
        """How long the API takes to answer."""
        return self.api.latency_seconds

    @latency_seconds.setter
    def latency_seconds(self, seconds: float) -> None:
        self.api.latency_seconds = seconds

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[only_this_machine])
        app.add_routes(self.api.routes())
        app.add_routes(PayFace(self.phones, self.book, self.faults, self.settle).routes())
        return app

    async def _open(self) -> None:
        await self.notifier.open()

    async def _shut(self) -> None:
        await self.api.close()
        await self.notifier.close()

    def settings(self, folder: Path) -> dict[str, str]:
        """Return what the bot's environment says of it, its keys in files there; start it first."""
        private, public = folder / "apiclient_key.pem", folder / "pub_key.pem"
        private.write_bytes(crypto.private_pem(self.merchant_key))
        private.chmod(0o600)
        public.write_bytes(crypto.public_pem(self.platform_key))
        return {
            "REGULARS_WECHAT_PAY_MCHID": MCHID,
            "REGULARS_WECHAT_PAY_SERIAL": SERIAL,
            "REGULARS_WECHAT_PAY_PRIVATE_KEY": str(private.resolve()),
            "REGULARS_WECHAT_PAY_APIV3_KEY": self.apiv3_key,
            "REGULARS_WECHAT_PAY_PUBLIC_KEY": str(public.resolve()),
            "REGULARS_WECHAT_PAY_PUBLIC_KEY_ID": KEY_ID,
            "REGULARS_WECHAT_PAY_BASE_URL": self.url,
        }

    def fault(self, fault: Fault) -> None:
        """Have something go wrong."""
        self.faults.add(fault)

    async def settle(self) -> None:
        """Wait until nothing is on its way any more, but for what is told again later."""
        await self.api.settle()
        await self.notifier.settle()


@functools.cache
def _keys() -> tuple[RSAPrivateKey, RSAPrivateKey, RSAPrivateKey]:
    """The keys of merchant, platform and somebody else: made once in a process, since that takes a second."""
    return crypto.new_key(), crypto.new_key(), crypto.new_key()
