"""Delivers the outbox: claim with a lease, ask the gate again, hand over, record what became of it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.channels.channel import (
    AddressUnusable,
    Channel,
    ContactStopped,
    OperatorNeeded,
    OutcomeUnknown,
    SendError,
    SendNever,
)
from bot.conversation.receipts import Receipt, Receipts, address_report, store
from bot.core.consent import HoldUntil, Policy, Refuse, may_leave
from bot.core.messages import OutboxState
from bot.core.triggers import Trigger
from bot.core.turn import consent_facts
from bot.storage import outbox
from bot.storage.driver import Connection, Database
from bot.storage.outbox import Claimed, Outcome

LEASE = timedelta(seconds=120)
"""Longer than any hand-over may take; whoever is still at it then is gone."""
_AT_ONCE = 8
"""Messages one sender has in hand: claimed together, sent side by side, recorded together."""
_SENDERS = 4
_TRIES = 6
_BACKOFF = timedelta(seconds=15)
_BACKOFF_MAX = timedelta(hours=1)
_OPERATOR_BACKOFF = timedelta(minutes=5)
_OPERATOR_GIVES_UP = timedelta(days=1)
_logger = structlog.get_logger(__name__)


def nowhere(_name: str) -> None:
    """Do nothing at a point of the sending road."""


@dataclass(frozen=True, slots=True)
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

    async def deliver(self) -> int:
        """Send everything that is due: some senders side by side, each bucket by bucket."""
        now = self.clock()
        due = await self.database.query(lambda c: outbox.buckets_with_due(c, now))
        buckets = iter(due)
        return sum(await asyncio.gather(*(self._deliver(buckets) for _ in range(min(_SENDERS, len(due))))))

    async def _deliver(self, buckets: Iterator[int]) -> int:
        done = 0
        for bucket in buckets:
            found = 1
            while found and not self.stopping.is_set():
                found, free = await self._claim(bucket)
                if free:
                    await self._record(await asyncio.gather(*(self._send(one) for one in free)))
                done += found
        return done

    async def release(self) -> int:
        """Queue what was held and whose time has come."""
        await self.database.transact(lambda c: outbox.release_held(c, self.clock()))
        return 0

    async def give_up(self) -> int:
        """Call unknown what somebody was sending who is gone."""
        await self.database.transact(lambda c: outbox.give_up_leases(c, self.clock()))
        return 0

    # Below: how

    async def _claim(self, bucket: int) -> tuple[int, list[Claimed]]:
        """Claim messages and settle those that the gate does not let go: how many, and the others."""

        async def claim(connection: Connection) -> tuple[int, list[Claimed]]:
            now = self.clock()
            claimed = await outbox.claim(connection, bucket, now, LEASE, _AT_ONCE)
            objections = {one.message.id: self._objection(one, now) for one in claimed}
            stopped = [outcome for outcome in objections.values() if outcome is not None]
            if stopped:
                await outbox.record(connection, stopped, now)
            return len(claimed), [one for one in claimed if objections[one.message.id] is None]

        self.at("before_claim")
        found = await self.database.transact(claim)
        self.at("after_claim")
        return found

    def _objection(self, claimed: Claimed, now: datetime) -> Outcome | None:
        message = claimed.message
        facts = consent_facts(message, claimed.contact, claimed.address, claimed.subscriptions, self.policy())
        verdict = may_leave(message, facts, now)
        if isinstance(verdict, Refuse):
            return Outcome(message, OutboxState.REFUSED, now, reason=verdict.reason)
        if isinstance(verdict, HoldUntil):
            return Outcome(message, OutboxState.HELD, verdict.at, reason=verdict.reason)
        return None

    async def _record(self, sent: Sequence[tuple[Outcome, Trigger | None]]) -> None:
        """Record what became of messages, and with it what providers said of their addresses."""
        reports = [(outcome.message.contact_id, [report]) for outcome, report in sent if report is not None]

        async def record(connection: Connection) -> None:
            await outbox.record(connection, [outcome for outcome, _ in sent], self.clock())
            for contact_id, triggers in reports:
                await store(connection, contact_id, triggers)

        self.at("before_record")
        await self.database.transact(record)
        self.at("after_record")
        for contact_id, triggers in reports:
            await self.receipts.follow(contact_id, triggers)

    async def _send(self, claimed: Claimed) -> tuple[Outcome, Trigger | None]:
        """Hand one message over; returns its outcome and what was learnt of its address."""
        try:
            return await self._handed_over(claimed), None
        except SendError as error:
            now = self.clock()
            return _outcome(claimed, error, now), _report(claimed, error, now)

    async def _handed_over(self, claimed: Claimed) -> Outcome:
        message, now = claimed.message, self.clock()
        channel = self.channels.get(message.channel)
        if channel is None:
            return Outcome(message, OutboxState.FAILED, now, reason=f"no channel {message.channel} is set up")
        try:
            self.at("before_send")
            sent = await channel.send(message)
            self.at("after_send")
        except OutcomeUnknown as error:
            _logger.warning("send_unknown", message=message.id)
            return Outcome(message, OutboxState.UNKNOWN, now, reason=str(error))
        except SendError:
            raise
        except Exception:  # what a channel did not foresee: the message may have left
            _logger.exception("send_failed", message=message.id)
            return Outcome(message, OutboxState.UNKNOWN, now, reason="sending it raised an error")
        return Outcome(message, sent.state, now, provider_id=sent.provider_id, segments=sent.segments)


def _report(claimed: Claimed, error: SendError, now: datetime) -> Trigger | None:
    """What the error says of the address; None where it speaks of the message alone."""
    if not isinstance(error, (ContactStopped, AddressUnusable)):
        return None
    message = claimed.message
    receipt = Receipt(
        contact_id=message.contact_id,
        message_id=message.id,
        provider=message.channel,
        provider_id="",
        state=OutboxState.FAILED,
        stopped=isinstance(error, ContactStopped),
        unusable=isinstance(error, AddressUnusable),
    )
    return address_report(receipt, message.channel, message.address, str(error), now)


def _outcome(claimed: Claimed, error: SendError, now: datetime) -> Outcome:
    message, code = claimed.message, str(error.code) if error.code else None
    if isinstance(error, SendNever):
        return Outcome(message, OutboxState.FAILED, now, reason=str(error), error_code=code)
    if isinstance(error, OperatorNeeded):
        _logger.error("operator_needed", reason=str(error), code=code)
        if now - claimed.created_at > _OPERATOR_GIVES_UP:
            return Outcome(message, OutboxState.FAILED, now, reason=str(error), error_code=code)
        return Outcome(message, OutboxState.QUEUED, now + _OPERATOR_BACKOFF, str(error), error_code=code)
    if claimed.attempts >= _TRIES:
        return Outcome(message, OutboxState.FAILED, now, reason=str(error), error_code=code)
    wait = error.after or min(_BACKOFF * 2 ** (claimed.attempts - 1), _BACKOFF_MAX)
    return Outcome(message, OutboxState.QUEUED, now + wait, reason=str(error), error_code=code)
