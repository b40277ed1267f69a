"""The queue at the desk, as the people of the shop see it: who waits, with their standing and last words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.looking import look_in
from bot.core.contact import JsonValue
from bot.core.deeds.desk_turns import standing_of
from bot.core.desk import Visit, VisitState
from bot.core.turn import Shop
from bot.storage import contacts, desk_visits
from bot.storage.contacts import Message
from bot.storage.driver import Connection


@dataclass(frozen=True, slots=True)
class AtDesk:
    """A contact at the desk; `place` is its place among those that wait, 0 where somebody has it.

    `messages` are those of the latest that came and went on the channel of the visit, oldest first.
    """

    contact_id: str
    visit: Visit
    place: int
    standing: Mapping[str, JsonValue]
    messages: tuple[Message, ...]


async def at_desk(
    connection: Connection, shop: Shop, now: datetime, *, most: int, messages: int
) -> list[AtDesk]:
    """Who is at the desk, in the order in which they are answered."""
    found: list[AtDesk] = []
    place = 0
    for contact_id, visit in await desk_visits.queue(connection, most):
        contact = await contacts.known(connection, contact_id)
        if contact is None or contact.id != contact_id:
            continue  # it was joined to another since
        place += visit.state is VisitState.WAITING
        found.append(
            AtDesk(
                contact_id,
                visit,
                place if visit.state is VisitState.WAITING else 0,
                await look_in(connection, shop, contact.id, now, standing_of),
                tuple(
                    message
                    for message in await contacts.latest_messages(connection, contact, messages)
                    if message.channel == visit.channel
                ),
            )
        )
    return found
