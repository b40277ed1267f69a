"""Entries whose goals may still be reached, and the goals that were."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.core.deeds.goals import Conversion, Entry, Received
from bot.core.ids import bucket_of, instant, microseconds
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.families import family
from bot.storage.rows import RowValues

_ENTRIES_MAX = 50
# An answer in a webhook's response was handed over when it was written, and is `sending` until that is noted.
_ENTRIES = Statement(f"""
    SELECT r.id, r.flow, r.revision, r.status, r.version, r.state, r.started_at, r.failure, r.goals_until,
        (SELECT @rows(c.goal) FROM conversion c
         WHERE c.bucket = r.bucket AND c.contact = r.contact AND c.run = r.id),
        (SELECT @rows(o.handed_at, o.flow, o.step) FROM outbox o
         WHERE o.bucket = r.bucket AND o.contact = r.contact AND o.run = r.id AND o.handed_at IS NOT NULL
            AND o.state IN ('sending', 'unknown', 'sent', 'delivered'))
    FROM run r WHERE r.bucket = :bucket AND r.contact = :contact AND r.goals_until IS NOT NULL
    ORDER BY r.goals_until DESC LIMIT {_ENTRIES_MAX}
""")  # noqa: S608  # our own number
# Messages stay where they were when their runs go along with a contact that becomes another.
_HAS_JOINED = Statement("""
    SELECT 1 FROM joined j
    WHERE j.bucket = :bucket AND j.contact = :contact AND j.undone_at IS NULL LIMIT 1
""")
_RECEIVED_BEFORE = Statement("""
    SELECT o.run, o.handed_at, o.flow, o.step
    FROM @each(keys: bucket integer, contact text, run text)
    JOIN outbox o ON o.bucket = keys.bucket AND o.contact = keys.contact AND o.run = keys.run
    WHERE o.handed_at IS NOT NULL AND o.state IN ('sending', 'unknown', 'sent', 'delivered')
""")
_COLUMNS = """
    c.run, c.goal, c.at, c.event, c.flow, c.revision, c.step, c.variant, c.order_id, c.revenue_minor,
    c.currency
"""
_OF_ORDER = Statement(f"""
    SELECT {_COLUMNS} FROM conversion c
    WHERE c.bucket = :bucket AND c.contact = :contact AND c.order_id = :order_id
""")  # noqa: S608  # our own text


def conversion_row(contact_id: str, one: Conversion) -> RowValues:
    """Values of `conversion`."""
    return (
        bucket_of(contact_id),
        contact_id,
        one.run,
        one.goal,
        microseconds(one.at),
        one.cause,
        one.flow,
        one.revision,
        one.step,
        one.variant,
        one.order_id,
        one.revenue_minor,
        one.currency,
    )


async def entries(connection: Connection, contact_id: str) -> tuple[Entry, ...]:
    """Return the entries of a contact whose goals end last."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found, several = await connection.read_all([(_ENTRIES, own), (_HAS_JOINED, own)])
    entered = tuple(_entry(row) for row in found)
    if not several or not entered:
        return entered
    others = [one.contact_id for one in await family(connection, contact_id) if one.contact_id != contact_id]
    keys = [(bucket_of(other), other, entry.run.id) for other in others for entry in entered]
    before: dict[str, list[Received]] = {}
    for run, at, flow, step in await connection.read(_RECEIVED_BEFORE, keys=keys):
        before.setdefault(run, []).append(Received(instant(at), flow, step))
    return tuple(replace(one, received=(*one.received, *before.get(one.run.id, ()))) for one in entered)


async def of_order(connection: Connection, contact_id: str, order_id: str) -> tuple[Conversion, ...]:
    """Return the goals that an order of a contact reached."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    return tuple(_conversion(row) for row in await connection.read(_OF_ORDER, **own, order_id=order_id))


def _entry(row: Sequence[Any]) -> Entry:
    received = tuple(Received(instant(at), flow, step) for at, flow, step in rows.json_rows(row[10]))
    return Entry(rows.run_from(row), frozenset(goal for (goal,) in rows.json_rows(row[9])), received)


def _conversion(row: Sequence[Any]) -> Conversion:
    return Conversion(row[0], row[1], instant(row[2]), *row[3:])
