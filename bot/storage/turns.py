"""The statements around a turn: find, lock and claim; keep what failed; what became of inline answers.

Every statement here works on a whole batch: arrays in, rows out. Locks are taken in the order of
(bucket, contact) and before anything is read; batches that meet wait for each other and never in a
circle (design section 8.8). What is loaded then is in `snapshots.py`, what is written in `writes.py`.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from bot.core.contact import Address, Contact, JsonValue
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.message_figures import Figures, add, changed
from bot.core.messages import MessageClass, OutboxState
from bot.storage import rows, tables
from bot.storage.driver import Asked, Connection, Present, Record, Rows, Statement
from bot.storage.rows import RowValues
from bot.storage.step_figures import STANDING, standing_from
from bot.storage.unknown import and_evidence

_ANSWERED = frozenset({"sending", "unknown", "sent", "delivered", "undelivered"})

_FIND = Statement("""
    SELECT d.kind, d.value, d.contact
    FROM @each(keys: kind text, value text)
    JOIN directory d ON d.kind = keys.kind AND d.value = keys.value
""")
_SUPPRESSED = Statement("""
    SELECT s.channel, s.address_hash, s.at
    FROM @each(keys: channel text, address_hash text)
    JOIN suppression s ON s.channel = keys.channel AND s.address_hash = keys.address_hash
""")
_CONTACT_COLUMNS = """
    c.bucket, c.id, c.locale, c.zone, c.zone_is_known, c.first_name, c.birthday_on, c.enrolled_at,
           c.attributes, c.created_at, c.merged_into, c.consent_count, c.consent_hash,
           c.snoozed_until, c.preferred_hours
"""
_LOCK = Statement(f"""
    SELECT {_CONTACT_COLUMNS}
    FROM @each(keys: bucket integer, id text)
    JOIN contact c ON c.bucket = keys.bucket AND c.id = keys.id
    ORDER BY c.bucket, c.id
    @lock(c)
""")  # noqa: S608  # our own constants
_FIND_LOCKED = Statement(f"""
    SELECT {_CONTACT_COLUMNS}, d.kind, d.value
    FROM @each(keys: kind text, value text)
    JOIN directory d ON d.kind = keys.kind AND d.value = keys.value
    JOIN contact c ON c.bucket = d.bucket AND c.id = d.contact
    ORDER BY c.bucket, c.id
    @lock(c)
""")  # noqa: S608  # our own constants
_TAKE = Statement("""
    UPDATE "trigger" SET state = 'done', attempts = attempts + 1
    FROM @each(keys: bucket integer, contact text, key text)
    WHERE "trigger".bucket = keys.bucket AND "trigger".contact = keys.contact AND "trigger".key = keys.key
        AND state IN ('new', 'dead')
    RETURNING "trigger".contact, "trigger".key
""")
_ASKED = Statement("""
    SELECT t.payload, t.result FROM @each(keys: bucket integer, contact text, key text)
    JOIN "trigger" t ON t.bucket = keys.bucket AND t.contact = keys.contact AND t.key = keys.key
""")
_DONE = Statement("""
    SELECT t.digest, t.result FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.key = :key
""")
# For each as a subquery, or the outbox would be gone through as a whole.
_ANSWERS = Statement("""
    SELECT keys.contact, keys.trigger_key,
        (SELECT @rows(o.id, o.body, o.media, o.state, o.provider_id, o.message_class, o.attempts)
         FROM outbox o
         WHERE o.bucket = keys.bucket AND o.contact = keys.contact AND o.trigger_key = keys.trigger_key),
        (SELECT @rows(a.channel, a.value) FROM address a
         WHERE a.bucket = keys.bucket AND a.contact = keys.contact AND a.stopped_at IS NOT NULL),
        (SELECT t.result FROM "trigger" t
         WHERE t.bucket = keys.bucket AND t.contact = keys.contact AND t.key = keys.trigger_key)
    FROM @each(keys: bucket integer, contact text, trigger_key text)
""")
_FAIL_AGAIN = Statement("""
    UPDATE "trigger" SET attempts = attempts + 1, failure = :failure, due_at = :due_at,
        state = CASE WHEN attempts + 1 >= :tries THEN 'dead' ELSE 'new' END
    WHERE bucket = :bucket AND contact = :contact AND key = :key AND state IN ('new', 'dead')
    RETURNING state
""")
_FAIL_RUN = Statement("""
    UPDATE run SET status = 'failed', failure = :failure, version = version + 1, changed_at = :now
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND status = 'waiting'
""")
_WRITTEN = and_evidence("'written as the answer to a webhook'")
_SENT = Statement(f"""
    UPDATE outbox SET state = 'sent', state_at = :now, lease_until = NULL, {_WRITTEN}
    FROM @each(keys: bucket integer, contact text, id text)
    WHERE outbox.bucket = keys.bucket AND outbox.contact = keys.contact AND outbox.id = keys.id
        AND state IN ('sending', 'unknown') AND attempts = 0
    RETURNING {STANDING}
""")  # noqa: S608  # our own text
# Only under the lease it was answered with: a retry of the webhook that came since has taken it over. That
# the lease has ended since (`unknown`) changes nothing: who was to write it knows that it did not leave.
_NOT_WRITTEN = and_evidence("'not written as the answer to a webhook: queued'")
_UNSENT = Statement(f"""
    UPDATE outbox SET state = 'queued', state_at = :now, lease_until = NULL, lookups = 0, {_NOT_WRITTEN}
    WHERE bucket = :bucket AND contact = :contact AND id = :id
        AND state IN ('sending', 'unknown') AND lease_until = :lease
""")  # noqa: S608  # our own text
# Nobody took the answer that the provider asks for again, so it is not unknown any more. Looked at once more:
# what was read a moment ago may have been given back since, and taken by the outbox.
_ANSWER_AGAIN = Statement(f"""
    UPDATE outbox SET
        state = CASE WHEN state = 'unknown' THEN 'sending' ELSE state END, lookups = 0,
        lease_until = CASE WHEN state IN ('sending', 'unknown') THEN keys.lease ELSE lease_until END
    FROM @each(keys: bucket integer, contact text, id text, lease bigint)
    WHERE outbox.bucket = keys.bucket AND outbox.contact = keys.contact AND outbox.id = keys.id
        AND state IN ({", ".join(f"'{state}'" for state in sorted(_ANSWERED))})
        AND provider_id IS NULL AND attempts = 0
    RETURNING outbox.id
""")  # noqa: S608  # our own text

_CLOSE_ADDRESS = Statement("""
    UPDATE address
    SET stopped_at = COALESCE(stopped_at, :stopped_at), clarify_by = COALESCE(clarify_by, :held_at)
    WHERE bucket = :bucket AND contact = :contact AND channel = :channel AND value = :value
""")

_TABLES = tables.Row.metadata.tables
_DIRECTORY = Rows(_TABLES["directory"], Present.KEEP, returning="kind, value")
_CONTACT = Rows(_TABLES["contact"], Present.FAIL)
_ADDRESS = Rows(_TABLES["address"], Present.REPLACE, once=("created_at",))
_TRIGGER = Rows(_TABLES["trigger"], Present.KEEP, returning="bucket, contact, key")


async def find(connection: Connection, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Contact ids by (kind, value) of the directory; what is unknown is missing."""
    found = await connection.read(_FIND, keys=list(names))
    return {(kind, value): contact for kind, value, contact in found}


async def find_locked(
    connection: Connection, names: Collection[tuple[str, str]]
) -> tuple[dict[tuple[str, str], str], dict[str, Contact]]:
    """Contact ids by (kind, value) of the directory, and these contacts; locked as by `lock`."""
    found = await connection.read(_FIND_LOCKED, keys=sorted(set(names)))
    once = {row[1]: row for row in found}  # who is called by several names is there for each
    contacts = {contact: rows.contact_from(row) for contact, row in once.items()}
    return {(row[-2], row[-1]): row[1] for row in found}, contacts


async def suppressed(
    connection: Connection, hashes: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    """When the owners of these (channel, keyed hash of an address) said stop before they were erased."""
    found = await connection.read(_SUPPRESSED, keys=list(hashes))
    return {(channel, address_hash): instant(at) for channel, address_hash, at in found}


async def create(
    connection: Connection, newcomers: Sequence[tuple[Contact, Address]], now: datetime
) -> list[bool]:
    """Create contacts with their first address; False where another process was first.

    All processes claim addresses in the same order: two that met the same strangers in another one would
    wait for each other, and a deadlock takes the server a second to see.
    """
    in_order = sorted(newcomers, key=lambda one: (one[1].channel, one[1].value))
    won = await connection.claim(
        _DIRECTORY,
        [(address.channel, address.value, contact.bucket, contact.id) for contact, address in in_order],
    )
    winners = [newcomer for newcomer, is_new in zip(in_order, won, strict=True) if is_new]
    if winners:
        await connection.write_all(
            [
                (_CONTACT, [rows.contact_row(contact) for contact, _ in winners]),
                (_ADDRESS, [rows.address_row(*winner, now) for winner in winners]),
            ]
        )
    ids = {contact.id for contact, _ in winners}
    return [contact.id in ids for contact, _ in newcomers]


async def lock(connection: Connection, contact_ids: Collection[str]) -> dict[str, Contact]:
    """Lock contacts until the transaction ends, then read them."""
    keys = sorted((bucket_of(contact_id), contact_id) for contact_id in contact_ids)
    found = await connection.read(_LOCK, keys=keys)
    return {row[1]: rows.contact_from(row) for row in found}


async def claim(connection: Connection, triggers: Sequence[RowValues]) -> list[bool]:
    """Record triggers as done; False where one with its key was there."""
    return await connection.claim(_TRIGGER, triggers)


async def claim_and_read(
    connection: Connection, triggers: Sequence[RowValues], many: Sequence[Asked]
) -> tuple[list[bool], list[Sequence[Record]]]:
    """The same, and read what does not depend on it."""
    return await connection.claim_and_read(_TRIGGER, triggers, many)


async def take(connection: Connection, stored: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Mark stored triggers (contact, key) as done; returns those of which that has not happened before."""
    keys = [(bucket_of(contact), contact, key) for contact, key in sorted(stored)]
    return {(row[0], row[1]) for row in await connection.read(_TAKE, keys=keys)} if keys else set()


async def fail_again(  # what is written of a failure
    connection: Connection, contact_id: str, key: str, failure: str, due_at: datetime, tries: int
) -> str | None:
    """Put a stored trigger back for a later try, or, after `tries`, among the dead; returns which."""
    parameters = {
        "bucket": bucket_of(contact_id),
        "contact": contact_id,
        "key": key,
        "failure": failure,
        "due_at": microseconds(due_at),
        "tries": tries,
    }
    found = await connection.read(_FAIL_AGAIN, **parameters)
    return str(found[0][0]) if found else None


async def close_address(connection: Connection, contact_id: str, address: Address, now: datetime) -> None:
    """Let nothing leave to an address until the consent log is written: stopped as `address` is, or held."""
    parameters = {
        "bucket": bucket_of(contact_id),
        "contact": contact_id,
        "channel": address.channel,
        "value": address.value,
        "stopped_at": rows.stored(address.stopped_at),
        "held_at": None if address.stopped_at is not None else microseconds(now),
    }
    await connection.run(_CLOSE_ADDRESS, [parameters])


async def fail_run(connection: Connection, contact_id: str, run_id: str, failure: str, now: datetime) -> None:
    """Close a run whose timer cannot be handled, so that it is not struck again and again."""
    parameters = {
        "bucket": bucket_of(contact_id),
        "contact": contact_id,
        "id": run_id,
        "failure": failure,
        "now": microseconds(now),
    }
    await connection.run(_FAIL_RUN, [parameters])


@dataclass(frozen=True, slots=True)
class Answer:
    """A message that was given as the answer to a trigger."""

    id: str
    body: str
    media: tuple[str, ...]
    was_inline: bool
    """Whether it went back in the answer to the webhook, and no other way since."""
    is_required: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a trigger, in order, and the contact's addresses (channel, value) that stopped.

    `transfers`: it was handed over to WeChat's own customer service.
    """

    answers: tuple[Answer, ...] = ()
    stopped: frozenset[tuple[str, str]] = frozenset()
    transfers: bool = False


async def answered(
    connection: Connection, triggers: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Answered]:
    """What was answered to each of these triggers (contact, key)."""
    if not triggers:
        return {}
    keys = [(bucket_of(contact), contact, key) for contact, key in triggers]
    return {
        (contact, key): Answered(
            answers=tuple(_answer(row) for row in sorted(orjson.loads(given or "[]"))),
            stopped=frozenset((channel, value) for channel, value in orjson.loads(stopped or "[]")),
            transfers=bool(result) and orjson.loads(result).get("transfers") is True,
        )
        for contact, key, given, stopped, result in await connection.read(_ANSWERS, keys=keys)
    }


def _answer(row: Sequence[Any]) -> Answer:
    return Answer(
        id=row[0],
        body=row[1],
        media=tuple(row[2].split()),
        was_inline=row[3] in _ANSWERED and row[4] is None and row[6] == 0,
        is_required=row[5] == MessageClass.REQUIRED,
    )


async def done_before(
    connection: Connection, contact_id: str, key: str
) -> tuple[str | None, Mapping[str, JsonValue] | None]:
    """The digest of the request that a trigger was, and what it came to."""
    found = await connection.read(_DONE, bucket=bucket_of(contact_id), contact=contact_id, key=key)
    digest, result = found[0]
    return digest, orjson.loads(result) if result else None


async def asked_before(
    connection: Connection, contact_ids: Collection[str], key: str
) -> tuple[Mapping[str, JsonValue], Mapping[str, JsonValue] | None] | None:
    """What the trigger of that key on the record of one of these was about, and came to; None: none is."""
    keys = [(bucket_of(contact), contact, key) for contact in sorted(set(contact_ids))]
    found = await connection.read(_ASKED, keys=keys)
    return (orjson.loads(found[0][0]), orjson.loads(found[0][1] or "null")) if found else None


async def answer_again(connection: Connection, again: Sequence[tuple[str, str, datetime]]) -> set[str]:
    """Let retries of a webhook carry stored answers (contact, message) until then; returns which they may.

    Whoever held these before cannot give them back; the others were given back meanwhile.
    """
    if not again:
        return set()
    keys = [
        (bucket_of(contact), contact, message, microseconds(until))
        for contact, message, until in sorted(again)
    ]
    return {row[0] for row in await connection.read(_ANSWER_AGAIN, keys=keys)}


async def give_back(
    connection: Connection, ids: Sequence[tuple[str, str]], lease_until: datetime, now: datetime
) -> None:
    """Queue messages (contact, id) that a webhook's answer was to carry until then and did not."""
    lease, at = microseconds(lease_until), microseconds(now)
    many = [
        {"bucket": bucket_of(contact), "contact": contact, "id": message, "lease": lease, "now": at}
        for contact, message in ids
    ]
    await connection.run(_UNSENT, many)


async def settle_inline(connection: Connection, ids: Sequence[tuple[str, str]], now: datetime) -> Figures:
    """Record of messages (contact, id) that the webhook's answer that carried them was written.

    Returns what that adds to figures of steps; whoever asks writes it.
    """
    keys = sorted((bucket_of(contact), contact, message) for contact, message in ids)
    found = await connection.read(_SENT, keys=keys, now=microseconds(now))
    figures: Figures = {}
    # Answers of one step mostly stand alike: what one of them adds, all do.
    for stands, messages in Counter(tuple(row[1:]) for row in found).items():
        after = standing_from(("", *stands))
        before = replace(after, state=OutboxState.SENDING)
        add(figures, changed({"": before}, {"": after}), factor=messages)
    return figures
