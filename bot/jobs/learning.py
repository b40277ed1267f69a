"""Learns from all orders once a day what goes with what, and how fast things are used up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.turn import Shop
from bot.insights.learning import learn
from bot.insights.pairs import TOGETHER_MIN
from bot.storage import schedules
from bot.storage.driver import Database

_EVERY = timedelta(days=1)
_NAME = "learning"


@dataclass(frozen=True, slots=True)
class Learning:
    """Strikes often and learns seldom; two workers at once learn the same."""

    database: Database
    clock: Callable[[], datetime]
    shop: Callable[[], Shop]

    async def learn(self) -> int:
        """Learn if the last time is a day ago."""
        now = self.clock()
        since = await self.database.query(lambda c: schedules.known_since(c, _NAME))
        if since is not None and since <= now < since + _EVERY:
            return 0
        shop = self.shop()
        learnt = await learn(self.database, shop.program, shop.products, now, TOGETHER_MIN)
        await self.database.transact(lambda c: schedules.reached(c, _NAME, now))
        return learnt
