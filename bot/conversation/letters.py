"""Readers of letters: what they choose, and when they look at one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.looking import look_in
from bot.conversation.operations import Body, operation_work
from bot.core.contact import Event, JsonValue
from bot.core.email.links import Reader
from bot.core.email.mailbox import EMAIL
from bot.core.errors import RetryLater
from bot.core.ids import Entropy
from bot.core.pages import consents, letters
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop
from bot.storage import links, outbox
from bot.storage.driver import Connection, Database

OPENED = "Email Opened"
"""What flows start on or wait for when somebody looks at a letter, once a day for each."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Asks and does what a letter's links are for; each is one turn of the reader."""

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    shop: Callable[[], Shop]
    entropy: Entropy = os.urandom

    async def chosen(self, reader: Reader) -> Body:
        """Return what the reader gets by email. Raises LookupError: there is nobody like that any more."""
        shop, now = self.shop(), self.clock()
        return await self.database.query(
            lambda connection: look_in(connection, shop, reader.contact_id, now, letters.shown)
        )

    async def leave(self, reader: Reader, words: str) -> None:
        """Leave the letter's group, or all of them. Raises RetryLater: it is not done yet."""
        body: Body = {"group": reader.group, "message": reader.message_id, "words": words}
        await self._do(letters.LEAVE, body, reader)

    async def choose(self, reader: Reader, group: str, *, subscribed: bool, wording: str) -> bool:
        """Agree to a group, or to it no more; False where that cannot be. Raises RetryLater: not done yet."""
        body: Body = {
            "channel": EMAIL,
            "address": "",
            "group": group,
            "subscribed": subscribed,
            "wording": wording,
            "message": reader.message_id,
            "is_known": True,  # the link came to the mailbox: that is what a double opt-in asks for
        }
        return await self._do(consents.CHANGE, body, reader)

    async def asked(self, reader: Reader) -> Body:
        """Return what the letter asks to confirm. Raises LookupError: there is nobody like that any more."""
        shop, now = self.shop(), self.clock()

        async def look(connection: Connection) -> Body:
            address = await _address(connection, reader)
            ask = partial(letters.asked, group=reader.group, address=address)
            return await look_in(connection, shop, reader.contact_id, now, ask)

        return await self.database.query(look)

    async def confirm(self, reader: Reader, wording: str) -> None:
        """Confirm what the letter asks, if it may still be. Raises RetryLater."""
        address = await self.database.query(lambda connection: _address(connection, reader))
        body: Body = {
            "group": reader.group,
            "address": address,
            "wording": wording,
            "message": reader.message_id,
        }
        await self._do(letters.CONFIRM, body, reader)

    async def looked(self, reader: Reader) -> None:
        """Record that somebody looked at a letter, once a day."""
        now = self.clock()

        async def record(connection: Connection) -> None:
            message = await outbox.outgoing(connection, reader.contact_id, reader.message_id)
            if message is None:
                return
            properties: dict[str, JsonValue] = {
                "flow": message.flow,
                "step": message.step,
                "message": message.id,
            }
            event = Event(OPENED, now, properties)
            payload: dict[str, JsonValue] = {"name": OPENED, "properties": properties}
            key = f"opened:{message.id}:{now.date().isoformat()}"
            trigger = Trigger(key, TriggerKind.EVENT, now, payload, event=event)
            await links.record_event(connection, reader.contact_id, event, trigger)

        await self.database.transact(record)

    async def _do(self, operation: str, body: Body, reader: Reader) -> bool:
        key = f"letter:{self.entropy(16).hex()}"
        work = operation_work(operation, body, key=key, at=self.clock(), contact_id=reader.contact_id)
        result = await self.dispatcher.submit(work)
        if result.result is None:
            raise RetryLater("what a reader of a letter said is not done")
        return "problem" not in result.result


async def _address(connection: Connection, reader: Reader) -> str:
    """Where the reader's letter went; empty where it is kept no more."""
    message = await outbox.outgoing(connection, reader.contact_id, reader.message_id)
    return message.address if message is not None else ""
