"""A Twilio without an account: its REST API, its signed webhooks and everybody's phones, on loopback.

Inside a test or `regulars demo` it is `LoopbackTwilio`; as a process of its own it is
`python -m bot.demo.loopback_twilio --webhook http://127.0.0.1:8080/twilio/messages`.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.demo.listening import Loopback
from bot.demo.loopback_api import Api
from bot.demo.loopback_message import Fault
from bot.demo.loopback_network import DEMO_NUMBER, Account, Network, Texted
from bot.demo.loopback_phone import PhoneFace, only_this_machine, share_with_this_machine

_DEMO_SID = "AC" + "0" * 32


class LoopbackTwilio(Loopback):
    """One account, and every phone in the world; speaks HTTP at `url` from `start` to `close`.

    A message arrives after `latency`, and each further status takes as long again. Messages are kept
    for as long as it lives: it is for demos, tests and benchmarks.
    """

    name = "loopback-twilio"

    def __init__(
        self,
        account: Account,
        *,
        latency: timedelta = timedelta(milliseconds=200),
        webhook_timeout: timedelta = timedelta(seconds=15),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.account = account
        self.network = Network(account, latency=latency, webhook_timeout=webhook_timeout, clock=clock)

    @property
    def latency_seconds(self) -> float:
        """How long everything takes."""
        return self.network.latency_seconds

    @latency_seconds.setter
    def latency_seconds(self, seconds: float) -> None:
        self.network.latency_seconds = seconds

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[only_this_machine])
        app.on_response_prepare.append(share_with_this_machine)
        app.add_routes([*Api(self.network).routes(), *PhoneFace(self.network).routes()])
        return app

    async def _open(self) -> None:
        await self.network.open()

    async def _shut(self) -> None:
        await self.network.close()

    async def text(self, number: str, body: str, *, media: tuple[str, ...] = ()) -> Texted:
        """Text the account's first number from a phone; returns when the webhook has answered."""
        return await self.network.text(number, to=self.account.numbers[0], body=body, media=media)

    def received(self, number: str) -> list[str]:
        """Return the texts that arrived on a phone, in order."""
        return [message.body for message in self.network.phone(number).received]

    def fault(self, fault: Fault) -> None:
        """Have something go wrong."""
        self.network.faults.add(fault)

    async def settle(self) -> None:
        """Wait until every message has arrived and every status is reported."""
        await self.network.settle()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it as a process of its own, with the credentials that the bot has in its environment."""
    tokens = os.environ.get("REGULARS_TWILIO_AUTH_TOKEN", "loopback")
    parser = argparse.ArgumentParser(prog="python -m bot.demo.loopback_twilio", description=__doc__)
    parser.add_argument("--webhook", default="http://127.0.0.1:8080/twilio/messages")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--account-sid", default=os.environ.get("REGULARS_TWILIO_ACCOUNT_SID", _DEMO_SID))
    parser.add_argument("--auth-token", default=tokens.split(",")[0].strip())
    parser.add_argument("--number", default=os.environ.get("REGULARS_TWILIO_FROM", DEMO_NUMBER))
    parser.add_argument(
        "--messaging-service-sid", default=os.environ.get("REGULARS_TWILIO_MESSAGING_SERVICE_SID")
    )
    parser.add_argument("--opt-out", choices=["off", "default", "advanced"], default="off")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds from one status to the next")
    chosen = parser.parse_args(arguments)
    account = Account(
        chosen.account_sid,
        chosen.auth_token,
        chosen.webhook,
        numbers=(chosen.number,),
        messaging_service_sid=chosen.messaging_service_sid,
        opt_out=chosen.opt_out,
    )
    loopback = LoopbackTwilio(account, latency=timedelta(seconds=chosen.latency))
    asyncio.run(_serve(loopback, chosen.port))


async def _serve(loopback: LoopbackTwilio, port: int) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    try:
        await loopback.start(port)
        sys.stdout.write(f"{loopback.url}\n")  # the one line that whoever started it waits for
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await loopback.close()


if __name__ == "__main__":
    main()
