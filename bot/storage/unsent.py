"""Messages of the outbox by state, as an operator looks at them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.ids import BUCKETS, bucket_of, instant, microseconds
from bot.core.messages import Lane, OutboxState
from bot.storage.driver import Connection, Statement

_COLUMNS = (
    "o.id, o.contact, o.channel, o.address, o.sender, o.state, o.reason, o.error_code, o.explanation,"
    " o.created_at, o.due_at, o.attempts, o.flow, o.step, o.message_class, o.lane, o.way, o.way_because"
)


def _fits(state: OutboxState, of: str) -> str:
    # The state is a literal and not a parameter, so that the partial index of that state may be read.
    return f"""
        FROM outbox o
        WHERE {of} o.state = '{state}' AND (CAST(:flow AS text) IS NULL OR o.flow = :flow)
            AND (CAST(:lane AS integer) IS NULL OR o.lane = :lane)
    """


_OF_CONTACT = "o.bucket = :bucket AND o.contact = :contact AND"
_LISTED = {
    (state, bool(of)): Statement(
        f"SELECT {_COLUMNS} {_fits(state, of)} ORDER BY o.created_at, o.id LIMIT :most"  # ours
    )
    for state in OutboxState
    for of in ("", _OF_CONTACT)
}
_COUNTED = {
    (state, bool(of)): Statement(f"SELECT COUNT(*) {_fits(state, of)}")  # our own text
    for state in OutboxState
    for of in ("", _OF_CONTACT)
}
# A probe for each bucket and lane, as the claim makes them: counting a million rows would take a second.
_SINCE = Statement("""
    SELECT keys.lane, (SELECT o.due_at FROM outbox o WHERE o.bucket = keys.bucket AND o.lane = keys.lane
        AND o.state = 'queued' AND o.due_at <= :now ORDER BY o.due_at LIMIT 1)
    FROM @each(keys: bucket integer, lane integer)
""")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages to look at: in these states, and of this flow, lane or contact where it is given."""

    states: Collection[OutboxState]
    flow: str | None = None
    lane: Lane | None = None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message where it stands; `due_at` says when it is tried (again), `explanation` what the gate says."""

    id: str
    contact_id: str
    channel: str
    address: str
    sender: str
    state: OutboxState
    reason: str | None
    error_code: str | None
    explanation: str | None
    created_at: datetime
    due_at: datetime
    attempts: int
    flow: str
    step: str
    message_class: str
    lane: Lane
    way: str | None = None
    """How it goes or went, on a channel with several ways, and why so."""
    way_because: str | None = None


async def listed(connection: Connection, which: Filter, most: int) -> list[Unsent]:
    """The messages, oldest first."""
    found: list[Unsent] = []
    for state in dict.fromkeys(which.states):
        statement = _LISTED[state, which.contact_id is not None]
        found += [_unsent(row) for row in await connection.read(statement, **_asked(which), most=most)]
    return sorted(found, key=lambda one: (one.created_at, one.id))[:most]


async def counted(connection: Connection, which: Filter) -> dict[OutboxState, int]:
    """How many messages are in each of the states; a state without any is missing."""
    counts = {}
    for state in dict.fromkeys(which.states):
        statement = _COUNTED[state, which.contact_id is not None]
        ((number,),) = await connection.read(statement, **_asked(which))
        if number:
            counts[state] = int(number)
    return counts


async def waiting_since(connection: Connection, now: datetime) -> dict[Lane, datetime]:
    """Since when the oldest due message of each lane waits; a lane without any is missing."""
    keys = [(bucket, lane.value) for bucket in range(BUCKETS) for lane in Lane]
    since: dict[Lane, datetime] = {}
    for lane, due_at in await connection.read(_SINCE, keys=keys, now=microseconds(now)):
        if due_at is not None:
            found = instant(due_at)
            since[Lane(lane)] = min(found, since.get(Lane(lane), found))
    return since


def _asked(which: Filter) -> dict[str, object]:
    asked: dict[str, object] = {
        "flow": which.flow,
        "lane": None if which.lane is None else which.lane.value,
    }
    if which.contact_id is not None:
        asked |= {"contact": which.contact_id, "bucket": bucket_of(which.contact_id)}
    return asked


def _unsent(row: Sequence[Any]) -> Unsent:
    return Unsent(
        id=row[0],
        contact_id=row[1],
        channel=row[2],
        address=row[3],
        sender=row[4],
        state=OutboxState(row[5]),
        reason=row[6],
        error_code=row[7],
        explanation=row[8],
        created_at=instant(row[9]),
        due_at=instant(row[10]),
        attempts=row[11],
        flow=row[12],
        step=row[13],
        message_class=row[14],
        lane=Lane(row[15]),
        way=row[16],
        way_because=row[17],
    )
