"""The outbox: claim with a lease, read consent as it is now, record what became of each message."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.contact import Address, Contact, JsonValue, SubscriptionState
from bot.core.gate import Cleared
from bot.core.handing_over import Became
from bot.core.ids import BUCKETS, bucket_of, microseconds
from bot.core.messages import Lane, OutboxState, Outgoing
from bot.core.pacing import segments_of
from bot.core.ways import Way
from bot.storage import rows, told_runs
from bot.storage.consent_now import ConsentNow, consent_now
from bot.storage.driver import Connection, Statement
from bot.storage.due import buckets, peek
from bot.storage.unknown import and_evidence

# A scalar subquery and not EXISTS, here and below: PostgreSQL would make a join of that, planned without
# knowing how many rows wait, and may then read all of them for one probe.
_PEEK = Statement("""
    SELECT DISTINCT keys.bucket FROM @each(keys: bucket integer, lane integer)
    WHERE (SELECT 1 FROM outbox t WHERE t.bucket = keys.bucket AND t.lane = keys.lane
        AND t.state = 'queued' AND t.due_at <= :now LIMIT 1) IS NOT NULL
    ORDER BY keys.bucket
""")
_ORDER_IS_WORTH = timedelta(minutes=1)
_HELD_PEEK = peek("outbox", "t.state = 'held' AND t.due_at <= :now")
_LEASED_PEEK = peek("outbox", "t.state = 'sending' AND t.lease_until <= :now")
_SENDING_PEEK = peek("outbox", "t.state = 'sending'")

MESSAGE_COLUMNS = (
    "o.id, o.contact, o.channel, o.address, o.sender, o.message_class, o.subscription_group, o.body, o.media,"
    " o.key, o.flow, o.step, o.wanted_at, o.valid_until, o.language, o.form, o.only_here,"
    " o.attempts, o.tried_since, o.tag, o.run, o.revision, o.variant, o.wakes"
)
"""What `outgoing_from` reads of `outbox o`."""
# A contact's messages leave in order: one waits for older ones of its lane or a more urgent one that are in
# hand, due, about to be tried again (order is worth a minute), or parts of the same answer. What is due and
# itself waits for an earlier part that is tried again much later holds nobody back either.
_MAY_GO = """
        o.state = 'queued' AND o.due_at <= :now
        AND (SELECT 1 FROM outbox s WHERE s.bucket = o.bucket AND s.contact = o.contact AND s.id < o.id
            AND s.lane <= o.lane AND s.state IN ('queued', 'sending')
            AND (s.state = 'sending' OR s.trigger_key = o.trigger_key
                OR (s.attempts > 0 AND s.due_at <= :soon)
                OR (s.due_at <= :now AND (SELECT 1 FROM outbox r
                    WHERE r.bucket = s.bucket AND r.contact = s.contact AND r.id < s.id
                        AND r.trigger_key = s.trigger_key AND r.state = 'queued' AND r.due_at > :soon
                    LIMIT 1) IS NULL))
            LIMIT 1) IS NULL
        AND o.sender NOT IN (SELECT resting.sender FROM @each(resting: sender text))
"""
_DUE = Statement(f"""
    SELECT {MESSAGE_COLUMNS}, NULL FROM outbox o
    WHERE o.bucket = :bucket AND o.lane = :lane AND {_MAY_GO}
    ORDER BY o.due_at LIMIT :most @skip_locked(o)
""")  # noqa: S608  # our own text
# Of several buckets at once, for lanes in which few wait: all of these are looked at.
_FEW_DUE = Statement(f"""
    SELECT {MESSAGE_COLUMNS}, (SELECT 1 FROM outbox n WHERE n.bucket = o.bucket AND n.contact = o.contact
        AND n.id > o.id AND n.state = 'queued' LIMIT 1)
    FROM @each(keys: bucket integer, lane integer)
    JOIN outbox o @indexed(ix_outbox_due) ON o.bucket = keys.bucket AND o.lane = keys.lane
    WHERE {_MAY_GO}
    ORDER BY o.lane, o.due_at LIMIT :most @skip_locked(o)
""")  # noqa: S608  # our own text
_TAKE = Statement("""
    UPDATE outbox SET state = 'sending', lease_until = :lease, attempts = attempts + 1, state_at = :now,
        handed_at = :now, tried_since = COALESCE(tried_since, :now), counted_on = :counts_on,
        way = :way, way_because = :because
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state = 'queued'
""")
_DECLINE = Statement("""
    UPDATE outbox SET state = :state, reason = :reason, explanation = :explanation, due_at = :due_at,
        state_at = :now, way = NULL, way_because = :way_because
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state = 'queued'
""")
_RELEASE = Statement("""
    WITH due (due_contact, due_id) AS MATERIALIZED (
        SELECT o.contact, o.id FROM outbox o
        WHERE o.bucket = :bucket AND o.state = 'held' AND o.due_at <= :now
        ORDER BY o.due_at LIMIT :most @skip_locked(o))
    UPDATE outbox SET state = 'queued', reason = NULL, explanation = NULL, state_at = :now
    FROM due WHERE bucket = :bucket AND contact = due_contact AND id = due_id AND state = 'held'
    RETURNING id
""")
_IN_HAND = Statement("""
    SELECT o.id FROM @each(keys: bucket integer, contact text, id text, handed_at bigint)
    JOIN outbox o ON o.bucket = keys.bucket AND o.contact = keys.contact AND o.id = keys.id
        AND o.handed_at = keys.handed_at AND o.state IN ('sending', 'unknown')
""")
# The lease that ended stays: by it an answer that was not written is given back (see `turns.give_back`).
_GIVE_UP_LEASE = Statement(f"""
    UPDATE outbox SET state = 'unknown', state_at = :now, doubted_at = :now
    WHERE bucket = :bucket AND state = 'sending' AND lease_until <= :now
    RETURNING {told_runs.STANDS}
""")  # noqa: S608  # our own constant
_AFTER_RESTORE = Statement(f"""
    UPDATE outbox SET state = 'unknown', lease_until = NULL, state_at = :now, doubted_at = :now
    WHERE bucket = :bucket AND state = 'sending'
    RETURNING {told_runs.STANDS}
""")  # noqa: S608  # our own constant


def _record() -> Statement:
    """What the provider answered; a report that overtook it holds, and learns only what it did not say."""
    written = {"due_at": ":due_at", "reason": ":reason", "state_at": ":now", "lease_until": "NULL"}
    # What never left counts toward no frequency cap.
    written |= {"counted_on": "CASE WHEN :state IN ('queued', 'failed') THEN NULL ELSE counted_on END"}
    written |= {"error_code": ":error_code", "doubted_at": "COALESCE(:doubted_at, doubted_at)"}
    sets = ", ".join(
        f"{name} = CASE WHEN state IN ('sending', 'unknown') THEN {value} ELSE {name} END"
        for name, value in {"state": ":state", **written}.items()
    )
    return Statement(f"""
        UPDATE outbox SET {sets}, provider_id = COALESCE(provider_id, :provider_id),
            segments = COALESCE(segments, :segments)
        WHERE bucket = :bucket AND contact = :contact AND id = :id
            AND state IN ('sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed')
            AND COALESCE(:handed_at, handed_at, 0) = COALESCE(handed_at, 0)
    """)  # noqa: S608  # our own text


_RECORD = _record()

# The first word about a message in doubt is evidence; so is one about a name that it has besides.
_WORDS = "CASE WHEN COALESCE(provider_id, '') = :provider_id THEN NULL ELSE :evidence END"


def _report(reported: OutboxState) -> Statement:
    lower = ", ".join(f"'{state}'" for state in OutboxState if state.rank < reported.rank)
    return Statement(f"""
        UPDATE outbox SET state = '{reported}', state_at = :now, lease_until = NULL,
            provider_id = COALESCE(provider_id, :provider_id), segments = COALESCE(:segments, segments),
            error_code = :error_code, {and_evidence(_WORDS)}
        WHERE bucket = :bucket AND contact = :contact AND id = :id AND state IN ({lower})
            AND (earlier_ids IS NULL OR ' ' || earlier_ids || ' ' NOT LIKE '% ' || :provider_id || ' %')
        RETURNING trigger_key, channel, address, doubted_at IS NOT NULL,
            CASE WHEN wakes = 1 AND NOT EXISTS (SELECT 1 FROM "trigger" t WHERE t.bucket = :bucket
                AND t.contact = :contact AND t.key = 'handed:' || outbox.id) THEN run END,
            handed_at
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
# A message that was tried again has another name at the provider: what comes late of the old one is ignored.
_STANDS = Statement("""
    SELECT o.state, o.attempts, o.provider_id, o.sender, o.channel FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.id = :id @lock(o)
""")
_AGAIN = Statement(f"""
    UPDATE outbox SET state = 'queued', reason = :reason, error_code = :error_code, due_at = :due_at,
        state_at = :now, lease_until = NULL, provider_id = NULL, lookups = 0, counted_on = NULL,
        earlier_ids = COALESCE(earlier_ids || ' ', '') || :provider_id, {and_evidence(":evidence")}
    WHERE bucket = :bucket AND contact = :contact AND id = :id
""")  # noqa: S608  # our own text
_ONE = Statement(f"""
    SELECT {MESSAGE_COLUMNS} FROM outbox o WHERE o.bucket = :bucket AND o.contact = :contact AND o.id = :id
""")  # noqa: S608  # our own text
_NOTICED = Statement("""
    SELECT DISTINCT n.lot, l.wallet FROM notice n
    JOIN lot l ON l.bucket = n.bucket AND l.contact = n.contact AND l.id = n.lot
    WHERE n.bucket = :bucket AND n.contact = :contact AND n.trigger_key = :trigger_key
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in hand until its lease ends, with what consent says now; `attempts` before this one.

    `tried_since` is when it was in hand for the first time; None: it was not before.
    """

    message: Outgoing
    attempts: int
    tried_since: datetime | None
    contact: Contact
    address: Address | None
    subscriptions: dict[str, SubscriptionState]
    counts_on: date | None = None
    """The contact's calendar day on which it counts toward frequency caps; None: it does not."""
    cleared: Cleared | None = None
    """What the gate let go; None: it was not asked yet."""
    way: Way | None = None
    """How it goes, on channels that have several ways."""
    is_followed: bool = False
    """Whether another message of the contact waits behind it; only looked for by `claim_few`."""
    carries: "tuple[Claimed, ...]" = ()
    """Those that leave in it: what was cleared says them too, and all are taken in hand with it."""

    @property
    def leaves(self) -> Outgoing:
        """The message as it is handed over."""
        return self.cleared.message if self.cleared is not None else self.message


Choose = Callable[[Connection, list[Claimed]], Awaitable[list[Claimed]]]


async def everything(_connection: Connection, claimed: list[Claimed]) -> list[Claimed]:
    """Choose all that is due."""
    return claimed


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
    handed_at: datetime | None = None
    """Of which hand-over it is; None: of whichever was the last."""
    explanation: str | None = None
    """What the gate has against it, for an operator."""
    way_because: str | None = None
    """What is against each way it could have gone."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A message that a status report moved on."""

    trigger_key: str
    channel: str
    address: str
    was_doubted: bool
    run: str | None = None
    """The run that stands at it and was not told yet: the report was quicker than who handed it over."""
    handed_at: datetime | None = None


async def buckets_with_due(
    connection: Connection, now: datetime, lanes: Collection[Lane] = tuple(Lane)
) -> list[int]:
    """Buckets with messages of these lanes to send."""
    keys = [(bucket, lane.value) for bucket in range(BUCKETS) for lane in lanes]
    return [row[0] for row in await connection.read(_PEEK, keys=keys, now=microseconds(now))]


async def claim(  # noqa: PLR0913  # what is claimed, for how long, and who chooses
    connection: Connection,
    bucket: int,
    now: datetime,
    lease: timedelta,
    most: int,
    *,
    lanes: Sequence[Lane] = tuple(Lane),
    resting: Collection[str] = (),
    choose: Choose = everything,
) -> list[Claimed]:
    """Take messages in hand, the most urgent lane first, with each contact's consent as it stands now.

    `choose` says in the same transaction which of them are handed over; only those count an attempt. Messages
    of `resting` senders are left alone.
    """
    claimed: list[Claimed] = []
    for lane in lanes:
        if len(claimed) < most:
            keys = {"bucket": bucket, "lane": lane.value}
            claimed += await _due(connection, _DUE, keys, now, most - len(claimed), resting)
    return await _take(connection, claimed, now, lease, choose)


async def claim_few(  # noqa: PLR0913  # as above
    connection: Connection,
    buckets: Collection[int],
    now: datetime,
    lease: timedelta,
    most: int,
    *,
    lanes: Sequence[Lane],
    resting: Collection[str] = (),
    choose: Choose = everything,
) -> list[Claimed]:
    """The same in several buckets at once, of lanes in which few messages wait.

    Where the database is far away it takes as long as one bucket does.
    """
    keys = [(bucket, lane.value) for bucket in buckets for lane in lanes]
    claimed = await _due(connection, _FEW_DUE, {"keys": keys}, now, most, resting)
    return await _take(connection, claimed, now, lease, choose)


async def _take(
    connection: Connection, claimed: list[Claimed], now: datetime, lease: timedelta, choose: Choose
) -> list[Claimed]:
    if not claimed:
        return []
    chosen = await choose(connection, claimed)
    take = {"now": microseconds(now), "lease": microseconds(now + lease)}
    taken = [each for one in chosen for each in (one, *one.carries)]
    await connection.run(_TAKE, [_key(one.message) | take | _taking(one) for one in taken])
    return chosen


async def decline(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Record of due messages that they are not handed over: refused, or held until later."""
    await connection.run(
        _DECLINE,
        [
            _key(one.message)
            | {
                "state": one.state.value,
                "reason": one.reason,
                "explanation": one.explanation,
                "way_because": one.way_because,
                "due_at": microseconds(one.due_at),
                "now": microseconds(now),
            }
            for one in outcomes
        ],
    )


async def buckets_with_held(connection: Connection, now: datetime) -> list[int]:
    """Buckets with messages that were held until now."""
    return await buckets(connection, _HELD_PEEK, now)


async def release_held(connection: Connection, bucket: int, now: datetime, most: int) -> int:
    """Queue some of what was held and whose time has come; the gate is asked again when it is claimed."""
    return len(await connection.read(_RELEASE, bucket=bucket, now=microseconds(now), most=most))


async def give_up_leases(connection: Connection, now: datetime) -> None:
    """Call unknown what was being sent by somebody who is gone: it may have left."""
    for bucket in await buckets(connection, _LEASED_PEEK, now):
        given_up = await connection.read(_GIVE_UP_LEASE, bucket=bucket, now=microseconds(now))
        await told_runs.tell(connection, given_up, Became.HANDED, now)


async def after_restore(connection: Connection, now: datetime) -> int:
    """Call unknown what was being sent when the copy was made: it may have left. Returns how many that were.

    Run it on a restored database before anything else does. A lease that still runs there is nobody's.
    """
    found = 0
    for bucket in await buckets(connection, _SENDING_PEEK, now):
        unknown_now = await connection.read(_AFTER_RESTORE, bucket=bucket, now=microseconds(now))
        await told_runs.tell(connection, unknown_now, Became.HANDED, now)
        found += len(unknown_now)
    return found


async def in_hand(connection: Connection, handed: Collection[tuple[Outgoing, datetime]]) -> set[str]:
    """Those of these messages, by id, of whose hand-over at that time nothing was recorded yet."""
    keys = [(bucket_of(one.id), one.contact_id, one.id, microseconds(at)) for one, at in handed]
    return {row[0] for row in await connection.read(_IN_HAND, keys=sorted(keys))}


async def record(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Record what became of claimed messages."""
    await connection.run(
        _RECORD,
        [
            _key(one.message)
            | {
                "state": one.state.value,
                "reason": one.reason,
                "due_at": microseconds(one.due_at),
                "now": microseconds(now),
                "provider_id": one.provider_id,
                "segments": one.segments or _segments(one),
                "error_code": one.error_code,
                "doubted_at": microseconds(now) if one.state is OutboxState.UNKNOWN else None,
                "handed_at": rows.stored(one.handed_at),
            }
            for one in outcomes
        ],
    )


def _segments(outcome: Outcome) -> int | None:
    """What a text has by our own count, where its provider took it and said nothing of that."""
    is_taken = outcome.state in {OutboxState.SENT, OutboxState.DELIVERED}
    return segments_of(outcome.message) if is_taken and outcome.message.channel == "sms" else None


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
    evidence: str | None = None,
) -> Reported | None:
    """Let a message rise to what the provider reports; None where it stands there or higher already.

    `evidence` is how we know, written down where its outcome is or was in doubt.
    """
    found = await connection.read(
        _REPORTS[state],
        bucket=bucket_of(message_id),
        contact=contact_id,
        id=message_id,
        now=microseconds(now),
        provider_id=provider_id,
        segments=segments,
        error_code=error_code,
        evidence=evidence,
    )
    if not found:
        return None
    trigger_key, channel, address, was_doubted, run, handed_at = found[0]
    return Reported(trigger_key, channel, address, bool(was_doubted), run, rows.loaded(handed_at))


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a message is, by whom it was sent, and how often it was handed over."""

    state: OutboxState
    hand_overs: int
    provider_id: str | None
    sender: str
    channel: str


async def standing(connection: Connection, contact_id: str, message_id: str) -> Standing | None:
    """Lock a message and say how it stands; None where there is none."""
    keys = {"bucket": bucket_of(message_id), "contact": contact_id, "id": message_id}
    found = await connection.read(_STANDS, **keys)
    if not found:
        return None
    state, attempts, provider_id, sender, channel = found[0]
    # What went back in a webhook's answer was handed over without an attempt of the outbox.
    return Standing(OutboxState(state), max(attempts, 1), provider_id, sender, channel)


async def try_again(  # noqa: PLR0913  # what is kept of a hand-over that did not arrive
    connection: Connection,
    contact_id: str,
    message_id: str,
    now: datetime,
    *,
    due_at: datetime,
    provider_id: str,
    error_code: str | None,
    evidence: str,
) -> None:
    """Queue a locked message that did not arrive; the provider will have it under another name."""
    keys = {"bucket": bucket_of(message_id), "contact": contact_id, "id": message_id}
    told = {"provider_id": provider_id, "error_code": error_code, "evidence": evidence}
    times = {"now": microseconds(now), "due_at": microseconds(due_at)}
    reason = f"not delivered: error {error_code}"
    await connection.run(_AGAIN, [keys | told | times | {"reason": reason}])


async def outgoing(connection: Connection, contact_id: str, message_id: str) -> Outgoing | None:
    """Read a message as it was written; None where there is none."""
    keys = {"bucket": bucket_of(message_id), "contact": contact_id, "id": message_id}
    found = await connection.read(_ONE, **keys)
    return outgoing_from(found[0]) if found else None


async def noticed_lots(
    connection: Connection, contact_id: str, trigger_key: str
) -> dict[str, JsonValue] | None:
    """What a trigger gave notice of, `lots` of one `wallet`; None where it was about something else."""
    bucket = bucket_of(contact_id)
    found = await connection.read(_NOTICED, bucket=bucket, contact=contact_id, trigger_key=trigger_key)
    return {"lots": sorted(row[0] for row in found), "wallet": found[0][1]} if found else None


async def _due(  # which, and how many
    connection: Connection,
    statement: Statement,
    where: Mapping[str, object],
    now: datetime,
    most: int,
    resting: Collection[str],
) -> list[Claimed]:
    """Messages that may be claimed, locked, with each contact's consent."""
    found = await connection.read(
        statement,
        **where,
        now=microseconds(now),
        soon=microseconds(now + _ORDER_IS_WORTH),
        most=most,
        resting=[(name,) for name in resting],
    )
    if not found:
        return []
    consent = await consent_now(connection, {row[1] for row in found})
    return [_claimed(row, consent[row[1]]) for row in found]


def _taking(claimed: Claimed) -> dict[str, object]:
    """What is written of a message when it is taken in hand."""
    way, counts_on = claimed.way, claimed.counts_on
    return {
        "counts_on": counts_on.isoformat() if counts_on is not None else None,
        "way": way.kind.value if way is not None else None,
        "because": way.because if way is not None else None,
    }


def _key(message: Outgoing) -> dict[str, object]:
    return {"bucket": bucket_of(message.id), "contact": message.contact_id, "id": message.id}


def outgoing_from(row: Sequence[Any]) -> Outgoing:
    """Read a message from `MESSAGE_COLUMNS`."""
    return rows.outgoing_from(row, tag=row[19], origin=row[20:24])


def _claimed(row: Sequence[Any], consent: ConsentNow) -> Claimed:
    message = outgoing_from(row)
    return Claimed(
        message,
        row[17],
        rows.loaded(row[18]),
        consent.contact,
        consent.addresses.get((message.channel, message.address)),
        consent.subscriptions,
        is_followed=row[24] is not None,
    )
