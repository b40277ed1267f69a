"""Runs that wait in a revision, bucket by bucket: read to be counted, changed when a newer one says so."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from bot.core.flow.run import Run, events_of
from bot.core.ids import bucket_of
from bot.storage import rows, tables, turns
from bot.storage.driver import Connection, Present, Rows, Statement

_COLUMNS = """
    r.contact, r.id, r.flow, r.revision, r.status, r.version, r.state, r.started_at, r.failure, r.goals_until
"""
_LISTED = Statement(f"""
    SELECT {_COLUMNS} FROM run r
    WHERE r.bucket = :bucket AND r.status = 'waiting' AND r.flow = :flow AND r.revision = :revision
        AND (r.contact, r.id) > (:contact, :id)
    ORDER BY r.contact, r.id LIMIT :most
""")  # noqa: S608  # our own text
_AGAIN = Statement(f"""
    SELECT {_COLUMNS} FROM @each(keys: bucket integer, contact text, id text)
    JOIN run r ON r.bucket = keys.bucket AND r.contact = keys.contact AND r.id = keys.id
    WHERE r.status = 'waiting' AND r.flow = :flow AND r.revision = :revision
""")  # noqa: S608  # our own text
_OF = Statement(f"""
    SELECT {_COLUMNS} FROM @each(keys: bucket integer, contact text)
    JOIN run r ON r.bucket = keys.bucket AND r.contact = keys.contact AND r.status = 'waiting'
""")  # noqa: S608  # our own text
_RUN = Rows(tables.Row.metadata.tables["run"], Present.REPLACE)

Place = tuple[str, str]
"""A contact and a run: give the last one read to go on behind it."""


async def listed(  # what is read, and from where on
    connection: Connection, bucket: int, flow: str, revision: int, after: Place, most: int
) -> list[tuple[Place, Run]]:
    """Waiting runs of a bucket behind `after`, in order."""
    found = await connection.read(
        _LISTED,
        bucket=bucket,
        flow=flow,
        revision=revision,
        contact=after[0],
        id=after[1],
        most=most,
    )
    return [((row[0], row[1]), rows.run_from(row[1:])) for row in found]


async def change(
    connection: Connection, places: Sequence[Place], known: Run, decide: Callable[[Run], Run], now: datetime
) -> int:
    """Lock the contacts, read their runs as they stand now, and write what `decide` makes of each.

    Only runs that still wait in the revision of `known` are changed; returns how many.
    """
    if not places:
        return 0
    await turns.lock(connection, {contact for contact, _ in places})
    keys = [(bucket_of(contact), contact, run_id) for contact, run_id in places]
    found = await connection.read(_AGAIN, keys=keys, flow=known.flow, revision=known.revision)
    decided = [(row[0], run, decide(run)) for row in found for run in (rows.run_from(row[1:]),)]
    changed = [rows.run_row(contact, after, now) for contact, before, after in decided if after is not before]
    if changed:
        await connection.write(_RUN, changed)
    return len(changed)


async def waiting_for_events(connection: Connection, contacts: Collection[str]) -> dict[str, frozenset[str]]:
    """The names of the events that runs of these contacts wait for, by contact."""
    keys = [(bucket_of(contact), contact) for contact in contacts]
    names: dict[str, set[str]] = {}
    for row in await connection.read(_OF, keys=keys):
        wait = rows.run_from(row[1:]).wait
        if wait is not None and (heard := events_of(wait.kind, wait.facts)):
            names.setdefault(row[0], set()).update(heard)
    return {contact: frozenset(found) for contact, found in names.items()}
