"""Who may speak now: segments are taken as messages are claimed, and answers teach us the pace."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from bot.channels.channel import OutcomeUnknown, SendError
from bot.core.messages import Lane, Outgoing
from bot.core.pacing import (
    BREAKS_AFTER,
    Rests,
    SenderState,
    brand_name,
    channel_name,
    next_day,
    pool_of,
    segments_of,
    sender_name,
)
from bot.core.senders import SenderPool
from bot.storage import senders
from bot.storage.driver import Connection

_LOOKED_AT_AGAIN = timedelta(seconds=5)
"""Who has no room is not looked at until it has, so that what waits for it does not hide what may go; but not
for longer: another process may have found out that it has."""


@dataclass(frozen=True, slots=True)
class Room:
    """Which of the messages may leave now; `free_at` is when the first of the others may, None: no others."""

    ids: frozenset[str]
    free_at: datetime | None


class Rates:
    """The pace of all senders as this process sees it; the truth is in the table, shared by all processes."""

    def __init__(self, pools: Callable[[], Mapping[str, SenderPool]] = dict) -> None:
        """Without pools nothing is paced; what providers answer counts all the same."""
        self._pools = pools
        self._troubled: set[str] = set()
        self._resting: dict[tuple[Lane, str], datetime] = {}

    def resting(self, lanes: Collection[Lane], now: datetime) -> list[str]:
        """Senders that have no room for messages of these lanes, as far as this process has seen."""
        self._resting = {who: until for who, until in self._resting.items() if until > now}
        return sorted({sender for lane, sender in self._resting if lane in lanes})

    async def take(self, connection: Connection, messages: Sequence[Outgoing], now: datetime) -> Room:
        """Take the segments of as many messages as may leave now, in their order."""
        pools = self._pools()
        facts = [(message, pool_of(message.sender, pools)) for message in messages]
        names = {channel_name(message.channel) for message in messages}
        names |= {sender_name(message) for message in messages}
        names |= {brand_name(pool) for _, pool in facts}
        must_count = any(pool is not None and _is_bound(pool) for _, pool in facts)
        load = senders.lock if must_count else senders.read
        book = await load(connection, names)
        self._remember(book.values())
        free: set[str] = set()
        changed: set[str] = set()
        first: datetime | None = None
        probed: dict[str, bool] = {}
        for message, pool in facts:
            at = _free_at(book, message, pool, now)
            if at <= now and not await self._may_knock(connection, book, message, now, probed):
                at = book[channel_name(message.channel)].probe_until(now)
            if at > now:
                first = at if first is None else min(first, at)
                self._resting[message.lane, message.sender] = min(at, now + _LOOKED_AT_AGAIN)
                continue
            free.add(message.id)
            if pool is not None and _is_bound(pool):
                changed |= _taken(book, message, pool, now)
        if changed:
            await senders.keep(connection, [book[name] for name in changed])
        return Room(frozenset(free), first)

    async def learn(
        self, connection: Connection, answers: Sequence[tuple[Outgoing, SendError | None]], now: datetime
    ) -> None:
        """Slow or stop senders as the answers ask, and forget what is over; in the order of names."""
        pools = self._pools()
        failed: dict[str, int] = {}
        well: set[str] = set()
        slowed: dict[str, SendError] = {}
        for message, error in answers:
            channel = channel_name(message.channel)
            if _is_nobody_there(error):
                failed[channel] = failed.get(channel, 0) + 1
                continue
            well.add(channel)
            rests = error.again.rests if error is not None and error.again is not None else Rests.NOBODY
            if error is not None and rests in {Rests.SENDER, Rests.ACCOUNT}:
                slowed[sender_name(message)] = error
            elif error is not None and rests is Rests.BRAND:
                slowed[brand_name(pool_of(message.sender, pools))] = error
            else:
                well.add(sender_name(message))
        well = (well & self._troubled) - slowed.keys() - failed.keys()
        names = sorted({*failed, *slowed, *well})
        if not names:
            return
        book = await senders.lock(connection, names)
        for name in names:
            if name in failed:
                book[name] = book[name].failed(failed[name], now)
            elif name in slowed:
                book[name] = senders.rested(book[name], slowed[name].again, now)
            else:
                book[name] = book[name].recovered()
                self._resting.clear()  # whoever waited for it is looked at again
        await senders.keep(connection, list(book.values()))
        self._remember(book.values())

    # Below: how

    async def _may_knock(
        self,
        connection: Connection,
        book: Mapping[str, SenderState],
        message: Outgoing,
        now: datetime,
        probed: dict[str, bool],
    ) -> bool:
        """Whether the channel answers as far as we know; after a pause one message of all may find out."""
        state = book[channel_name(message.channel)]
        if state.open_until is None or state.failures < BREAKS_AFTER:
            return True
        if state.name in probed:
            return False
        probed[state.name] = await senders.may_probe(connection, state.name, now, state.probe_until(now))
        return probed[state.name]

    def _remember(self, states: Collection[SenderState]) -> None:
        for state in states:
            if state.failures:
                self._troubled.add(state.name)
            else:
                self._troubled.discard(state.name)


def _free_at(
    book: Mapping[str, SenderState], message: Outgoing, pool: SenderPool | None, now: datetime
) -> datetime:
    """When a message may leave; `now` where it may. Answers go out on a day that is full: they are few."""
    sender, brand = book[sender_name(message)], book[brand_name(pool)]
    at = max(sender.rests_until(now), book[channel_name(message.channel)].rests_until(now))
    lane = message.lane
    if pool is not None and isfinite(pool.segments_per_second):
        at = max(at, sender.free_at(lane, now))
    if lane >= Lane.SERVICE and (pool is not None or message.channel == "sms"):  # brands are of SMS
        at = max(at, brand.rests_until(now))
        most = pool.segments_per_day if pool is not None else None
        if most is not None and brand.counted(now) + segments_of(message) > most:
            at = max(at, next_day(now))
    return at


def _taken(book: dict[str, SenderState], message: Outgoing, pool: SenderPool, now: datetime) -> set[str]:
    """Take a message's segments; returns the names of what has changed."""
    segments, changed = segments_of(message), set()
    if isfinite(pool.segments_per_second):
        name = sender_name(message)
        book[name] = book[name].with_taken(segments, pool.segments_per_second, now)
        changed.add(name)
    if pool.segments_per_day is not None:
        name = brand_name(pool)
        book[name] = book[name].with_counted(segments, now)
        changed.add(name)
    return changed


def _is_bound(pool: SenderPool) -> bool:
    return isfinite(pool.segments_per_second) or pool.segments_per_day is not None


def _is_nobody_there(error: SendError | None) -> bool:
    """Whether the answer says that the provider is down, and nothing of the message or its sender."""
    if isinstance(error, OutcomeUnknown):
        return True
    return error is not None and error.again is not None and error.again.rests is Rests.CHANNEL
