"""Moves the demo's clock forward, so that everything that falls due on the way happens, in its order."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

from bot.app import Running
from bot.demo.clock import DemoClock
from bot.demo.loopback_thread import LoopbackThread

MOST = timedelta(days=62)
_STEP = timedelta(hours=1)
_ROUNDS_MAX = 20


class TimeTravel:
    """Time passes by the hour: a reminder on the way is sent, delivered and known before the next hour."""

    def __init__(self, app: Running, clock: DemoClock, loopbacks: Sequence[LoopbackThread]) -> None:
        self._app, self._clock, self._loopbacks = app, clock, loopbacks
        self._moving = asyncio.Lock()

    async def forward_to(self, at: datetime) -> None:
        """Move on to an instant, at most `MOST` ahead; done when all that fell due until then is done."""
        async with self._moving:
            at = min(at, self._clock() + MOST)
            with ExitStack() as stack:
                for loopback in self._loopbacks:
                    stack.enter_context(loopback.hurrying())
                await self._settle()
                while (now := self._clock()) < at:
                    self._clock.forward_to(min(at, now + _STEP))
                    await self._do_what_is_due()
                # What quiet hours held until now was queued by the last strike.
                await self._do_what_is_due()
            self._clock.keep()

    async def _do_what_is_due(self) -> None:
        for _ in range(_ROUNDS_MAX):
            done = await self._app.clockwork.strike_all()
            await self._settle()
            if done == 0:
                return

    async def _settle(self) -> None:
        for loopback in self._loopbacks:
            await loopback.settle()
