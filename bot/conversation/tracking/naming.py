"""Names that sources told become their contacts' own at once, for whoever is answered that it is done."""

import asyncio
import contextlib
from collections.abc import Sequence

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.inbox import restored
from bot.conversation.work import Work
from bot.core.errors import RetryLater
from bot.core.tracking.message import Tracked
from bot.storage import due, turns
from bot.storage.driver import Connection, Database
from bot.storage.tracking import ANONYMOUS, EXTERNAL, Name


async def name_now(database: Database, dispatcher: Dispatcher, messages: Sequence[Tracked]) -> None:
    """Take the turns in which what messages say of who is who comes about, and wait for them.

    They are stored with the messages: what cannot be done now, a job does a moment later.
    """
    names = [name for message in messages if message.event is None for name in _names(message)]

    async def waiting(connection: Connection) -> list[due.StoredTrigger]:
        contacts = await turns.find(connection, names)
        return await due.namings(connection, {*contacts.values()})

    if names:
        stored = await database.query(waiting)
        await asyncio.gather(*(_take(dispatcher, restored(one)) for one in stored))


def _names(message: Tracked) -> list[Name]:
    told = (EXTERNAL, message.user_id), (ANONYMOUS, message.anonymous_id)
    return [(kind, value) for kind, value in told if value is not None]


async def _take(dispatcher: Dispatcher, work: Work) -> None:
    with contextlib.suppress(RetryLater):
        await dispatcher.submit(work)
