"""What providers tell us of our messages and of the addresses they went to."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.errors import RetryLater
from bot.core.fallback import fallback, may_fall_back
from bot.core.handing_over import Became, Told, trigger_of
from bot.core.ids import microseconds
from bot.core.messages import OutboxState
from bot.core.pacing import Again, Rests, brand_name, channel_name, pool_of
from bot.core.senders import SenderPool
from bot.core.triggers import Trigger, TriggerKind
from bot.core.wechat_address import WECHAT
from bot.storage import outbox, rows, senders, unknown
from bot.storage.driver import Connection, Database
from bot.storage.step_figures import Changing
from bot.storage.tally import Tally
from bot.storage.writes import Writes

HAND_OVERS_MAX = 6
"""How often a message is handed over that the provider took each time and did not deliver."""
_ON_THE_WAY = frozenset({OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.SENT})
_NOT_ARRIVED = frozenset({OutboxState.UNDELIVERED, OutboxState.FAILED})


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's word on one of our messages; `stopped` and `unusable` speak of its address.

    `again` is set where it did not arrive and the remedy is to try again later.
    `evidence` says how we know, for a message whose outcome was in doubt.
    """

    contact_id: str
    message_id: str
    provider: str
    provider_id: str
    state: OutboxState
    error_code: str | None = None
    segments: int | None = None
    stopped: bool = False
    unusable: bool = False
    evidence: str | None = None
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class Receipts:
    """Records receipts; what follows from them goes the road of all triggers."""

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    pools: Callable[[], Mapping[str, SenderPool]] = dict
    tally: Tally = field(default_factory=Tally)

    async def record(self, receipt: Receipt) -> None:
        """Let the message rise to what is reported; a report that comes late or twice changes nothing.

        What follows from it (the address has stopped, a notice was delivered) is stored in the same
        transaction: a provider's opt-out must not be lost because we were busy.
        """
        triggers = await self.database.transact(lambda c: self.write(c, receipt, self.clock()))
        self.tally.add("message", receipt.state.value)
        if receipt.error_code is not None:
            self.tally.add("provider_error", receipt.error_code)
        await self.follow(receipt.contact_id, triggers)

    async def write(self, connection: Connection, receipt: Receipt, now: datetime) -> list[Trigger]:
        """Record a receipt in a caller's transaction; returns what to `follow` once it is committed."""
        changing = await Changing.of(connection, [(receipt.contact_id, receipt.message_id)])
        follow_ups = await self._write(connection, receipt, now)
        await changing.count(connection)
        return follow_ups

    async def _write(self, connection: Connection, receipt: Receipt, now: datetime) -> list[Trigger]:
        told = f"{now:%Y-%m-%dT%H:%M:%SZ} reported as {receipt.provider_id}, {receipt.state}"
        again = receipt.again if receipt.state in _NOT_ARRIVED else None
        if again is not None and await self._tried_again(connection, receipt, again, told, now):
            return []
        reported = await outbox.report(
            connection,
            receipt.contact_id,
            receipt.message_id,
            receipt.state,
            now,
            provider_id=receipt.provider_id,
            segments=receipt.segments,
            error_code=receipt.error_code,
            evidence=receipt.evidence or told,
        )
        if reported is None:
            return []
        if reported.was_doubted and receipt.evidence is None:
            await unknown.take_back_name(
                connection, receipt.contact_id, receipt.message_id, receipt.provider_id, now
            )
        follow_ups: list[Trigger] = []
        if reported.run is not None:
            at = reported.handed_at or now
            follow_ups.append(trigger_of(Told(reported.run, receipt.message_id, Became.HANDED, at)))
        if receipt.stopped or receipt.unusable:
            reason = f"error {receipt.error_code}"
            follow_ups.append(address_report(receipt, reported.channel, reported.address, reason, now))
        if receipt.state is OutboxState.DELIVERED:
            noticed = await outbox.noticed_lots(connection, receipt.contact_id, reported.trigger_key)
            if noticed is not None:
                key = f"noticed:{receipt.message_id}"
                follow_ups.append(Trigger(key, TriggerKind.NOTICED, now, noticed))
        if receipt.state in _NOT_ARRIVED and reported.channel == WECHAT:
            message = await outbox.outgoing(connection, receipt.contact_id, receipt.message_id)
            if message is not None and may_fall_back(message):
                follow_ups.append(
                    fallback(message, f"not delivered: {receipt.error_code or 'no reason'}", now)
                )
        await store(connection, receipt.contact_id, follow_ups)
        return follow_ups

    async def _tried_again(
        self, connection: Connection, receipt: Receipt, again: Again, told: str, now: datetime
    ) -> bool:
        """Queue what did not arrive, unless it was tried often enough; its sender may have to rest."""
        standing = await outbox.standing(connection, receipt.contact_id, receipt.message_id)
        if standing is None or standing.state not in _ON_THE_WAY:
            return False
        if standing.provider_id not in {None, receipt.provider_id}:
            return False
        may_again = again.most is None or standing.hand_overs < again.most
        if may_again and standing.hand_overs < HAND_OVERS_MAX:
            await outbox.try_again(
                connection,
                receipt.contact_id,
                receipt.message_id,
                now,
                due_at=again.at(standing.hand_overs, now),
                provider_id=receipt.provider_id,
                error_code=receipt.error_code,
                evidence=f"{receipt.evidence or told}: tried again later",
            )
        if again.rests in {Rests.SENDER, Rests.ACCOUNT}:
            name = standing.sender or channel_name(standing.channel)
            await senders.rest(connection, name, again, now)
        elif again.rests is Rests.BRAND:
            name = brand_name(pool_of(standing.sender, self.pools()))
            await senders.rest(connection, name, again, now)
        return may_again and standing.hand_overs < HAND_OVERS_MAX

    async def follow(self, contact_id: str, triggers: Sequence[Trigger]) -> None:
        """Handle stored triggers at once; where that cannot be, the job does it later."""
        for trigger in triggers:
            with contextlib.suppress(RetryLater):
                await self.dispatcher.submit(Work(trigger, contact_id=contact_id, is_stored=True))


async def store(connection: Connection, contact_id: str, triggers: Sequence[Trigger]) -> None:
    """Store triggers that follow from a report, in the transaction that records it."""
    writes = Writes()
    for trigger in triggers:
        writes.trigger(rows.trigger_row(contact_id, trigger, state="new"))
    await writes.flush(connection)


def address_report(receipt: Receipt, channel: str, address: str, reason: str, now: datetime) -> Trigger:
    """Tell the contact's turns that an address has stopped or cannot be reached."""
    payload: dict[str, JsonValue] = {
        "channel": channel,
        "address": address,
        "stopped": receipt.stopped,
        "reason": reason,
        "provider": receipt.provider,
        "id": receipt.provider_id,
    }
    # With the time: who replays a message may be told something else of the same address.
    key = f"address:{receipt.message_id}:{microseconds(now)}"
    return Trigger(key, TriggerKind.ADDRESS_REPORT, now, payload)
