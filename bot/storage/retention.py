"""The statements that remove events whose time is over, a bounded batch at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import microseconds
from bot.storage.driver import Connection, Statement

BATCH = 1_000
# In the order in which they are kept: what follows the last batch is looked at next, and nothing twice.
_ENDED = """event e
    LEFT JOIN @each(ends: name text, before bigint, of_ours integer) ON ends.name = e.name
    WHERE e.at < COALESCE(ends.before, :usual) AND (e.source <> '' OR ends.of_ours = 1)"""
_OVER = Statement(f"""
    SELECT e.contact, e.id FROM {_ENDED}
    AND e.bucket = :bucket AND (e.contact, e.id) > (:contact, :id)
    ORDER BY e.contact, e.id LIMIT {BATCH}
""")  # noqa: S608  # our own text
_PEEK = Statement(f"""
    SELECT keys.bucket FROM @each(keys: bucket integer)
    WHERE EXISTS (SELECT 1 FROM {_ENDED} AND e.bucket = keys.bucket)
    ORDER BY keys.bucket
""")  # noqa: S608  # our own text
_REMOVE = Statement("DELETE FROM event WHERE bucket = :bucket AND contact = :contact AND id = :id")


EventKey = tuple[str, str]
"""The contact, and the event's id."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Before when events are over: the usual ones, and by name the others (None: never).

    Of events that we told ourselves only those in `of_ours` end.
    """

    usual: datetime | None
    by_name: Mapping[str, datetime | None]
    of_ours: frozenset[str] = frozenset()


async def buckets(connection: Connection, among: Sequence[int], ends: Ends) -> list[int]:
    """Return the buckets, among these, that have an event that is over."""
    found = await connection.read(
        _PEEK, keys=[(bucket,) for bucket in among], ends=_told(ends), usual=_before(ends.usual)
    )
    return [row[0] for row in found]


async def over(connection: Connection, bucket: int, ends: Ends, after: EventKey) -> list[EventKey]:
    """Return the next events of a bucket that are over, in order."""
    found = await connection.read(
        _OVER, bucket=bucket, contact=after[0], id=after[1], ends=_told(ends), usual=_before(ends.usual)
    )
    return [(row[0], row[1]) for row in found]


async def remove(connection: Connection, bucket: int, events: Sequence[EventKey]) -> None:
    """Remove events of a bucket."""
    await connection.run(
        _REMOVE, [{"bucket": bucket, "contact": contact, "id": event} for contact, event in events]
    )


def _told(ends: Ends) -> list[tuple[str, int, int]]:
    return [
        (name, _before(before), int(name in ends.of_ours)) for name, before in sorted(ends.by_name.items())
    ]


def _before(instant: datetime | None) -> int:
    return microseconds(instant) if instant is not None else 0  # nothing happens before 1970
