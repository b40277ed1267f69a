"""Credit that has ended is booked: most of it in sweeps, what is not plain in turns of its own."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation.decide import Decisions
from bot.core.audiences.audience import Topic
from bot.core.ids import Entropy, IdSource
from bot.core.ledger.sweeping import DueLot
from bot.storage import due, sweeping
from bot.storage.driver import Database

_AT_ONCE = 200
"""Lots in one transaction: few enough that a checkout that waits for one does not notice."""
_MOST = 5_000
"""Lots found at once."""
_TOLD = ("Credit Expired", "Wallet Expired")


@dataclass(slots=True)
class Sweeper:
    """Books the ends of credit; one strike of its job goes through everything that is due."""

    database: Database
    clock: Callable[[], datetime]
    decisions: Callable[[], Decisions]
    stopping: asyncio.Event
    in_turns: Callable[[], Awaitable[int]]
    """Books what is left, in turns."""
    entropy: Entropy
    ids: IdSource = field(init=False)

    def __post_init__(self) -> None:
        """Mint ids of its own."""
        self.ids = IdSource(self.entropy)

    async def sweep(self) -> int:
        """Book all that has ended; in turns where somebody is to hear of it."""
        done = 0
        decisions = self.decisions()
        if not _concerns_others(decisions):
            now = self.clock()
            buckets = await self.database.query(lambda c: due.buckets_with_expired(c, now))
            random.shuffle(buckets)  # so that several workers begin in different places
            waiting: list[tuple[int, Sequence[DueLot]]] = []
            async for bucket, some in self._batches(buckets, now):
                waiting.append((bucket, some))
                if sum(len(lots) for _, lots in waiting) >= _AT_ONCE:
                    done += await self._book(waiting, now)
                    waiting = []
            done += await self._book(waiting, now)
        return done + await self.in_turns()

    async def _book(self, due: Sequence[tuple[int, Sequence[DueLot]]], now: datetime) -> int:
        """Book what has ended, of as many buckets as have a little each, in one transaction."""
        if not due or self.stopping.is_set():
            return 0
        return await self.database.transact(lambda c: sweeping.sweep(c, due, now, self.ids))

    async def _batches(
        self, buckets: Iterable[int], now: datetime
    ) -> AsyncIterator[tuple[int, Sequence[DueLot]]]:
        """What is due, some contacts of a bucket together and none of them in two batches."""
        for bucket in buckets:
            after = ""
            while due := await self.database.query(
                lambda c, bucket=bucket, after=after: sweeping.due_lots(c, bucket, now, after, _MOST)  # type: ignore[misc]  # bound now
            ):
                for some in _together(due):
                    if self.stopping.is_set():
                        return
                    yield bucket, some
                after = due[-1][0].contact_id


def _concerns_others(decisions: Decisions) -> bool:
    """Whether somebody is to hear of it beside the books: a flow, a figure, an audience."""
    by_event, figures = decisions.publication.by_event, decisions.shop.figures
    if any(event in by_event or figures.rules_of(event) for event in _TOLD):
        return True
    return bool(figures.audiences.concerned_by([Topic.WALLET]))


def _together(due: Iterable[Sequence[DueLot]]) -> Iterator[list[DueLot]]:
    """Put contacts together, none of them in two batches."""
    some: list[DueLot] = []
    for own in due:
        some += own
        if len(some) >= _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
