"""Messages whose outcome is or was unknown: whom to ask about, what was found out, the whole list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.ids import BUCKETS, bucket_of, instant, microseconds
from bot.core.messages import OutboxState
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.step_figures import Changing

NEVER_FOUND_OUT = "outcome unknown"
"""The reason of a message that was given up although it may have left: never to be sent again."""
_MAY_HAVE_LEFT = frozenset(
    {OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.SENT, OutboxState.DELIVERED}
)
_DID_NOT_ARRIVE = frozenset({OutboxState.UNDELIVERED, OutboxState.FAILED})


def and_evidence(words: str) -> str:
    """SQL that adds words (an SQL expression) to the evidence of a message that is or was in doubt."""
    return (
        "evidence = CASE WHEN doubted_at IS NULL THEN evidence"
        f" ELSE COALESCE(COALESCE(evidence || '; ', '') || CAST({words} AS text), evidence) END"
    )


_PEEK = Statement("""
    SELECT keys.bucket FROM @each(keys: bucket integer)
    WHERE EXISTS (SELECT 1 FROM outbox t WHERE t.bucket = keys.bucket AND t.state = 'unknown'
        AND t.due_at <= :now AND t.doubted_at <= :doubted_by)
    ORDER BY keys.bucket
""")
# As in the outbox, MATERIALIZED: PostgreSQL may run a plain subquery again for each row and take too many.
_TAKE = Statement("""
    WITH due (due_contact, due_id) AS MATERIALIZED (
        SELECT o.contact, o.id FROM outbox o
        WHERE o.bucket = :bucket AND o.state = 'unknown' AND o.due_at <= :now AND o.doubted_at <= :doubted_by
        ORDER BY o.due_at, o.id LIMIT :most @skip_locked(o))
    UPDATE outbox SET due_at = :until
    FROM due WHERE bucket = :bucket AND contact = due_contact AND id = due_id AND state = 'unknown'
    RETURNING contact, channel, address, id, created_at
""")
# What may be in the provider's list under a name that we do not know, and the names that we do know.
_HANDED = Statement("""
    SELECT o.id, o.sender, o.body, o.media, o.state, o.provider_id, o.created_at, o.handed_at, o.doubted_at,
        o.attempts, o.lookups, o.valid_until, o.earlier_ids
    FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.channel = :channel AND o.address = :address
        AND COALESCE(o.handed_at, o.created_at) >= :since
        AND (o.provider_id IS NOT NULL OR o.earlier_ids IS NOT NULL
            OR o.state IN ('sending', 'unknown', 'sent', 'delivered')
            OR o.state IN ('undelivered', 'failed') AND o.doubted_at IS NOT NULL)
    ORDER BY COALESCE(o.handed_at, o.created_at), o.id
""")
_OF = "WHERE bucket = :bucket AND contact = :contact AND id = :id AND state = 'unknown'"
_WAIT = Statement(f"UPDATE outbox SET due_at = :due_at, lookups = lookups + :asked {_OF}")  # noqa: S608  # ours
_QUEUE_AGAIN = Statement(f"""
    UPDATE outbox SET state = 'queued', reason = NULL, due_at = :now, state_at = :now, lease_until = NULL,
        lookups = 0, counted_on = NULL, {and_evidence(":evidence")}
    {_OF}
""")  # noqa: S608  # our own text
_END = Statement(f"""
    UPDATE outbox SET state = 'failed', reason = :reason, state_at = :now, lease_until = NULL,
        {and_evidence(":evidence")}
    {_OF}
""")  # noqa: S608  # our own text

# Of equal texts the list cannot say which is which. A report that carries our id can, and comes too late.
_MISTAKEN = Statement(f"""
    UPDATE outbox SET state = 'unknown', provider_id = NULL, lookups = 0, due_at = :now, state_at = :now,
        doubted_at = :now, {and_evidence(":evidence")}
    WHERE bucket = :bucket AND contact = :contact AND id <> :id AND provider_id = :provider_id
        AND doubted_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM outbox r WHERE r.bucket = :bucket AND r.contact = :contact AND r.id = :id
            AND r.provider_id = :provider_id)
""")  # noqa: S608  # our own text
_NAMED = Statement("""
    SELECT o.id FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.id <> :id AND o.provider_id = :provider_id
        AND o.doubted_at IS NOT NULL
""")

_DOUBTED = Statement("""
    SELECT o.id, o.contact, o.channel, o.message_class, o.lane, o.flow, o.step, o.state, o.reason,
        o.error_code, o.created_at, o.doubted_at, o.state_at, o.attempts, o.lookups, o.provider_id, o.evidence
    FROM @each(keys: bucket integer)
    JOIN outbox o ON o.bucket = keys.bucket AND o.doubted_at IS NOT NULL AND o.doubted_at >= :since
    ORDER BY o.doubted_at, o.id
""")
_COUNTED = Statement("""
    SELECT o.state, COUNT(*), MIN(o.doubted_at) FROM @each(keys: bucket integer)
    JOIN outbox o ON o.bucket = keys.bucket AND o.doubted_at IS NOT NULL
    GROUP BY o.state
""")
_ALL_BUCKETS = [(bucket,) for bucket in range(BUCKETS)]


@dataclass(frozen=True, slots=True)
class Taken:
    """Messages to one address about which one worker asks the provider; the oldest was made at `since`."""

    contact_id: str
    channel: str
    address: str
    ids: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that was, or may have been, handed to the provider.

    `media` is how many pictures it has; `handed_at` when it was last handed over, for an answer in the
    webhook's own response when it was written down. `earlier_ids` are the provider's names of hand-overs that
    did not arrive and were tried again.
    """

    id: str
    sender: str
    body: str
    media: int
    state: OutboxState
    provider_id: str | None
    created_at: datetime
    handed_at: datetime
    doubted_at: datetime | None
    attempts: int
    lookups: int
    valid_until: datetime | None
    earlier_ids: tuple[str, ...] = ()

    @property
    def is_nameless(self) -> bool:
        """Whether the provider may have it under a name that we do not know."""
        if self.provider_id is not None:
            return False
        return self.state in _MAY_HAVE_LEFT or (self.state in _DID_NOT_ARRIVE and self.doubted_at is not None)


@dataclass(frozen=True, slots=True)
class Doubted:
    """A message whose outcome is or was unknown, as the report tells it."""

    id: str
    contact_id: str
    channel: str
    message_class: str
    lane: int
    flow: str
    step: str
    state: OutboxState
    reason: str | None
    created_at: datetime
    doubted_at: datetime
    state_at: datetime
    attempts: int
    lookups: int
    provider_id: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """How many messages were ever in doubt, by where they stand now; since when the oldest still is."""

    by_state: dict[OutboxState, int]
    oldest_at: datetime | None

    @property
    def open(self) -> int:
        """How many are unknown now."""
        return self.by_state.get(OutboxState.UNKNOWN, 0)


async def buckets_to_ask(connection: Connection, now: datetime, patience: timedelta) -> list[int]:
    """Buckets with messages that have been unknown for so long that the provider may be asked."""
    doubted_by = microseconds(now - patience)
    found = await connection.read(_PEEK, keys=_ALL_BUCKETS, now=microseconds(now), doubted_by=doubted_by)
    return [row[0] for row in found]


async def take(
    connection: Connection, bucket: int, now: datetime, patience: timedelta, until: datetime, most: int
) -> list[Taken]:
    """Take unknown messages in hand until then, so that nobody else asks about them meanwhile."""
    found = await connection.read(
        _TAKE,
        bucket=bucket,
        now=microseconds(now),
        doubted_by=microseconds(now - patience),
        until=microseconds(until),
        most=most,
    )
    by_address: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    for contact, channel, address, id_, created_at in found:
        by_address.setdefault((contact, channel, address), []).append((id_, created_at))
    return [
        Taken(*whose, tuple(sorted(id_ for id_, _ in of)), instant(min(at for _, at in of)))
        for whose, of in sorted(by_address.items())
    ]


async def handed(connection: Connection, taken: Taken, since: datetime) -> list[Handed]:
    """Every message to the address that may have left since then, in the order they were handed over."""
    found = await connection.read(
        _HANDED,
        bucket=bucket_of(taken.contact_id),
        contact=taken.contact_id,
        channel=taken.channel,
        address=taken.address,
        since=microseconds(since),
    )
    return [_handed(row) for row in found]


async def wait(
    connection: Connection, contact_id: str, message_id: str, due_at: datetime, *, asked: bool
) -> None:
    """Leave a message unknown until then; `asked` when the provider's list was read and did not have it."""
    await _run(
        connection, _WAIT, contact_id, message_id, {"due_at": microseconds(due_at), "asked": int(asked)}
    )


async def queue_again(
    connection: Connection, contact_id: str, message_id: str, now: datetime, evidence: str
) -> None:
    """Let a message that was not taken be sent again; the gate is asked when it is claimed."""
    await _run(
        connection, _QUEUE_AGAIN, contact_id, message_id, {"now": microseconds(now), "evidence": evidence}
    )


async def end(
    connection: Connection, contact_id: str, message_id: str, now: datetime, reason: str, evidence: str
) -> None:
    """Give a message up: it is never sent again."""
    values = {"now": microseconds(now), "reason": reason, "evidence": evidence}
    changing = await Changing.of(connection, [(contact_id, message_id)])
    await _run(connection, _END, contact_id, message_id, values)
    await changing.count(connection)


async def take_back_name(
    connection: Connection, contact_id: str, message_id: str, provider_id: str, now: datetime
) -> None:
    """Doubt a message again that took the name which the provider says is this one's."""
    evidence = f"{provider_id} is another message's: asked about again"
    values = {"now": microseconds(now), "provider_id": provider_id, "evidence": evidence}
    of = {"bucket": bucket_of(message_id), "contact": contact_id, "id": message_id}
    named = await connection.read(_NAMED, **of, provider_id=provider_id)
    changing = await Changing.of(connection, [(contact_id, row[0]) for row in named])
    await connection.run(_MISTAKEN, [of | values])
    await changing.count(connection)


async def doubted(connection: Connection, since: datetime) -> list[Doubted]:
    """Every message whose outcome became unknown since then, in that order."""
    found = await connection.read(_DOUBTED, keys=_ALL_BUCKETS, since=microseconds(since))
    return [
        Doubted(
            id=row[0],
            contact_id=row[1],
            channel=row[2],
            message_class=row[3],
            lane=row[4],
            flow=row[5],
            step=row[6],
            state=OutboxState(row[7]),
            reason=row[8] or (f"error {row[9]}" if row[9] else None),
            created_at=instant(row[10]),
            doubted_at=instant(row[11]),
            state_at=instant(row[12]),
            attempts=row[13],
            lookups=row[14],
            provider_id=row[15],
            evidence=row[16],
        )
        for row in found
    ]


async def summary(connection: Connection) -> Summary:
    """Count every message that was ever in doubt, by where it stands now."""
    found = await connection.read(_COUNTED, keys=_ALL_BUCKETS)
    counts = Counter({OutboxState(state): int(count) for state, count, _ in found})
    oldest = next((since for state, _, since in found if state == OutboxState.UNKNOWN), None)
    return Summary(dict(counts), None if oldest is None else instant(oldest))


async def _run(
    connection: Connection, statement: Statement, contact_id: str, message_id: str, values: dict[str, object]
) -> None:
    of = {"bucket": bucket_of(message_id), "contact": contact_id, "id": message_id}
    await connection.run(statement, [of | values])


def _handed(row: Sequence[Any]) -> Handed:
    created_at = instant(row[6])
    return Handed(
        id=row[0],
        sender=row[1],
        body=row[2],
        media=len(row[3].split()),
        state=OutboxState(row[4]),
        provider_id=row[5],
        created_at=created_at,
        handed_at=rows.loaded(row[7]) or created_at,
        doubted_at=rows.loaded(row[8]),
        attempts=row[9],
        lookups=row[10],
        valid_until=rows.loaded(row[11]),
        earlier_ids=tuple((row[12] or "").split()),
    )
