"""Outside calls: claimed with a later due time, so that a call lost in a crash is made again."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.ids import bucket_of, instant, microseconds
from bot.storage.driver import Connection, Statement
from bot.storage.due import buckets, peek

_PEEK = peek("call", "t.state = 'queued' AND t.due_at <= :now")
_CLAIM = Statement("""
    WITH due (due_contact, due_key) AS MATERIALIZED (
        SELECT c.contact, c.key FROM call c
        WHERE c.bucket = :bucket AND c.state = 'queued' AND c.due_at <= :now
        ORDER BY c.due_at LIMIT :most @skip_locked(c))
    UPDATE call SET attempts = attempts + 1, due_at = :lease
    FROM due WHERE bucket = :bucket AND contact = due_contact AND key = due_key
    RETURNING contact, key, kind, payload, attempts, created_at
""")
_RECORD = Statement("""
    UPDATE call SET state = :state, due_at = :due_at, failure = :failure
    WHERE bucket = :bucket AND contact = :contact AND key = :key AND state = 'queued'
""")
_LISTED = Statement("""
    SELECT c.contact, c.key, c.kind, c.state, c.created_at, c.due_at, c.attempts, c.failure FROM call c
    WHERE c.state IN (SELECT states.state FROM @each(states: state text))
        AND (c.created_at, c.contact, c.key) < (:at, :contact, :key)
    ORDER BY c.created_at DESC, c.contact DESC, c.key DESC LIMIT :most
""")
_OF_CONTACT = Statement("""
    SELECT c.contact, c.key, c.kind, c.state, c.created_at, c.due_at, c.attempts, c.failure FROM call c
    WHERE c.bucket = :bucket AND c.contact = :contact
""")
_COUNT_DEAD = Statement("SELECT COUNT(*) FROM call c WHERE c.state = 'dead'")
_REPLAY = Statement("""
    UPDATE call SET state = 'queued', due_at = :now, attempts = 0, failure = NULL
    WHERE bucket = :bucket AND contact = :contact AND key = :key AND state IN ('done', 'dead')
    RETURNING key
""")
STATES = ("queued", "done", "dead")
"""Where a call is: still to be made, taken by the shop, given up."""
_ID = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})")
LATEST = (datetime.max.replace(tzinfo=UTC), "", "")
"""Before every call there is."""


@dataclass(frozen=True, slots=True)
class Call:
    """What became of a call."""

    contact_id: str
    key: str
    kind: str
    state: str
    created_at: datetime
    due_at: datetime
    attempts: int
    failure: str | None

    @property
    def id(self) -> str:
        """A name that needs no escaping and says where the call is: keys are unique per contact only."""
        return f"{self.contact_id}-{hashlib.sha256(self.key.encode()).hexdigest()[:16]}"

    @property
    def place(self) -> tuple[datetime, str, str]:
        """What calls are ordered by: give it to `listed` to go on behind this one."""
        return self.created_at, self.contact_id, self.key


@dataclass(frozen=True, slots=True)
class StoredCall:
    """Something to tell the shop; `payload` is JSON text, the same at every try."""

    contact_id: str
    key: str
    kind: str
    payload: str
    attempts: int
    created_at: datetime


async def buckets_with_due(connection: Connection, now: datetime) -> list[int]:
    """Buckets with calls to make."""
    return await buckets(connection, _PEEK, now)


async def claim(
    connection: Connection, bucket: int, now: datetime, lease: timedelta, most: int
) -> list[StoredCall]:
    """Take calls in hand; they are due again when the lease ends."""
    found = await connection.read(
        _CLAIM, bucket=bucket, now=microseconds(now), lease=microseconds(now + lease), most=most
    )
    return [StoredCall(row[0], row[1], row[2], row[3], row[4], instant(row[5])) for row in found]


async def record(
    connection: Connection, call: StoredCall, state: str, due_at: datetime, failure: str | None
) -> None:
    """Record what became of a call: `done`, `dead`, or `queued` for a later try."""
    parameters = {
        "bucket": bucket_of(call.contact_id),
        "contact": call.contact_id,
        "key": call.key,
        "state": state,
        "due_at": microseconds(due_at),
        "failure": failure,
    }
    await connection.run(_RECORD, [parameters])


async def listed(
    connection: Connection,
    states: Collection[str],
    most: int,
    *,
    after: tuple[datetime, str, str] = LATEST,
) -> list[Call]:
    """Calls in these states, newest first, behind `after`."""
    at, contact, key = after
    found = await connection.read(
        _LISTED,
        states=[(state,) for state in states],
        at=microseconds(at),
        contact=contact,
        key=key,
        most=most,
    )
    return [_call(row) for row in found]


async def one(connection: Connection, call_id: str) -> Call | None:
    """The call with this id (see `Call.id`)."""
    parts = _ID.fullmatch(call_id)
    if parts is None:
        return None
    contact = parts[1]
    found = await connection.read(_OF_CONTACT, bucket=bucket_of(contact), contact=contact)
    return next((call for call in map(_call, found) if call.id == call_id), None)


async def count_dead(connection: Connection) -> int:
    """How many calls were given up."""
    ((number,),) = await connection.read(_COUNT_DEAD)
    return int(number)


async def replay(connection: Connection, call: Call, now: datetime) -> bool:
    """Have a call made again that was taken or given up; False where it waits to be made anyway."""
    at = microseconds(now)
    own = {"bucket": bucket_of(call.contact_id), "contact": call.contact_id, "key": call.key}
    return bool(await connection.read(_REPLAY, **own, now=at))


def _call(row: Sequence[Any]) -> Call:
    contact, key, kind, state, created_at, due_at, attempts, failure = row
    return Call(contact, key, kind, state, instant(created_at), instant(due_at), attempts, failure)
