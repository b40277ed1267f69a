"""Messages of the outbox by state, as an operator looks at them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import BUCKETS, instant, microseconds
from bot.core.messages import Lane, OutboxState
from bot.storage.driver import Connection, Statement

_LISTED = Statement("""
    SELECT o.id, o.contact, o.channel, o.address, o.state, o.reason, o.error_code, o.created_at, o.due_at,
           o.attempts, o.flow, o.message_class, o.explanation
    FROM @each(states: state text)
    JOIN outbox o ON o.state = states.state
    ORDER BY o.created_at, o.id LIMIT :most
""")
_COUNTED = Statement("""
    SELECT o.state, COUNT(*) FROM @each(states: state text) JOIN outbox o ON o.state = states.state
    GROUP BY o.state
""")


# A probe for each bucket and lane, as the claim makes them: counting a million rows would take a second.
_SINCE = Statement("""
    SELECT keys.lane, (SELECT o.due_at FROM outbox o WHERE o.bucket = keys.bucket AND o.lane = keys.lane
        AND o.state = 'queued' AND o.due_at <= :now ORDER BY o.due_at LIMIT 1)
    FROM @each(keys: bucket integer, lane integer)
""")


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message where it stands; `due_at` says when it is tried (again).

    `explanation` is what the gate has against it, and until when, without personal data.
    """

    id: str
    contact_id: str
    channel: str
    address: str
    state: OutboxState
    reason: str | None
    created_at: datetime
    due_at: datetime
    attempts: int
    flow: str
    message_class: str
    explanation: str | None = None


async def listed(connection: Connection, states: Collection[OutboxState], most: int) -> list[Unsent]:
    """Messages in these states, oldest first."""
    keys = [(state.value,) for state in states]
    return [
        Unsent(
            id=row[0],
            contact_id=row[1],
            channel=row[2],
            address=row[3],
            state=OutboxState(row[4]),
            reason=row[5] or (f"error {row[6]}" if row[6] else None),
            created_at=instant(row[7]),
            due_at=instant(row[8]),
            attempts=row[9],
            flow=row[10],
            message_class=row[11],
            explanation=row[12],
        )
        for row in await connection.read(_LISTED, states=keys, most=most)
    ]


async def waiting_since(connection: Connection, now: datetime) -> dict[Lane, datetime]:
    """Since when the oldest due message of each lane waits; a lane without any is missing."""
    keys = [(bucket, lane.value) for bucket in range(BUCKETS) for lane in Lane]
    since: dict[Lane, datetime] = {}
    for lane, due_at in await connection.read(_SINCE, keys=keys, now=microseconds(now)):
        if due_at is not None:
            found = instant(due_at)
            since[Lane(lane)] = min(found, since.get(Lane(lane), found))
    return since


async def counted(connection: Connection, states: Collection[OutboxState]) -> dict[OutboxState, int]:
    """How many messages are in each of these states; a state without any is missing."""
    keys = [(state.value,) for state in states]
    return {OutboxState(state): int(n) for state, n in await connection.read(_COUNTED, states=keys)}
