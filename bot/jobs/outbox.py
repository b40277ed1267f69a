"""Delivers the outbox lane by lane: claim, ask the gate again, hand over, record what became of it."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

import structlog

from bot.channels.channel import Channel, OutcomeUnknown, SendError, SendLater, SendNever
from bot.conversation.receipts import Receipts, store
from bot.core.email.mailbox import EMAIL
from bot.core.gate import Policy
from bot.core.in_app import APP
from bot.core.messages import Lane, OutboxState
from bot.core.pacing import segments_of
from bot.core.triggers import Trigger
from bot.core.wechat_address import WECHAT
from bot.jobs import gatekeeping, outcomes, ways
from bot.jobs.group_commit import GroupCommit
from bot.jobs.outcomes import Answered
from bot.jobs.rates import Rates
from bot.storage import outbox
from bot.storage.driver import Connection, Database
from bot.storage.outbox import Claimed, Outcome
from bot.storage.step_figures import Changing
from bot.storage.tally import Tally

LEASE = timedelta(seconds=120)
"""Longer than any hand-over may take; whoever is still at it then is gone."""
_HANDED_WITHIN = LEASE / 2
"""Who was stopped for so long between claim and hand-over lets it be: by now somebody else may send it."""
_IDLE_BUCKETS_MAX = 8
"""So many buckets in a row whose messages all have to wait for their senders end a round."""
_PATIENCE_SECONDS = 0.1
"""How long bulk lets answers pass before it goes on beside them: a slow provider must not stop it."""
_LIVELY_SECONDS, _AT_ONCE_WHILE_LIVELY = 0.25, 2
"""So long after an answer bulk takes but so many at once: what it has in hand is in front of the next one."""
_RELEASED_AT_ONCE = 200
"""Where quiet hours end, a whole campaign may be held until the same moment: one transaction for all of it
would keep SQLite's only writer for most of a minute."""
_WITHOUT_SEGMENTS = frozenset({WECHAT, EMAIL, APP})
_logger = structlog.get_logger(__name__)

T = TypeVar("T")


def nowhere(_name: str) -> None:
    """Do nothing at a point of the sending road."""


@dataclass(frozen=True, slots=True)
class Side:
    """Lanes that are delivered together: `senders` side by side, each with so many messages `at_once`."""

    lanes: tuple[Lane, ...]
    senders: int
    at_once: int
    buckets: int = 1
    """Of how many buckets these are. Of several only where few wait: all that is due there is looked at."""


REPLIES = Side((Lane.REQUIRED, Lane.REPLY), senders=4, at_once=16, buckets=16)
SERVICE = Side((Lane.SERVICE,), senders=2, at_once=8)
BULK = Side((Lane.BULK,), senders=2, at_once=8)


@dataclass(slots=True)
class _Round:
    """One go through the buckets of one side."""

    side: Side
    buckets: Iterator[int]
    idle: int = 0


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a claim brought: how many messages moved on, which to hand over, whether others have to wait."""

    moved: int
    claimed: list[Claimed]
    must_wait: bool
    is_more: bool
    at: datetime
    refused: tuple[str, ...] = ()
    """Why others were refused, by the gate or because no way was left."""
    elsewhere: tuple[tuple[str, Trigger], ...] = ()
    """What lets another channel say some of these, or tells their runs, by contact."""


class Traffic:
    """What is under way in this process: bulk begins nothing while an answer is about to be handed over."""

    __slots__ = ("_is_clear", "_replied_at", "_replies")

    def __init__(self) -> None:
        """The road is clear."""
        self._replies = 0
        self._replied_at = -math.inf
        self._is_clear = asyncio.Event()
        self._is_clear.set()

    @contextmanager
    def replying(self) -> Iterator[None]:
        """Keep the others waiting while the context lasts."""
        self._replies += 1
        self._is_clear.clear()
        try:
            yield
        finally:
            self._replies -= 1
            self._replied_at = time.monotonic()
            if not self._replies:
                self._is_clear.set()

    def at_once(self, side: Side) -> int:
        """Return how many messages to take in hand: few while answers come one after the other."""
        if side is REPLIES or time.monotonic() - self._replied_at > _LIVELY_SECONDS:
            return side.at_once
        return min(side.at_once, _AT_ONCE_WHILE_LIVELY)

    async def let_replies_pass(self) -> None:
        """Wait until the answers that are in hand are with the provider, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._is_clear.wait()


@dataclass(slots=True)
class OutboxDelivery:
    """Sends what is due; each method is one strike of a job.

    `at` is called with the name of each point around a commit or a hand-over: `before_claim`,
    `after_claim`, `before_send`, `after_send`, `before_record`, `after_record`. Drills end the process there.
    """

    database: Database
    channels: Mapping[str, Channel]
    receipts: Receipts
    policy: Callable[[], Policy]
    clock: Callable[[], datetime]
    stopping: asyncio.Event
    at: Callable[[str], None] = nowhere
    rates: Rates = field(default_factory=Rates)
    traffic: Traffic = field(default_factory=Traffic)
    tally: Tally = field(default_factory=Tally)
    answers_database: Database | None = None
    """The same one, where answers and outcomes need not wait behind everything else; None: `database`."""
    answers: GroupCommit[Answered] = field(init=False)
    for_answers: Database = field(init=False)
    _with_answers: set[int] = field(default_factory=set)
    _answering: int = 0

    def __post_init__(self) -> None:
        """Let answers that come together be recorded together."""
        self.answers = GroupCommit(self._record)
        self.for_answers = self.answers_database or self.database

    async def deliver(self) -> int:
        """Send everything that is due, of all lanes."""
        return sum(await asyncio.gather(self.replies(), self.service(), self.bulk()))

    async def replies(self) -> int:
        """Send what contacts wait for."""
        return await self._deliver(REPLIES)

    async def service(self) -> int:
        """Send what concerns something a contact has with us."""
        return await self._deliver(SERVICE)

    async def bulk(self) -> int:
        """Send what nobody waits for, as fast as senders may, and never before an answer."""
        return await self._deliver(BULK)

    async def replies_of(self, buckets: Collection[int]) -> int:
        """Send what was just queued for contacts in these buckets, without asking which have anything.

        Where enough are at it already, these take the buckets along: what came meanwhile goes together.
        """
        self._with_answers.update(buckets)
        senders = min(REPLIES.senders - self._answering, len(buckets))
        if senders <= 0:
            return 0
        with self.traffic.replying():
            return await self._run(_Round(REPLIES, self._drawn()), senders)

    def _drawn(self) -> Iterator[int]:
        """Buckets with answers to send, as long as there are any."""
        while self._with_answers:
            yield self._with_answers.pop()

    async def release(self) -> int:
        """Queue what was held and whose time has come."""
        released, now = 0, self.clock()
        buckets = await self.database.query(lambda c: outbox.buckets_with_held(c, now))
        random.shuffle(buckets)
        for bucket in buckets:
            some = _RELEASED_AT_ONCE
            while some == _RELEASED_AT_ONCE and not self.stopping.is_set():
                await self.traffic.let_replies_pass()
                some = await self.database.transact(
                    lambda c, bucket=bucket: outbox.release_held(c, bucket, now, _RELEASED_AT_ONCE)  # type: ignore[misc]  # bound now
                )
                released += some
        return released

    async def give_up(self) -> int:
        """Call unknown what somebody was sending who is gone."""
        await self.database.transact(lambda c: outbox.give_up_leases(c, self.clock()))
        return 0

    # Below: how

    async def _deliver(self, side: Side) -> int:
        now = self.clock()
        due = await self.database.query(lambda c: outbox.buckets_with_due(c, now, side.lanes))
        if not due:  # looking for answers is no answer: bulk must not give way to it
            return 0
        if side is REPLIES:
            return await self.replies_of(due)
        random.shuffle(due)  # several processes begin in different places, and no bucket is always last
        return await self._run(_Round(side, iter(due)), min(side.senders, len(due)))

    async def _run(self, going: _Round, senders: int) -> int:
        send = self._answer if going.side is REPLIES else self._empty
        workers = (send(going) for _ in range(senders))
        return sum(_results(await asyncio.gather(*workers, return_exceptions=True)))

    async def _empty(self, going: _Round) -> int:
        """Send what the next buckets have until none is left."""
        done = 0
        while buckets := tuple(islice(going.buckets, going.side.buckets)):
            is_more = True
            while is_more and going.idle < _IDLE_BUCKETS_MAX and not self.stopping.is_set():
                if going.side is not REPLIES:
                    await self.traffic.let_replies_pass()
                taken = await self._claim(buckets, going.side)
                sending = (self._hand_over(one, taken.at) for one in taken.claimed)
                _results(await asyncio.gather(*sending, return_exceptions=True))
                going.idle = going.idle + 1 if taken.must_wait and not taken.moved else 0
                is_more = taken.is_more
                done += taken.moved
        return done

    async def _answer(self, going: _Round) -> int:
        """The same, counted among those who are at answers."""
        self._answering += 1
        try:
            return await self._empty(going)
        finally:
            self._answering -= 1

    async def _claim(self, buckets: tuple[int, ...], side: Side) -> _Taken:
        """Claim messages and settle those that the gate does not let go."""

        async def claim(connection: Connection) -> _Taken:
            now = self.clock()
            resting = self.rates.resting(side.lanes, now)
            declined, must_wait, is_followed = list[Outcome](), bool(resting), False
            elsewhere = list[tuple[str, Trigger]]()

            async def choose(connection: Connection, due: list[Claimed]) -> list[Claimed]:
                nonlocal declined, must_wait, elsewhere, is_followed
                is_followed = any(one.is_followed for one in due)
                asked = await gatekeeping.ask(connection, due, self.policy(), now)
                declined, leaving = asked.declined, list[Claimed]()
                elsewhere = ways.unreachable(declined, now)
                if asked.willing:
                    room = await self.rates.take(connection, [one.message for one in asked.willing], now)
                    must_wait = must_wait or room.free_at is not None
                    willing = [one for one in asked.willing if one.message.id in room.ids]
                    chosen = await ways.choose_ways(connection, willing, self.policy(), now)
                    declined, leaving = declined + chosen.declined, chosen.leaving
                    elsewhere += chosen.elsewhere
                elsewhere += ways.tell_runs(declined, elsewhere, now)
                if declined:
                    await _decline(connection, declined, now)
                for contact_id, trigger in elsewhere:
                    await store(connection, contact_id, [trigger])
                return leaving

            if side.buckets > 1:
                chosen = await outbox.claim_few(
                    connection, buckets, now, LEASE, at_once, lanes=side.lanes, resting=resting, choose=choose
                )
            else:
                (bucket,) = buckets
                chosen = await outbox.claim(
                    connection, bucket, now, LEASE, at_once, lanes=side.lanes, resting=resting, choose=choose
                )
            moved = len(declined) + len(chosen)
            # Where few wait, looking in vain takes as long as all the rest.
            is_more = moved > 0 and (side.buckets == 1 or moved >= at_once or is_followed)
            refused = tuple(one.reason or "" for one in declined if one.state is OutboxState.REFUSED)
            return _Taken(moved, chosen, must_wait, is_more, now, refused, tuple(elsewhere))

        at_once = self.traffic.at_once(side)
        self.at("before_claim")
        found = await (self.for_answers if side is REPLIES else self.database).transact(claim)
        self.at("after_claim")
        for reason in found.refused:
            self.tally.add("refused", reason)
        for contact_id, trigger in found.elsewhere:
            await self.receipts.follow(contact_id, [trigger])
        return found

    async def _hand_over(self, claimed: Claimed, handed_at: datetime) -> None:
        """Hand one message over and record what became of it."""
        answered = await self._answered(claimed, handed_at)
        await self.answers.add(answered)
        if answered.follow_ups:
            await self.receipts.follow(claimed.message.contact_id, answered.follow_ups)

    async def _answered(self, claimed: Claimed, handed_at: datetime) -> Answered:
        message, cleared = claimed.message, claimed.cleared
        assert cleared is not None, "only what the gate let go is handed over"
        assert claimed.carries or cleared.message is message, "and as the gate saw it"
        channel = self.channels.get(message.channel)
        if channel is None:
            nobody = SendNever(f"no channel {message.channel} is set up")
            return outcomes.refused(claimed, nobody, handed_at, self.clock())
        self.at("before_send")
        if self.clock() >= handed_at + _HANDED_WITHIN:
            late = SendLater("it was not handed over in time", after=timedelta())
            return outcomes.refused(claimed, late, handed_at, self.clock())
        try:
            sent = await channel.send(cleared)
            self.at("after_send")
        except OutcomeUnknown as error:
            return outcomes.unknown(claimed, error, handed_at, self.clock())
        except SendError as error:
            return outcomes.refused(claimed, error, handed_at, self.clock())
        except Exception:  # what a channel did not foresee: the message may have left
            _logger.exception("send_failed", message=message.id)
            unforeseen = OutcomeUnknown("sending it raised an error")
            return outcomes.unknown(claimed, unforeseen, handed_at, self.clock())
        return outcomes.taken(claimed, sent, handed_at, self.clock())

    async def _record(self, answers: Sequence[Answered]) -> None:
        """Record what became of messages, and with it what providers said of addresses and senders."""

        async def record(connection: Connection) -> None:
            now = self.clock()
            await ways.settle(
                connection, [one.not_taken for one in answers if one.not_taken is not None], now
            )
            became = [outcome for one in answers for outcome in one.outcomes]
            messages = [one.message for one in became]
            changing = await Changing.of(connection, [(one.contact_id, one.id) for one in messages])
            await outbox.record(connection, became, now)
            for one in answers:
                if one.follow_ups:
                    await store(connection, one.outcome.message.contact_id, one.follow_ups)
            said = [(one.outcome.message, one.error) for one in answers]
            await self.rates.learn(connection, said, now)
            await changing.count(connection)

        self.at("before_record")
        await self.for_answers.transact(record)
        self.at("after_record")
        self._count(answers)

    def _count(self, answers: Sequence[Answered]) -> None:
        for one in answers:
            outcome = one.outcome
            for each in one.outcomes:
                again = each.state is OutboxState.QUEUED
                self.tally.add("message", "tried_again" if again else each.state.value)
            if outcome.state is OutboxState.SENT and outcome.message.channel not in _WITHOUT_SEGMENTS:
                self.tally.add("segments", times=outcome.segments or segments_of(outcome.message))
            if one.error is not None:
                self.tally.add("provider_error", f"{outcome.error_code or ''} {type(one.error).__name__}")


async def _decline(connection: Connection, declined: Sequence[Outcome], now: datetime) -> None:
    changing = await Changing.of(connection, [(one.message.contact_id, one.message.id) for one in declined])
    await outbox.decline(connection, declined, now)
    await changing.count(connection)


def _results(ended: "Sequence[T | BaseException]") -> list[T]:
    """What they returned; raises the first error, after all have come to their end."""
    results: list[T] = []
    for one in ended:
        if isinstance(one, BaseException):
            raise one
        results.append(one)
    return results
