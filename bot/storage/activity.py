"""What contacts did on the shop's site and in its apps, as far as sessions are made of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.core.contact import Event
from bot.core.ids import bucket_of, derived_id, instant, microseconds
from bot.core.tracking.sessions import ACTIVITIES, IDLE, SESSION_STARTED
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues

_NAMED = ", ".join(f"'{name}'" for name in ACTIVITIES)
# Ours alone: a source that tells of sessions of its own changes nothing here.
_AROUND = Statement(f"""
    SELECT e.contact, e.at FROM @each(keys: bucket integer, contact text, low bigint, high bigint)
    JOIN event e ON e.bucket = keys.bucket AND e.contact = keys.contact AND e.name IN ({_NAMED})
        AND e.at >= keys.low AND e.at <= keys.high
""")  # noqa: S608  # our own constants
_ALL = Statement(f"""
    SELECT e.contact, e.at FROM @each(keys: bucket integer, contact text)
    JOIN event e ON e.bucket = keys.bucket AND e.contact = keys.contact AND e.name IN ({_NAMED})
""")  # noqa: S608  # our own constants
_STARTS = Statement(f"""
    SELECT e.contact, e.at FROM @each(keys: bucket integer, contact text)
    JOIN event e ON e.bucket = keys.bucket AND e.contact = keys.contact AND e.name = '{SESSION_STARTED}'
    WHERE e.source = ''
""")  # noqa: S608  # our own constant
_LATEST = Statement(f"""
    SELECT keys.contact, (SELECT MAX(e.at) FROM event e
        WHERE e.bucket = keys.bucket AND e.contact = keys.contact AND e.name = '{SESSION_STARTED}'
            AND e.source = '')
    FROM @each(keys: bucket integer, contact text)
""")  # noqa: S608  # our own constant
_JOINED = Statement("""
    SELECT j.contact, j.other FROM @each(keys: bucket integer, contact text)
    JOIN joined j ON j.bucket = keys.bucket AND j.contact = keys.contact WHERE j.undone_at IS NULL
""")
_THERE = Statement("""
    SELECT e.id FROM @each(keys: bucket integer, contact text, id text)
    JOIN event e ON e.bucket = keys.bucket AND e.contact = keys.contact AND e.id = keys.id
""")
_REMOVE = Statement("""
    DELETE FROM event WHERE bucket = :bucket AND contact = :contact AND id = :id
""")

Instants = dict[str, set[datetime]]
"""By contact."""


def session_id(contact_id: str, at: datetime) -> str:
    """Return the id of the event that a session of the contact started at that instant."""
    return derived_id(f"session/{contact_id}/{microseconds(at)}", bucket_of(contact_id))


def session_row(contact_id: str, at: datetime) -> RowValues:
    """Values of `event` for the start of a session."""
    return rows.event_row(contact_id, session_id(contact_id, at), Event(SESSION_STARTED, at))


async def around(connection: Connection, late: Sequence[tuple[str, datetime]]) -> Instants:
    """Return when contacts were active up to half an hour before and after these instants."""
    keys = sorted(
        (bucket_of(contact), contact, microseconds(at - IDLE), microseconds(at + IDLE))
        for contact, at in late
    )
    found: Instants = {}
    for contact, at in await connection.read(_AROUND, keys=keys):
        found.setdefault(contact, set()).add(instant(at))
    return found


async def all_of(connection: Connection, contact_ids: Collection[str]) -> Instants:
    """Return when contacts were ever active."""
    return await _instants(connection, _ALL, contact_ids)


async def starts_of(connection: Connection, contact_ids: Collection[str]) -> Instants:
    """Return when sessions of contacts started, as it is written down."""
    return await _instants(connection, _STARTS, contact_ids)


async def latest_starts(connection: Connection, contact_ids: Collection[str]) -> dict[str, datetime]:
    """Return when the latest session of each contact started."""
    found = await connection.read(_LATEST, keys=_keys(contact_ids))
    return {contact: instant(at) for contact, at in found if at is not None}


async def members(connection: Connection, contact_ids: Collection[str]) -> dict[str, str]:
    """Return the contacts themselves and all that were joined to them, each with whom it is by now."""
    of = {contact: contact for contact in contact_ids}
    asked = set(of)
    while asked:
        found = await connection.read(_JOINED, keys=_keys(asked))
        more = {other: of[contact] for contact, other in found if other not in of}
        of |= more
        asked = set(more)
    return of


async def there(
    connection: Connection, starts: Collection[tuple[str, datetime]]
) -> set[tuple[str, datetime]]:
    """Return which of these starts of sessions (contact, instant) are written down."""
    if not starts:
        return set()
    keys = [(bucket_of(contact), contact, session_id(contact, at)) for contact, at in sorted(starts)]
    found = {row[0] for row in await connection.read(_THERE, keys=keys)}
    return {one for one in starts if session_id(*one) in found}


async def remove_starts(connection: Connection, starts: Collection[tuple[str, datetime]]) -> None:
    """Remove starts of sessions (contact, instant) that turned out to be none."""
    many = [
        {"bucket": bucket_of(contact), "contact": contact, "id": session_id(contact, at)}
        for contact, at in sorted(starts)
    ]
    await connection.run(_REMOVE, many)


async def _instants(connection: Connection, statement: Statement, contact_ids: Collection[str]) -> Instants:
    found: Instants = {contact: set() for contact in contact_ids}
    for contact, at in await connection.read(statement, keys=_keys(contact_ids)):
        found[contact].add(instant(at))
    return found


def _keys(contact_ids: Collection[str]) -> list[tuple[int, str]]:
    return sorted((bucket_of(contact_id), contact_id) for contact_id in contact_ids)
