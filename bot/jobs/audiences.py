"""Audiences by the clock: builds new ones, finds whom time has moved, counts them, drops what is gone."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.conversation import building
from bot.conversation.audiences import Deciding, Keeping
from bot.conversation.building import Missing
from bot.core.audiences.figures import BROKEN_FIGURES, NO_FIGURES
from bot.core.ids import BUCKETS
from bot.core.local_time import local_date
from bot.storage import audience_sizes, members
from bot.storage.driver import Connection, Database

_AT_ONCE = 500
"""Contacts in one transaction: few enough that who writes to us meanwhile does not notice."""
_MOST = 10_000
"""Contacts of buckets that have few: more than there can be."""
_SETTLES = timedelta(seconds=3)
"""So long after a publication every process goes by it, and none misses what a new figure is made of."""
_ASKED_ANEW = timedelta(minutes=10)
"""So long it is believed that all is built: another process may have seen it otherwise."""
_logger = structlog.get_logger(__name__)


class Published(Deciding, Protocol):
    """A publication, and what tells it from others."""

    @property
    def generation(self) -> str:
        """As `bot.storage.revisions.generation` has it where this one is in force."""


@dataclass(slots=True)
class AudienceUpkeep:
    """What the clock does for figures and audiences; each method is one strike of a job."""

    database: Database
    keeping: Keeping
    decisions: Callable[[], Published]
    clock: Callable[[], datetime]
    stopping: asyncio.Event
    _complete: tuple[object, datetime] | None = field(default=None)
    """What was found to be built whole, and when."""
    _seen: tuple[object, datetime] | None = field(default=None)
    """What is in force, and since when this process goes by it."""

    async def build(self) -> int:
        """Make new figures and audiences of what there was before; returns of how many buckets."""
        decisions, now = self.decisions(), self.clock()
        figures = decisions.shop.figures
        # Where the files are broken nothing is in force, and what is kept waits until they are mended.
        if figures in (NO_FIGURES, BROKEN_FIGURES):
            return 0
        if self._is_complete(figures, now) or not self._is_settled(figures, now):
            return 0
        missing = await self.database.query(lambda c: building.missing(c, figures))
        done = 0
        population = await self.database.query(members.population) if missing else {}
        for what, buckets in _together(missing, population):
            if self.stopping.is_set():
                return done
            if len(buckets) == 1:
                await self._build_chunks(decisions, what, buckets[0])
            else:
                await self._build_whole(decisions, what, buckets, population)
            done += len(buckets)
        if await self._forget(decisions) and not self.stopping.is_set():
            self._complete = (figures, now)
        if done:
            _logger.info("audiences_built", buckets=done, contacts=sum(population.values()))
        return done

    async def refresh(self) -> int:
        """Judge anew whom time may have moved; returns how often that was so."""
        decisions, now = self.decisions(), self.clock()
        if decisions.shop.figures.is_empty:
            return 0
        buckets = await self.database.query(lambda c: members.buckets_with_due(c, now))
        random.shuffle(buckets)  # so that several workers begin in different places
        done, waiting = 0, list[tuple[str, str]]()
        for bucket in buckets:
            while not self.stopping.is_set():
                due = await self.database.query(
                    lambda c, bucket=bucket: members.due(c, bucket, now, _AT_ONCE)  # type: ignore[misc]  # bound now
                )
                waiting += due
                if len(waiting) >= _AT_ONCE:
                    await self._look_again(decisions, waiting)
                    done, waiting = done + len(waiting), []
                if len(due) < _AT_ONCE:
                    break
        if waiting:
            await self._look_again(decisions, waiting)
        return done + len(waiting)

    async def count(self) -> int:
        """Keep today's sizes, by the calendar of the shop; returns of how many audiences."""
        shop, now = self.decisions().shop, self.clock()
        names = list(shop.figures.audiences.audiences)
        if not names:
            return 0
        sizes = await self.database.query(lambda c: members.sizes(c, names))
        day = local_date(now, shop.zone)
        before = await self.database.query(audience_sizes.latest)
        changed = {
            name: size
            for name, size in sizes.items()
            if name not in before or (before[name].day, before[name].size) != (day, size)
        }
        if changed:
            await self.database.transact(lambda c: audience_sizes.record(c, changed, day, now))
        return len(changed)

    # Below: how

    def _is_complete(self, figures: object, now: datetime) -> bool:
        """Whether all of it was found to be built, not long ago."""
        return (
            self._complete is not None
            and self._complete[0] is figures
            and now - self._complete[1] < _ASKED_ANEW
        )

    def _is_settled(self, figures: object, now: datetime) -> bool:
        """Whether every process goes by this publication: where there is one, it does."""
        if self.database.dialect == "sqlite":
            return True
        if self._seen is None or self._seen[0] is not figures:
            self._seen = (figures, now)
        return now - self._seen[1] >= _SETTLES

    async def _build_whole(
        self, decisions: Deciding, what: Missing, buckets: Sequence[int], population: Mapping[int, int]
    ) -> None:
        """Make what is missing in buckets of few contacts, in one transaction."""

        async def build(connection: Connection) -> None:
            contacts = [
                contact
                for bucket in buckets
                if bucket in population  # who has come since has no past
                for contact in await members.contacts(connection, bucket, "", _MOST)
            ]
            now = self.clock()
            await building.build(connection, self.keeping, decisions, contacts, what, now)
            await building.finish(connection, decisions.shop.figures, dict.fromkeys(buckets, what), now)

        await self.database.transact(build)

    async def _build_chunks(self, decisions: Deciding, what: Missing, bucket: int) -> None:
        """Make what is missing in a bucket, some contacts at a time."""
        after = ""
        while not self.stopping.is_set():
            some = await self.database.query(
                lambda c, after=after: members.contacts(c, bucket, after, _AT_ONCE)  # type: ignore[misc]  # bound now
            )
            is_last = len(some) < _AT_ONCE

            async def build(
                connection: Connection, some: Sequence[str] = tuple(some), *, is_last: bool = is_last
            ) -> None:
                now = self.clock()
                await building.build(connection, self.keeping, decisions, some, what, now)
                if is_last:
                    await building.finish(connection, decisions.shop.figures, {bucket: what}, now)

            await self.database.transact(build)
            if is_last:
                return
            after = some[-1]

    async def _look_again(self, decisions: Deciding, due: list[tuple[str, str]]) -> None:
        now = self.clock()
        await self.database.transact(lambda c: building.look_again(c, self.keeping, decisions, due, now))

    async def _forget(self, decisions: Published) -> bool:
        """Drop what is kept of what is published no more; returns whether this publication is in force."""
        gone = await self.database.query(lambda c: building.gone(c, decisions.shop.figures))
        for bucket in range(BUCKETS) if gone else ():
            if not await self.database.transact(
                lambda c, bucket=bucket: building.forget(c, decisions.generation, gone, bucket)  # type: ignore[misc]  # bound now
            ):
                return False
        return True


def _together(
    missing: Mapping[int, Missing], population: Mapping[int, int]
) -> Iterator[tuple[Missing, list[int]]]:
    """Put buckets together of which the same is missing, as many as one transaction may hold."""
    by_what: dict[Missing, list[int]] = {}
    for bucket, what in missing.items():
        by_what.setdefault(what, []).append(bucket)
    for what, buckets in by_what.items():
        random.shuffle(buckets)  # so that several workers begin in different places
        some, contacts = list[int](), 0
        for bucket in buckets:
            if some and contacts + population.get(bucket, 0) > _AT_ONCE:
                yield what, some
                some, contacts = [], 0
            some.append(bucket)
            contacts += population.get(bucket, 0)
        if some:
            yield what, some
