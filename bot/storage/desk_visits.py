"""Visits to the desk as rows: a contact's latest, and the queue of all that are open."""

from collections.abc import Sequence
from typing import Any

from bot.core.desk import Ending, Visit, VisitState
from bot.core.ids import bucket_of, instant, microseconds
from bot.storage.driver import Connection, Statement
from bot.storage.due import ALL_BUCKETS, peek
from bot.storage.rows import RowValues, loaded, stored

_COLUMNS = """
    v.id, v.channel, v.address, v.state, v.priority, v.since, v.agent, v.heard_at, v.taken_at, v.said_at,
    v.closed_at, v.because
"""
_LATEST = Statement(f"""
    SELECT {_COLUMNS} FROM desk_visit v WHERE v.bucket = :bucket AND v.contact = :contact
""")  # noqa: S608  # our own constants
_PEEK = peek("desk_visit", "t.state <> 'closed'")
_OPEN = Statement(f"""
    SELECT v.contact, {_COLUMNS} FROM @each(keys: bucket integer)
    JOIN desk_visit v ON v.bucket = keys.bucket AND v.state <> 'closed'
    ORDER BY v.priority DESC, v.since, v.contact LIMIT :most
""")  # noqa: S608  # our own constants
_AHEAD = Statement("""
    SELECT COUNT(*) FROM @each(keys: bucket integer)
    JOIN desk_visit v ON v.bucket = keys.bucket AND v.state <> 'closed'
    WHERE v.state = 'waiting' AND v.contact <> :contact
        AND (v.priority > :priority OR v.priority = :priority AND v.since <= :since)
""")


def visit_row(contact_id: str, visit: Visit) -> RowValues:
    """Values of `desk_visit`."""
    return (
        bucket_of(contact_id),
        contact_id,
        visit.id,
        visit.channel,
        visit.address,
        visit.state.value,
        visit.priority,
        microseconds(visit.since),
        visit.agent,
        microseconds(visit.heard_at),
        stored(visit.taken_at),
        stored(visit.said_at),
        stored(visit.closed_at),
        visit.because.value if visit.because else None,
    )


async def latest(connection: Connection, contact_id: str) -> Visit | None:
    """The contact's latest visit."""
    found = await connection.read(_LATEST, bucket=bucket_of(contact_id), contact=contact_id)
    return _visit(found[0]) if found else None


async def ahead(connection: Connection, contact_id: str, named: str) -> int:
    """How many others wait before a visit, named by its priority and when it began (`2,1764003600000000`)."""
    priority, since = named.split(",")
    every = [(bucket,) for bucket in ALL_BUCKETS]
    found = await connection.read(
        _AHEAD, keys=every, contact=contact_id, priority=int(priority), since=int(since)
    )
    return int(found[0][0])


async def queue(connection: Connection, most: int) -> list[tuple[str, Visit]]:
    """Open visits by contact in the order in which they are answered; those with somebody are among them."""
    buckets = [(row[0],) for row in await connection.read(_PEEK, keys=[(bucket,) for bucket in ALL_BUCKETS])]
    if not buckets:
        return []
    found = await connection.read(_OPEN, keys=buckets, most=most)
    return [(row[0], _visit(row[1:])) for row in found]


def _visit(row: Sequence[Any]) -> Visit:
    return Visit(
        id=row[0],
        channel=row[1],
        address=row[2],
        state=VisitState(row[3]),
        priority=row[4],
        since=instant(row[5]),
        agent=row[6],
        heard_at=instant(row[7]),
        taken_at=loaded(row[8]),
        said_at=loaded(row[9]),
        closed_at=loaded(row[10]),
        because=Ending(row[11]) if row[11] else None,
    )
