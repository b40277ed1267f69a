"""What providers tell us of our messages and of the addresses they went to."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.errors import RetryLater
from bot.core.messages import OutboxState
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import outbox, rows
from bot.storage.driver import Connection, Database
from bot.storage.writes import Writes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's word on one of our messages; `stopped` and `unusable` speak of its address.

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


@dataclass(frozen=True, slots=True)
class Receipts:
    """Records receipts; what follows from them goes the road of all triggers."""

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]

    async def record(self, receipt: Receipt) -> None:
        """Let the message rise to what is reported; a report that comes late or twice changes nothing.

        What follows from it (the address has stopped, a notice was delivered) is stored in the same
        transaction: a provider's opt-out must not be lost because we were busy.
        """
        triggers = await self.database.transact(lambda c: self.write(c, receipt, self.clock()))
        await self.follow(receipt.contact_id, triggers)

    async def write(self, connection: Connection, receipt: Receipt, now: datetime) -> list[Trigger]:
        """Record a receipt in a caller's transaction; returns what to `follow` once it is committed."""
        told = f"{now:%Y-%m-%dT%H:%M:%SZ} reported as {receipt.provider_id}, {receipt.state}"
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
        follow_ups = []
        if receipt.stopped or receipt.unusable:
            reason = f"error {receipt.error_code}"
            follow_ups.append(address_report(receipt, reported.channel, reported.address, reason, now))
        if receipt.state is OutboxState.DELIVERED:
            lots = await outbox.noticed_lots(connection, receipt.contact_id, reported.trigger_key)
            if lots:
                key = f"noticed:{receipt.message_id}"
                follow_ups.append(Trigger(key, TriggerKind.NOTICED, now, {"lots": lots}))
        await store(connection, receipt.contact_id, follow_ups)
        return follow_ups

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
    return Trigger(f"address:{receipt.message_id}", TriggerKind.ADDRESS_REPORT, now, payload)
