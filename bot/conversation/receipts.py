"""What providers tell us of our messages and of the addresses they went to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.messages import OutboxState
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import outbox
from bot.storage.driver import Connection, Database


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's word on one of our messages; `stopped` and `unusable` speak of its address."""

    contact_id: str
    message_id: str
    provider: str
    provider_id: str
    state: OutboxState
    error_code: str | None = None
    segments: int | None = None
    stopped: bool = False
    unusable: bool = False


@dataclass(frozen=True, slots=True)
class Receipts:
    """Records receipts; what follows from them goes the road of all triggers."""

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]

    async def record(self, receipt: Receipt) -> None:
        """Let the message rise to what is reported; a report that comes late or twice changes nothing."""

        async def record(connection: Connection) -> tuple[outbox.Reported | None, tuple[str, str] | None]:
            reported = await outbox.report(
                connection,
                receipt.contact_id,
                receipt.message_id,
                receipt.state,
                self.clock(),
                provider_id=receipt.provider_id,
                segments=receipt.segments,
                error_code=receipt.error_code,
            )
            if reported is None or receipt.state is not OutboxState.DELIVERED:
                return reported, None
            return reported, await outbox.trigger_payload(
                connection, receipt.contact_id, reported.trigger_key
            )

        reported, cause = await self.database.transact(record)
        if reported is None:
            return
        if receipt.stopped or receipt.unusable:
            await self.report_address(
                receipt, reported.channel, reported.address, f"error {receipt.error_code}"
            )
        if cause is not None and cause[0] == TriggerKind.CREDIT_EXPIRING:
            await self._noticed(receipt, orjson.loads(cause[1]))

    async def report_address(self, receipt: Receipt, channel: str, address: str, reason: str) -> None:
        """Tell the contact's turns that an address has stopped or cannot be reached."""
        payload: dict[str, JsonValue] = {
            "channel": channel,
            "address": address,
            "stopped": receipt.stopped,
            "reason": reason,
            "provider": receipt.provider,
            "id": receipt.provider_id,
        }
        await self._submit(receipt, TriggerKind.ADDRESS_REPORT, f"address:{receipt.message_id}", payload)

    async def _noticed(self, receipt: Receipt, payload: dict[str, JsonValue]) -> None:
        """A notice was delivered: from now on its lots end as announced, without grace."""
        key = f"noticed:{receipt.message_id}"
        await self._submit(receipt, TriggerKind.NOTICED, key, {"lots": payload["lots"]})

    async def _submit(
        self, receipt: Receipt, kind: TriggerKind, key: str, payload: dict[str, JsonValue]
    ) -> None:
        trigger = Trigger(key=key, kind=kind, at=self.clock(), payload=payload)
        await self.dispatcher.submit(Work(trigger, contact_id=receipt.contact_id))
