"""What the clock makes due, bucket by bucket: peeks that cost nothing where nothing is due, then reads.

A peek is one EXISTS probe for each bucket on a partial index. It may be stale and it may fail; what
follows claims by itself (design section 8.4).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bot.core.contact import JsonValue
from bot.core.ids import BUCKETS, bucket_of, instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Statement
from bot.storage.rows import WALLET

ALL_BUCKETS = tuple(range(BUCKETS))


def peek(table: str, condition: str) -> Statement:
    """Make the statement that finds buckets with a row `t` of the table that fits."""
    return Statement(f"""
        SELECT keys.bucket FROM @each(keys: bucket integer)
        WHERE EXISTS (SELECT 1 FROM "{table}" t WHERE t.bucket = keys.bucket AND {condition})
        ORDER BY keys.bucket
    """)  # noqa: S608  # our own text


def peek_first(table: str, column: str, condition: str) -> Statement:
    """Make the statement that finds buckets whose first row `t`, by an indexed instant, is due.

    Asked whether there is any, PostgreSQL may read the table where it has no statistics; not for the first.
    """
    return Statement(f"""
        SELECT keys.bucket FROM @each(keys: bucket integer)
        WHERE (SELECT MIN(t.{column}) FROM "{table}" t WHERE t.bucket = keys.bucket AND {condition}) <= :now
        ORDER BY keys.bucket
    """)  # noqa: S608  # our own text


_TIMERS_PEEK = peek_first("run", "wake_at", "t.status = 'waiting' AND t.wake_at IS NOT NULL")
_TIMERS = Statement("""
    SELECT r.contact, r.id, r.version, r.wake_at FROM run r
    WHERE r.bucket = :bucket AND r.status = 'waiting' AND r.wake_at IS NOT NULL AND r.wake_at <= :now
    ORDER BY r.wake_at LIMIT :most
""")
_TRIGGERS_PEEK = peek_first("trigger", "due_at", "t.state = 'new'")
_TRIGGERS = Statement("""
    SELECT t.contact, t.key, t.kind, t.at, t.payload FROM "trigger" t
    WHERE t.bucket = :bucket AND t.state = 'new' AND t.due_at <= :now AND t.kind <> 'relay'
    ORDER BY t.due_at LIMIT :most
""")
_RELAYS = Statement("""
    SELECT t.contact, t.key, t.kind, t.at, t.payload FROM "trigger" t
    WHERE t.bucket = :bucket AND t.state = 'new' AND t.due_at <= :now AND t.kind = 'relay'
    ORDER BY t.due_at LIMIT :most
""")
_NAMINGS = Statement("""
    SELECT t.contact, t.key, t.kind, t.at, t.payload FROM @each(keys: bucket integer, contact text)
    JOIN "trigger" t ON t.bucket = keys.bucket AND t.contact = keys.contact
    WHERE t.state = 'new' AND substr(t.key, 1, 9) = 'identify:'
""")
_NOTICES_PEEK = peek("lot", "t.notice_at IS NOT NULL AND t.notice_at <= :now")
_NOTICES = Statement("""
    SELECT l.contact, l.wallet, l.id, l.notice_at FROM lot l
    WHERE l.bucket = :bucket AND l.notice_at IS NOT NULL AND l.notice_at <= :now
    ORDER BY l.contact, l.wallet, l.id LIMIT :most
""")
ENDED = (
    "(l.noticed_at IS NOT NULL AND l.noticed_at < l.expires_at"
    " OR COALESCE(l.grace_until, l.expires_at) <= :now)"
)
"""Whether a lot `l` whose `expires_at` has passed has ended: as announced, or with its grace."""
_EXPIRED_PEEK = peek("lot", f"t.expires_at <= :now AND {tables.LOT_OPEN}")
# `tables.LOT_OPEN`, for the index, with the lot named: the wallet has columns of these names too.
_EXPIRED = Statement(f"""
    SELECT l.contact, l.id, l.wallet, w.version FROM lot l
    JOIN wallet w ON w.bucket = l.bucket AND w.contact = l.contact AND w.id = l.wallet
    WHERE l.bucket = :bucket AND l.expires_at <= :now
        AND l.pending_minor + l.available_minor + l.held_minor > 0
        AND l.pending_minor + l.available_minor > 0 AND {ENDED}
    ORDER BY l.contact, l.wallet, l.id LIMIT :most
""")  # noqa: S608  # our own text
_ZONES = Statement("SELECT DISTINCT c.zone FROM contact c")
_PEOPLED = Statement("""
    SELECT keys.bucket FROM @each(keys: bucket integer)
    WHERE EXISTS (SELECT 1 FROM contact c WHERE c.bucket = keys.bucket)
    ORDER BY keys.bucket
""")


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A waiting run whose time has come, in the version the timer was set for."""

    contact_id: str
    run_id: str
    version: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class StoredTrigger:
    """A trigger that waits for its turn."""

    contact_id: str
    key: str
    kind: str
    at: datetime
    payload: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class DueLots:
    """The lots of one contact that something is due for; `mark` changes whenever there is a new cause."""

    contact_id: str
    lot_ids: tuple[str, ...]
    mark: str
    wallet: str = WALLET


async def buckets_with_timers(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which a run is due."""
    return await buckets(connection, _TIMERS_PEEK, now)


async def timers(connection: Connection, bucket: int, now: datetime, most: int) -> list[DueTimer]:
    """Due runs of a bucket, the longest due first."""
    found = await connection.read(_TIMERS, bucket=bucket, now=microseconds(now), most=most)
    return [DueTimer(row[0], row[1], row[2], instant(row[3])) for row in found]


async def buckets_with_triggers(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which a stored trigger is due."""
    return await buckets(connection, _TRIGGERS_PEEK, now)


async def triggers(connection: Connection, bucket: int, now: datetime, most: int) -> list[StoredTrigger]:
    """Due triggers of a bucket, the longest due first."""
    found = await connection.read(_TRIGGERS, bucket=bucket, now=microseconds(now), most=most)
    return [stored_trigger(row) for row in found]


async def relays(connection: Connection, bucket: int, now: datetime, most: int) -> list[StoredTrigger]:
    """What turns of a bucket left for other contacts, the longest due first."""
    found = await connection.read(_RELAYS, bucket=bucket, now=microseconds(now), most=most)
    return [stored_trigger(row) for row in found]


async def namings(connection: Connection, contacts: Collection[str]) -> list[StoredTrigger]:
    """Turns that wait in which names become these contacts' own; see `telling.identify_trigger`."""
    found = await connection.read(
        _NAMINGS, keys=[(bucket_of(contact), contact) for contact in sorted(contacts)]
    )
    return [stored_trigger(row) for row in found]


async def buckets_with_notices(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which a lot's notice may be due."""
    return await buckets(connection, _NOTICES_PEEK, now)


async def notices(connection: Connection, bucket: int, now: datetime, most: int) -> list[DueLots]:
    """Lots of a bucket whose notices are to be considered, by contact and wallet."""
    found = await connection.read(_NOTICES, bucket=bucket, now=microseconds(now), most=most)
    return _by_contact((row[0], row[1], row[2], row[3]) for row in found)


async def buckets_with_expired(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which a lot may have ended."""
    return await buckets(connection, _EXPIRED_PEEK, now)


async def expired(connection: Connection, bucket: int, now: datetime, most: int) -> list[DueLots]:
    """Lots of a bucket that have ended and still hold something, by contact."""
    found = await connection.read(_EXPIRED, bucket=bucket, now=microseconds(now), most=most)
    return _by_contact((row[0], row[2], row[1], row[3]) for row in found)


async def zones(connection: Connection) -> list[str]:
    """Every zone a contact lives in."""
    return [row[0] for row in await connection.read(_ZONES)]


async def peopled(connection: Connection) -> list[int]:
    """Every bucket with a contact in it."""
    keys = [(bucket,) for bucket in ALL_BUCKETS]
    return [row[0] for row in await connection.read(_PEOPLED, keys=keys)]


def stored_trigger(row: Sequence[Any]) -> StoredTrigger:
    """Read (contact, key, kind, at, payload)."""
    return StoredTrigger(row[0], row[1], row[2], instant(row[3]), orjson.loads(row[4]))


async def buckets(connection: Connection, statement: Statement, now: datetime) -> list[int]:
    """Run a peek."""
    keys = [(bucket,) for bucket in ALL_BUCKETS]
    found = await connection.read(statement, keys=keys, now=microseconds(now))
    return [row[0] for row in found]


def _by_contact(rows: Iterable[tuple[str, str, str, int]]) -> list[DueLots]:
    """Gather (contact, wallet, lot, mark) by contact and wallet."""
    lots: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for contact, wallet, lot, mark in rows:
        lots.setdefault((contact, wallet), []).append((lot, mark))
    return [
        DueLots(
            contact,
            tuple(lot for lot, _ in found),
            ",".join(f"{lot[-8:]}.{mark}" for lot, mark in found),
            wallet,
        )
        for (contact, wallet), found in lots.items()
    ]
