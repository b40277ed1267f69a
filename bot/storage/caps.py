"""What contacts were sent on their latest days: what frequency caps count."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from bot.core.caps import Counted
from bot.core.ids import bucket_of
from bot.core.messages import MessageClass
from bot.storage.driver import Connection, Statement

_COUNTS = Statement("""
    SELECT o.contact, o.message_class, o.tag, o.channel, o.counted_on, COUNT(*)
    FROM @each(keys: bucket integer, contact text, since text)
    JOIN outbox o ON o.bucket = keys.bucket AND o.contact = keys.contact
        AND o.counted_on IS NOT NULL AND o.counted_on >= keys.since
    GROUP BY o.contact, o.message_class, o.tag, o.channel, o.counted_on
""")
# Never waits: a turn holds its contact and may want the very row that was claimed before.
_LOCK = Statement("""
    SELECT c.id FROM @each(keys: bucket integer, id text)
    JOIN contact c ON c.bucket = keys.bucket AND c.id = keys.id
    ORDER BY c.bucket, c.id
    @skip_locked(c)
""")
_COUNT = Statement("""
    UPDATE outbox SET counted_on = :counted_on WHERE bucket = :bucket AND contact = :contact AND id = :id
""")


@dataclass(frozen=True, slots=True)
class Counting:
    """A message that leaves, and the contact's calendar day on which it counts."""

    contact_id: str
    message_id: str
    on: date


async def counts(
    connection: Connection, contacts: Collection[str], since: date
) -> dict[str, tuple[Counted, ...]]:
    """Count, for each contact, what it was sent since a day of its own calendar."""
    found: dict[str, list[Counted]] = {contact: [] for contact in contacts}
    keys = [(bucket_of(contact), contact, since.isoformat()) for contact in found]
    for contact, message_class, tag, channel, on, messages in await connection.read(_COUNTS, keys=keys):
        found[contact].append(
            Counted(MessageClass(message_class), tag, channel, date.fromisoformat(on), messages)
        )
    return {contact: tuple(counted) for contact, counted in found.items()}


async def lock(connection: Connection, contacts: Collection[str]) -> set[str]:
    """Lock contacts, so that nobody else counts for them meanwhile; returns those nobody else had."""
    keys = sorted({(bucket_of(contact), contact) for contact in contacts})
    return {row[0] for row in await connection.read(_LOCK, keys=keys)}


async def count(connection: Connection, leaving: Sequence[Counting]) -> None:
    """Write down on which day messages count; it is taken back with the outcome of one that never left."""
    await connection.run(
        _COUNT,
        [
            {
                "bucket": bucket_of(one.message_id),
                "contact": one.contact_id,
                "id": one.message_id,
                "counted_on": one.on.isoformat(),
            }
            for one in leaving
        ],
    )
