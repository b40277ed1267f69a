"""The outbox: claim with a lease, read consent as it is now, record what became of each message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.contact import Address, Contact, JsonValue, SubscriptionState
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.messages import MessageClass, OutboxState, Outgoing
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.due import buckets, peek

_PEEK = peek("outbox", "t.state = 'queued' AND t.due_at <= :now")
_HELD_PEEK = peek("outbox", "t.state = 'held' AND t.due_at <= :now")
_LEASED_PEEK = peek("outbox", "t.state = 'sending' AND t.lease_until <= :now")
_SENDING_PEEK = peek("outbox", "t.state = 'sending'")

_MESSAGE = (
    "id, contact, channel, address, sender, message_class, subscription_group, body, media, key, flow, step,"
    " due_at, valid_until, language, attempts, created_at, tag"
)
# A contact's messages leave in order: only the oldest one that has not left is claimed. The claim is made
# once (MATERIALIZED): PostgreSQL may run a plain subquery again for each row and claim past the limit.
_CLAIM = Statement(f"""
    WITH due (due_contact, due_id) AS MATERIALIZED (
        SELECT o.contact, o.id FROM outbox o
        WHERE o.bucket = :bucket AND o.state = 'queued' AND o.due_at <= :now
            AND NOT EXISTS (SELECT 1 FROM outbox s WHERE s.bucket = o.bucket AND s.contact = o.contact
                AND s.state IN ('queued', 'sending') AND s.id < o.id)
        ORDER BY o.due_at, o.id LIMIT :most @skip_locked(o))
    UPDATE outbox SET state = 'sending', lease_until = :lease, attempts = attempts + 1, state_at = :now,
        handed_at = :now
    FROM due WHERE bucket = :bucket AND contact = due_contact AND id = due_id AND state = 'queued'
    RETURNING {_MESSAGE}
""")  # noqa: S608  # our own text
_RELEASE = Statement("""
    UPDATE outbox SET state = 'queued', reason = NULL, state_at = :now
    WHERE bucket = :bucket AND state = 'held' AND due_at <= :now
""")
# The lease that ended stays: by it an answer that was not written is given back (see `turns.give_back`).
_GIVE_UP_LEASE = Statement("""
    UPDATE outbox SET state = 'unknown', state_at = :now, doubted_at = :now
    WHERE bucket = :bucket AND state = 'sending' AND lease_until <= :now
""")
_AFTER_RESTORE = Statement("""
    UPDATE outbox SET state = 'unknown', lease_until = NULL, state_at = :now, doubted_at = :now
    WHERE bucket = :bucket AND state = 'sending'
    RETURNING id
""")
_CONSENT = Statement("""
    SELECT c.id, c.bucket, c.zone, c.zone_is_known, c.locale, c.created_at,
        (SELECT @rows(a.channel, a.value, a.stopped_at, a.unusable_reason, a.clarify_by, a.sender)
         FROM address a WHERE a.bucket = c.bucket AND a.contact = c.id),
        (SELECT @rows(s.subscription_group, s.state)
         FROM subscription s WHERE s.bucket = c.bucket AND s.contact = c.id)
    FROM @each(keys: bucket integer, id text)
    JOIN contact c ON c.bucket = keys.bucket AND c.id = keys.id
""")
_RECORD = Statement("""
    UPDATE outbox SET state = :state, reason = :reason, due_at = :due_at, state_at = :now, lease_until = NULL,
        provider_id = COALESCE(:provider_id, provider_id), segments = COALESCE(:segments, segments),
        error_code = :error_code, doubted_at = COALESCE(:doubted_at, doubted_at)
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state IN ('sending', 'unknown')
""")


def _report(reported: OutboxState) -> Statement:
    lower = ", ".join(f"'{state}'" for state in OutboxState if state.rank < reported.rank)
    return Statement(f"""
        UPDATE outbox SET state = '{reported}', state_at = :now, lease_until = NULL,
            provider_id = COALESCE(provider_id, :provider_id), segments = COALESCE(:segments, segments),
            error_code = :error_code
        WHERE bucket = :bucket AND contact = :contact AND id = :id AND state IN ({lower})
        RETURNING trigger_key, channel, address
    """)  # noqa: S608  # our own text


# Ranks only rise: a report changes rows of a lower rank and leaves all others alone.
_REPORTS = {
    state: _report(state)
    for state in (
        OutboxState.SENT,
        OutboxState.DELIVERED,
        OutboxState.UNDELIVERED,
        OutboxState.FAILED,
        OutboxState.CANCELED,
    )
}
_NOTICED = Statement("""
    SELECT n.lot FROM notice n
    WHERE n.bucket = :bucket AND n.contact = :contact AND n.trigger_key = :trigger_key
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in hand until its lease ends, with what consent says now."""

    message: Outgoing
    attempts: int
    created_at: datetime
    contact: Contact
    address: Address | None
    subscriptions: dict[str, SubscriptionState]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed message; `due_at` says when to try again where it is queued or held."""

    message: Outgoing
    state: OutboxState
    due_at: datetime
    reason: str | None = None
    provider_id: str | None = None
    segments: int | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """A message that a status report moved on."""

    trigger_key: str
    channel: str
    address: str


async def buckets_with_due(connection: Connection, now: datetime) -> list[int]:
    """Buckets with messages to send."""
    return await buckets(connection, _PEEK, now)


async def claim(
    connection: Connection, bucket: int, now: datetime, lease: timedelta, most: int
) -> list[Claimed]:
    """Take messages in hand, oldest first, with each contact's consent as it stands in this transaction."""
    found = await connection.read(
        _CLAIM, bucket=bucket, now=microseconds(now), lease=microseconds(now + lease), most=most
    )
    if not found:
        return []
    keys = sorted({(bucket, row[1]) for row in found})
    consent = {row[0]: row for row in await connection.read(_CONSENT, keys=keys)}
    claimed = [_claimed(row, consent[row[1]]) for row in found]
    return sorted(claimed, key=lambda one: (one.message.due_at, one.message.id))


async def release_held(connection: Connection, now: datetime) -> None:
    """Queue what was held and whose time has come; the gate is asked again when it is claimed."""
    await _each_bucket(connection, _HELD_PEEK, _RELEASE, now)


async def give_up_leases(connection: Connection, now: datetime) -> None:
    """Call unknown what was being sent by somebody who is gone: it may have left."""
    await _each_bucket(connection, _LEASED_PEEK, _GIVE_UP_LEASE, now)


async def after_restore(connection: Connection, now: datetime) -> int:
    """Call unknown what was being sent when the copy was made: it may have left. Returns how many that were.

    Run it on a restored database before anything else does. A lease that still runs there is nobody's.
    """
    found = 0
    for bucket in await buckets(connection, _SENDING_PEEK, now):
        found += len(await connection.read(_AFTER_RESTORE, bucket=bucket, now=microseconds(now)))
    return found


async def record(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Record what became of claimed messages."""
    await connection.run(
        _RECORD,
        [
            {
                "bucket": bucket_of(one.message.id),
                "contact": one.message.contact_id,
                "id": one.message.id,
                "state": one.state.value,
                "reason": one.reason,
                "due_at": microseconds(one.due_at),
                "now": microseconds(now),
                "provider_id": one.provider_id,
                "segments": one.segments,
                "error_code": one.error_code,
                "doubted_at": microseconds(now) if one.state is OutboxState.UNKNOWN else None,
            }
            for one in outcomes
        ],
    )


async def report(  # noqa: PLR0913  # what a provider tells of a message
    connection: Connection,
    contact_id: str,
    message_id: str,
    state: OutboxState,
    now: datetime,
    *,
    provider_id: str,
    segments: int | None,
    error_code: str | None,
) -> Reported | None:
    """Let a message rise to what the provider reports; None where it stands there or higher already."""
    found = await connection.read(
        _REPORTS[state],
        bucket=bucket_of(message_id),
        contact=contact_id,
        id=message_id,
        now=microseconds(now),
        provider_id=provider_id,
        segments=segments,
        error_code=error_code,
    )
    return Reported(*found[0]) if found else None


async def noticed_lots(connection: Connection, contact_id: str, trigger_key: str) -> list[JsonValue]:
    """Lots whose notice a trigger gave; none where it was about something else."""
    bucket = bucket_of(contact_id)
    found = await connection.read(_NOTICED, bucket=bucket, contact=contact_id, trigger_key=trigger_key)
    return sorted({row[0] for row in found})


async def _each_bucket(
    connection: Connection, peeked: Statement, statement: Statement, now: datetime
) -> None:
    at = microseconds(now)
    due = await buckets(connection, peeked, now)
    await connection.run(statement, [{"bucket": bucket, "now": at} for bucket in due])


def _claimed(row: Sequence[Any], consent: Sequence[Any]) -> Claimed:
    message = Outgoing(
        id=row[0],
        contact_id=row[1],
        channel=row[2],
        address=row[3],
        sender=row[4],
        message_class=MessageClass(row[5]),
        group=row[6],
        body=row[7],
        media=tuple(row[8].split()),
        key=row[9],
        flow=row[10],
        step=row[11],
        due_at=instant(row[12]),
        valid_until=rows.loaded(row[13]),
        language=row[14],
        tag=row[17],
    )
    contact = Contact(
        id=consent[0],
        bucket=consent[1],
        zone=consent[2],
        zone_is_known=bool(consent[3]),
        locale=consent[4],
        created_at=instant(consent[5]),
    )
    addresses = [rows.address_from(one) for one in rows.json_rows(consent[6])]
    address = next(
        (one for one in addresses if (one.channel, one.value) == (message.channel, message.address)), None
    )
    return Claimed(
        message,
        row[15],
        instant(row[16]),
        contact,
        address,
        rows.subscriptions_from(rows.json_rows(consent[7])),
    )
