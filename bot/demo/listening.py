"""What every far side on loopback has: an address that answers from `start` to `close`."""

from abc import ABC, abstractmethod
from typing import Self

from aiohttp import web

HOST = "127.0.0.1"  # never anything else: whoever can reach it can write, and pay, as anybody
_SHUTDOWN_SECONDS = 0.2  # for watchers of a phone, who would stay for ever


class Loopback(ABC):
    """Speaks HTTP at `url` from `start` to `close`, or for as long as it is entered."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The base URL to give the bot instead of the provider's."""
        assert self._runner is not None, "start it first"
        return f"http://{HOST}:{self._port}"

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        self._port = self._runner.addresses[0][1]
        await self._open()

    async def close(self) -> None:
        """Stop listening, and everything where it is."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self._shut()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @abstractmethod
    def _app(self) -> web.Application:
        """Make what answers."""

    @abstractmethod
    async def _open(self) -> None:
        """Begin what goes on beside answers, once the address is known."""

    @abstractmethod
    async def _shut(self) -> None:
        """End it."""
