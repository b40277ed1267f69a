"""Delivers the outbox: claim with a lease, ask the gate again, hand over, record what became of it."""

import asyncio
from collections.abc import Callable, Mapping
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
from bot.conversation.receipts import Receipt, Receipts
from bot.core.consent import ConsentFacts, HoldUntil, Policy, Refuse, may_leave
from bot.core.messages import OutboxState
from bot.core.turn import zones_of
from bot.storage import outbox
from bot.storage.driver import Connection, Database
from bot.storage.outbox import Claimed, Outcome

LEASE = timedelta(seconds=60)
"""Longer than any hand-over may take; whoever is still at it then is gone."""
_MOST = 100
_AT_ONCE = 20
_TRIES = 6
_BACKOFF = timedelta(seconds=15)
_BACKOFF_MAX = timedelta(hours=1)
_OPERATOR_BACKOFF = timedelta(minutes=5)
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxDelivery:
    """Sends what is due; each method is one strike of a job."""

    database: Database
    channels: Mapping[str, Channel]
    receipts: Receipts
    policy: Callable[[], Policy]
    clock: Callable[[], datetime]

    async def deliver(self) -> int:
        """Send everything that is due, bucket by bucket."""
        now = self.clock()
        done = 0
        for bucket in await self.database.query(lambda c: outbox.buckets_with_due(c, now)):
            while claimed := await self._claim(bucket):
                await self._send_all(claimed)
                done += len(claimed)
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

    async def _claim(self, bucket: int) -> list[Claimed]:
        """Claim messages and settle those that the gate does not let go."""

        async def claim(connection: Connection) -> list[Claimed]:
            now = self.clock()
            claimed = await outbox.claim(connection, bucket, now, LEASE, _MOST)
            objections = {one.message.id: self._objection(one, now) for one in claimed}
            stopped = [outcome for outcome in objections.values() if outcome is not None]
            if stopped:
                await outbox.record(connection, stopped, now)
            return [one for one in claimed if objections[one.message.id] is None]

        return await self.database.transact(claim)

    def _objection(self, claimed: Claimed, now: datetime) -> Outcome | None:
        message, address = claimed.message, claimed.address
        facts = ConsentFacts(
            stopped_at=address.stopped_at if address else None,
            unusable_reason=address.unusable_reason if address else "it is not the contact's any more",
            subscriptions=claimed.subscriptions,
            zones=zones_of(claimed.contact, address),
            policy=self.policy(),
        )
        verdict = may_leave(message, facts, now)
        if isinstance(verdict, Refuse):
            return Outcome(message, OutboxState.REFUSED, now, reason=verdict.reason)
        if isinstance(verdict, HoldUntil):
            return Outcome(message, OutboxState.HELD, verdict.at, reason=verdict.reason)
        return None

    async def _send_all(self, claimed: list[Claimed]) -> None:
        """Send one contact's messages in order, different contacts' side by side."""
        lanes: dict[str, list[Claimed]] = {}
        for one in claimed:
            lanes.setdefault(one.message.contact_id, []).append(one)
        free = asyncio.Semaphore(_AT_ONCE)

        async def send_lane(lane: list[Claimed]) -> list[Outcome]:
            async with free:
                return [await self._send(one) for one in lane]

        outcomes = [
            outcome
            for lane in await asyncio.gather(*(send_lane(lane) for lane in lanes.values()))
            for outcome in lane
        ]
        await self.database.transact(lambda c: outbox.record(c, outcomes, self.clock()))

    async def _send(self, claimed: Claimed) -> Outcome:
        message, now = claimed.message, self.clock()
        channel = self.channels.get(message.channel)
        if channel is None:
            return Outcome(message, OutboxState.FAILED, now, reason=f"no channel {message.channel} is set up")
        try:
            sent = await channel.send(message)
        except OutcomeUnknown as error:
            _logger.warning("send_unknown", message=message.id)
            return Outcome(message, OutboxState.UNKNOWN, now, reason=str(error))
        except SendError as error:
            await self._report(claimed, error)
            return _outcome(claimed, error, now)
        return Outcome(message, sent.state, now, provider_id=sent.provider_id, segments=sent.segments)

    async def _report(self, claimed: Claimed, error: SendError) -> None:
        if not isinstance(error, (ContactStopped, AddressUnusable)):
            return
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
        await self.receipts.report_address(receipt, message.channel, message.address, str(error))


def _outcome(claimed: Claimed, error: SendError, now: datetime) -> Outcome:
    message, code = claimed.message, str(error.code) if error.code else None
    if isinstance(error, SendNever):
        return Outcome(message, OutboxState.FAILED, now, reason=str(error), error_code=code)
    if isinstance(error, OperatorNeeded):
        _logger.error("operator_needed", reason=str(error), code=code)
        return Outcome(message, OutboxState.QUEUED, now + _OPERATOR_BACKOFF, str(error), error_code=code)
    if claimed.attempts >= _TRIES:
        return Outcome(message, OutboxState.FAILED, now, reason=str(error), error_code=code)
    wait = error.after or min(_BACKOFF * 2 ** (claimed.attempts - 1), _BACKOFF_MAX)
    return Outcome(message, OutboxState.QUEUED, now + wait, reason=str(error), error_code=code)
