"""Finds out what became of messages whose outcome is unknown: by the provider's list, and only then again.

A status callback that carries our id settles a message at once (`receipts.py`). Where none comes, the list
is asked. What it has is taken over. What it does not have is queued again, but only after it was asked more
than once and long enough after the hand-over: the list is not complete at once. What cannot be found out
ends as failed: at once where the provider keeps no list, as WeChat does not. Better late than twice, and
never silently (`docs/decisions.md`).
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.channels.channel import AddressUnusable, Channel, ContactStopped, Listed, Lookup, SendError
from bot.conversation.receipts import Receipt, Receipts
from bot.core.triggers import Trigger
from bot.jobs.matching import SKEW, is_contested, is_hidden, match
from bot.jobs.outbox import nowhere
from bot.storage import turns, unknown
from bot.storage.driver import Connection, Database
from bot.storage.unknown import Handed, Taken

_AT_ONCE = 8
_ASKERS = 2
"""Few: the provider counts these requests too, and after an outage it has enough to do."""
_IN_HAND = timedelta(minutes=5)
"""Longer than asking about what is taken at once may last."""
_TRIES = 6
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """When the provider is asked, counted from the moment of doubt, and when it is asked no more.

    What the list does not have when it is asked for the last time, after `listed`, is sent again; never
    after `too_old` since the hand-over: so long Twilio keeps a message in its own queue
    (https://www.twilio.com/docs/api/errors/30001 and ValidityPeriod).
    """

    asks: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
    too_old: timedelta = timedelta(hours=10)

    @property
    def listed(self) -> timedelta:
        """After which time a message that was taken is in the list."""
        return self.asks[-1]

    def next_at(self, doubted_at: datetime, now: datetime) -> datetime:
        """When to ask again."""
        for after in self.asks:
            if doubted_at + after > now:
                return doubted_at + after
        # As long again as it has lasted, so that an outage of hours is not met with a request each minute.
        return now + min(max(self.asks[0], (now - doubted_at) / 4), 2 * self.listed)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a provider has, or the problem for which it could not be asked: now, or not ever."""

    listed: Sequence[Listed] = ()
    problem: str | None = None
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Asks about unknown messages; `find_out` is one strike of a job.

    `at` is called around each commit and each request, as in `OutboxDelivery`: `before_take`, `after_take`,
    `before_ask`, `after_ask`, `before_settle`, `after_settle`.
    """

    database: Database
    channels: Mapping[str, Channel]
    receipts: Receipts
    clock: Callable[[], datetime]
    stopping: asyncio.Event
    patience: Patience = Patience()
    at: Callable[[str], None] = nowhere

    async def find_out(self) -> int:
        """Ask about everything that it is time to ask about; returns how many messages that were."""
        now, first = self.clock(), self.patience.asks[0]
        due = await self.database.query(lambda c: unknown.buckets_to_ask(c, now, first))
        buckets = iter(due)
        return sum(await asyncio.gather(*(self._find_out(buckets) for _ in range(min(_ASKERS, len(due))))))

    async def _find_out(self, buckets: Iterator[int]) -> int:
        done = 0
        for bucket in buckets:
            taken = await self._take(bucket)
            while taken and not self.stopping.is_set():
                for one in taken:
                    await self._ask(one)
                    done += len(one.ids)
                taken = await self._take(bucket)
        return done

    async def _take(self, bucket: int) -> list[Taken]:
        now, first = self.clock(), self.patience.asks[0]
        self.at("before_take")
        taken = await self.database.transact(
            lambda c: unknown.take(c, bucket, now, first, now + _IN_HAND, _AT_ONCE)
        )
        self.at("after_take")
        return taken

    async def _ask(self, taken: Taken) -> None:
        looked = await self._look_up(taken)

        async def settle(connection: Connection) -> list[Trigger]:
            # Another worker may have asked about a later message to the same address: one after the other.
            await turns.lock(connection, [taken.contact_id])
            ours = await unknown.handed(connection, taken, taken.since - 2 * SKEW)
            return await self._settle(connection, taken, ours, looked)

        self.at("before_settle")
        triggers = await self.database.transact(settle)
        self.at("after_settle")
        await self.receipts.follow(taken.contact_id, triggers)

    async def _look_up(self, taken: Taken) -> _Looked:
        channel: object = self.channels.get(taken.channel)
        if channel is None:
            return _Looked(problem=f"{taken.channel} is not set up here")
        if not isinstance(channel, Lookup):
            return _Looked(problem=f"{taken.channel} keeps no list that could be asked", is_final=True)
        self.at("before_ask")
        try:
            listed = await channel.taken(taken.channel, taken.address, taken.since - SKEW)
        except SendError as error:
            _logger.warning("unknown_not_asked", contact=taken.contact_id, why=str(error))
            return _Looked(problem=str(error))
        self.at("after_ask")
        return _Looked(listed)

    async def _settle(
        self,
        connection: Connection,
        taken: Taken,
        ours: Sequence[Handed],
        looked: _Looked,
    ) -> list[Trigger]:
        """Write what was found out about each message taken; returns what follows from it."""
        now, problem = self.clock(), looked.problem
        found = match(ours, looked.listed)
        triggers: list[Trigger] = []
        for one in ours:
            if one.id not in taken.ids:
                continue
            if problem is None and is_contested(one, ours):
                await self._not_asked(connection, taken, one, "an equal text is being handed over", now)
            elif one.id in found:
                receipt = _receipt(taken, one, found[one.id], now)
                triggers += await self.receipts.write(connection, receipt, now)
            elif problem is not None and looked.is_final:
                await self._never(connection, taken, one, problem, now)
            elif problem is not None:
                await self._not_asked(connection, taken, one, problem, now)
            elif is_hidden(one, ours, found):
                await self._not_asked(connection, taken, one, "the list is not complete", now)
            else:
                await self._absent(connection, taken, one, now)
        return triggers

    async def _not_asked(
        self, connection: Connection, taken: Taken, one: Handed, problem: str, now: datetime
    ) -> None:
        if self._is_too_old(one, now):
            await self._never(connection, taken, one, problem, now)
        else:
            next_at = self.patience.next_at(one.doubted_at or now, now)
            await unknown.wait(connection, taken.contact_id, one.id, next_at, asked=False)

    async def _never(
        self, connection: Connection, taken: Taken, one: Handed, problem: str, now: datetime
    ) -> None:
        evidence = f"{_at(now)} could not be found out: {problem}"
        await unknown.end(connection, taken.contact_id, one.id, now, unknown.NEVER_FOUND_OUT, evidence)

    async def _absent(self, connection: Connection, taken: Taken, one: Handed, now: datetime) -> None:
        doubted_at, asked = one.doubted_at or now, one.lookups + 1
        evidence = f"{_at(now)} not in the provider's list, asked {asked} times"
        if self._is_too_old(one, now):
            evidence += ", too old to be sent again"
            await unknown.end(connection, taken.contact_id, one.id, now, unknown.NEVER_FOUND_OUT, evidence)
        elif asked < 2 or now < doubted_at + self.patience.listed:  # noqa: PLR2004  # once is not enough
            next_at = self.patience.next_at(doubted_at, now)
            await unknown.wait(connection, taken.contact_id, one.id, next_at, asked=True)
        elif one.attempts >= _TRIES:
            evidence += f", after {one.attempts} tries"
            await unknown.end(connection, taken.contact_id, one.id, now, "never taken", evidence)
        else:
            await unknown.queue_again(connection, taken.contact_id, one.id, now, f"{evidence}: queued again")

    def _is_too_old(self, one: Handed, now: datetime) -> bool:
        return now >= one.handed_at + self.patience.too_old


def _receipt(taken: Taken, one: Handed, listed: Listed, now: datetime) -> Receipt:
    return Receipt(
        contact_id=taken.contact_id,
        message_id=one.id,
        provider=taken.channel,
        provider_id=listed.provider_id,
        state=listed.state,
        error_code=str(listed.error.code) if listed.error is not None and listed.error.code else None,
        segments=listed.segments,
        stopped=isinstance(listed.error, ContactStopped),
        unusable=isinstance(listed.error, AddressUnusable),
        evidence=f"{_at(now)} in the provider's list as {listed.provider_id}, {listed.state}",
    )


def _at(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"
