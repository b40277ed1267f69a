"""What a rehearsal on a clock of its own asks of one contact: what comes next, and what went wrong."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import bucket_of, instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Statement


def _earliest(table: str, column: str, condition: str) -> str:
    return (
        f'SELECT MIN(t.{column}) AS at FROM "{table}" t WHERE t.bucket = :bucket AND t.contact = :contact'  # noqa: S608  # our own text
        f" AND t.{column} > :after AND {condition}"
    )


_NEXT = Statement(
    "SELECT MIN(n.at) FROM ("  # noqa: S608  # our own text
    + " UNION ALL ".join(
        (
            _earliest("run", "wake_at", "t.status = 'waiting'"),
            _earliest("outbox", "due_at", "t.state IN ('queued', 'held')"),
            _earliest("trigger", "due_at", "t.state = 'new'"),
            _earliest("lot", "notice_at", tables.LOT_OPEN),
            _earliest("lot", "active_from", tables.LOT_OPEN),
            _earliest("lot", "expires_at", f"{tables.LOT_OPEN} AND t.expires_at < {tables.FOREVER}"),
            _earliest("lot", "grace_until", tables.LOT_OPEN),
        )
    )
    + ") n"
)
_FAILURES = Statement("""
    SELECT t.failure FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.failure IS NOT NULL
    UNION ALL
    SELECT r.failure FROM run r
    WHERE r.bucket = :bucket AND r.contact = :contact AND r.failure IS NOT NULL
""")
_UNSENT = Statement("""
    SELECT o.id, o.flow, o.step, o.channel, o.state, o.due_at, o.reason, o.explanation FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.state IN ('refused', 'held') ORDER BY o.id
""")


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that did not leave; `held_until` is None where it never will."""

    id: str
    flow: str
    step: str
    channel: str
    held_until: datetime | None
    reason: str
    explanation: str


async def unsent(connection: Connection, contact_id: str) -> list[Unsent]:
    """Which messages to the contact were refused or are held, oldest first."""
    found = await connection.read(_UNSENT, bucket=bucket_of(contact_id), contact=contact_id)
    return [
        Unsent(id_, flow, step, channel, instant(due) if state == "held" else None, reason or "", why or "")
        for id_, flow, step, channel, state, due, reason, why in found
    ]


async def next_due(connection: Connection, contact_id: str, after: datetime) -> datetime | None:
    """When something becomes due for the contact next, later than `after`."""
    ((at,),) = await connection.read(
        _NEXT, bucket=bucket_of(contact_id), contact=contact_id, after=microseconds(after)
    )
    return None if at is None else instant(at)


async def failures(connection: Connection, contact_id: str) -> list[str]:
    """What went wrong in the contact's turns and runs."""
    found = await connection.read(_FAILURES, bucket=bucket_of(contact_id), contact=contact_id)
    return [row[0] for row in found]
