"""What a rehearsal asks of its copy: what is due next of anybody, what is held, and what it came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.ids import instant, microseconds
from bot.storage import rows
from bot.storage.driver import Connection, Statement

_NEXT = Statement("""
    SELECT MIN(n.at) FROM (
        SELECT MIN(r.wake_at) AS at FROM run r WHERE r.status = 'waiting' AND r.wake_at > :after
        UNION ALL
        SELECT MIN(o.due_at) FROM outbox o WHERE o.state IN ('queued', 'held') AND o.due_at > :after
        UNION ALL
        SELECT MIN(t.due_at) FROM "trigger" t WHERE t.state = 'new' AND t.due_at > :after
    ) n
""")
_NEXT_LOOK = Statement("SELECT MIN(m.look_at) FROM audience_member m WHERE m.look_at > :after")
_DUE = Statement("""
    SELECT
        EXISTS (SELECT 1 FROM run r WHERE r.status = 'waiting' AND r.wake_at <= :now),
        EXISTS (SELECT 1 FROM "trigger" t WHERE t.state = 'new' AND t.due_at <= :now),
        EXISTS (SELECT 1 FROM outbox o WHERE o.state = 'held' AND o.due_at <= :now),
        EXISTS (SELECT 1 FROM outbox o WHERE o.state = 'queued' AND o.due_at <= :now)
""")
_LOOK_DUE = Statement("SELECT EXISTS (SELECT 1 FROM audience_member m WHERE m.look_at <= :now)")
_HELD = Statement("SELECT o.id, o.reason FROM outbox o WHERE o.state = 'held' AND o.flow = :flow")
_WRITTEN = Statement("""
    SELECT o.contact, o.id, o.step, o.channel, o.body, o.state, o.reason, o.wanted_at, o.handed_at, o.due_at
    FROM outbox o WHERE o.flow = :flow AND o.created_at >= :since ORDER BY o.created_at, o.id
""")
_WAITING = Statement("""
    SELECT DISTINCT r.contact FROM run r WHERE r.bucket = :bucket AND r.contact = :contact
        AND r.status = 'waiting'
""")
_RUNS = Statement("SELECT COUNT(*) FROM run r WHERE r.status = 'waiting' AND r.flow = :flow")
_FAILED = Statement("""
    SELECT r.failure FROM run r WHERE r.status = 'failed' AND r.started_at >= :since
    UNION ALL
    SELECT t.failure FROM "trigger" t WHERE t.state = 'dead'
""")


KINDS = ("timers", "triggers", "held", "queued")
"""What may be due, in the order the statement asks."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message as it stands in the copy."""

    contact: str
    id: str
    step: str
    channel: str
    body: str
    state: str
    reason: str | None
    wanted_at: datetime
    handed_at: datetime | None
    due_at: datetime


async def next_due(connection: Connection, now: datetime, *, looks: bool) -> datetime | None:
    """When something becomes due next, later than now; with `looks` also where an audience may change."""
    ((at,),) = await connection.read(_NEXT, after=microseconds(now))
    if looks:
        ((look,),) = await connection.read(_NEXT_LOOK, after=microseconds(now))
        at = min((one for one in (at, look) if one is not None), default=None)
    return None if at is None else instant(at)


async def what_is_due(connection: Connection, now: datetime, *, looks: bool) -> frozenset[str]:
    """Which kinds of things are due by now: timers, triggers, held messages, queued ones, audiences."""
    (row,) = await connection.read(_DUE, now=microseconds(now))
    found = {name for name, is_due in zip(KINDS, row, strict=True) if is_due}
    if looks:
        ((is_due,),) = await connection.read(_LOOK_DUE, now=microseconds(now))
        found |= {"audiences"} if is_due else set()
    return frozenset(found)


async def held(connection: Connection, flow: str) -> list[tuple[str, str]]:
    """Messages of the flow that are held now, each with the reason."""
    return [(row[0], row[1] or "held") for row in await connection.read(_HELD, flow=flow)]


async def is_waiting(connection: Connection, bucket: int, contact: str) -> bool:
    """Whether a run of the contact waits."""
    return bool(await connection.read(_WAITING, bucket=bucket, contact=contact))


async def written(connection: Connection, flow: str, since: datetime) -> list[Row]:
    """All messages of the flow that the rehearsal wrote, the oldest first."""
    found = await connection.read(_WRITTEN, flow=flow, since=microseconds(since))
    return [_row(row) for row in found]


def _row(row: Sequence[Any]) -> Row:
    contact, message, step, channel, body, state, reason, wanted_at, handed_at, due_at = row
    return Row(
        contact, message, step, channel, body, state, reason,
        instant(wanted_at), rows.loaded(handed_at), instant(due_at),
    )  # fmt: skip


async def under_way(connection: Connection, flow: str) -> int:
    """How many runs of the flow still wait."""
    ((count,),) = await connection.read(_RUNS, flow=flow)
    return int(count)


async def failures(connection: Connection, since: datetime) -> list[str]:
    """The last line of whatever failed."""
    found = await connection.read(_FAILED, since=microseconds(since))
    return [row[0].strip().splitlines()[-1] for row in found if row[0] and row[0].strip()]
