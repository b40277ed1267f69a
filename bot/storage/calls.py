"""Outside calls: claimed with a later due time, so that a call lost in a crash is made again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
