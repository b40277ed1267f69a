"""How much waits and since when: a few bounded statements, cheap enough to be asked every few seconds.

A probe for each bucket reads a handful of index entries. Where more wait than a probe counts, some whole
buckets are counted instead and the rest is reckoned from them: contacts are spread evenly over the buckets
by chance, so that of a million messages the estimate is off by about a percent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import BUCKETS, instant, microseconds
from bot.core.messages import Lane
from bot.core.pacing import SenderState
from bot.storage import bills, senders, tally, unsent
from bot.storage.driver import Connection, Statement

_PROBED = 40
"""So many rows a probe counts in one bucket."""
_MANY = 4_000
"""From so many on that probes saw, what they did not count is estimated."""
_SAMPLE = [(bucket,) for bucket in range(0, BUCKETS, BUCKETS // 4)]
_EVERY = [(bucket,) for bucket in range(BUCKETS)]
_COUNTED_MOST = 10_000
_BILLS_A_DAY = 3

_QUEUED_PROBE = Statement(f"""
    SELECT keys.lane, (SELECT COUNT(*) FROM (SELECT 1 FROM outbox o WHERE o.bucket = keys.bucket
        AND o.lane = keys.lane AND o.state = 'queued' LIMIT {_PROBED}) AS few)
    FROM @each(keys: bucket integer, lane integer)
""")  # noqa: S608  # our own numbers
_QUEUED_IN = Statement("""
    SELECT (SELECT COUNT(*) FROM outbox o WHERE o.bucket = keys.bucket AND o.lane = keys.lane
        AND o.state = 'queued')
    FROM @each(keys: bucket integer, lane integer)
""")
_HELD_PROBE = Statement(f"""
    SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM outbox o WHERE o.bucket = keys.bucket AND o.state = 'held'
        LIMIT {_PROBED}) AS few)
    FROM @each(keys: bucket integer)
""")  # noqa: S608  # our own numbers
_HELD_IN = Statement("""
    SELECT o.reason, COUNT(*) FROM @each(keys: bucket integer)
    JOIN outbox o ON o.bucket = keys.bucket AND o.state = 'held'
    GROUP BY o.reason
""")
_UNKNOWN = Statement(f"""
    SELECT COUNT(*), MIN(few.doubted_at)
    FROM (SELECT o.doubted_at FROM outbox o WHERE o.state = 'unknown' LIMIT {_COUNTED_MOST}) AS few
""")  # noqa: S608  # our own numbers
_SENDING = Statement(f"""
    SELECT COUNT(*) FROM (SELECT 1 FROM outbox o WHERE o.state = 'sending' LIMIT {_COUNTED_MOST}) AS few
""")  # noqa: S608  # our own numbers
_DEAD = Statement(f"""
    SELECT COUNT(*) FROM (SELECT 1 FROM "trigger" t WHERE t.state = 'dead' LIMIT {_COUNTED_MOST}) AS few
""")  # noqa: S608  # our own numbers


def _first(table: str, column: str, condition: str) -> Statement:
    """The statement that gives each bucket's longest due row."""
    return Statement(f"""
        SELECT (SELECT t.{column} FROM "{table}" t WHERE t.bucket = keys.bucket AND {condition}
            AND t.{column} <= :now ORDER BY t.{column} LIMIT 1)
        FROM @each(keys: bucket integer)
    """)  # noqa: S608  # our own text


_DUE = {
    "timers": _first("run", "wake_at", "t.status = 'waiting' AND t.wake_at IS NOT NULL"),
    "triggers": _first("trigger", "due_at", "t.state = 'new'"),
    "held": _first("outbox", "due_at", "t.state = 'held'"),
    "calls": _first("call", "due_at", "t.state = 'queued'"),
    "payments": _first("payment", "due_at", "t.due_at IS NOT NULL"),
    "refunds": _first("payment_refund", "due_at", "t.due_at IS NOT NULL"),
    "payouts": _first("payout", "due_at", "t.due_at IS NOT NULL"),
}
"""What a clock makes due, by the name of the work."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How it stands: what waits by lane and reason, since when the oldest of each is overdue, all tallies.

    `due_since` names what a clock makes due and nobody has done yet. Counts of what is unknown, being sent or
    dead go up to 10,000.
    """

    queued: Mapping[Lane, int]
    queued_since: Mapping[Lane, datetime]
    held: Mapping[str, int]
    sending: int
    unknown: int
    unknown_since: datetime | None
    dead: int
    due_since: Mapping[str, datetime]
    senders: Sequence[SenderState]
    tally: Mapping[tuple[str, str], int]
    pay_differences: int = 0
    """On how much the last day's bill and our records differ."""
    pay_bill_at: datetime | None = None
    """When a bill was last held against our records; None where none ever was."""


async def figures(connection: Connection, now: datetime) -> Figures:
    """Read them all."""
    ((unknown, since),) = await connection.read(_UNKNOWN)
    ((sending,),) = await connection.read(_SENDING)
    ((dead,),) = await connection.read(_DEAD)
    held = await bills.listed(connection, _BILLS_A_DAY)
    return Figures(
        queued=await _queued(connection),
        queued_since=await unsent.waiting_since(connection, now),
        held=await _held(connection),
        sending=int(sending),
        unknown=int(unknown),
        unknown_since=None if since is None else instant(since),
        dead=int(dead),
        due_since=await _due_since(connection, now),
        senders=await senders.listed(connection),
        tally=await tally.read(connection),
        pay_differences=sum(len(one.differences) for one in held if one.on_day == held[0].on_day),
        pay_bill_at=max((one.at for one in held), default=None),
    )


async def _queued(connection: Connection) -> dict[Lane, int]:
    keys = [(bucket, lane.value) for (bucket,) in _EVERY for lane in Lane]
    probed = await connection.read(_QUEUED_PROBE, keys=keys)
    queued = {}
    for lane in Lane:
        counts = [int(number) for of, number in probed if of == lane]
        queued[lane] = sum(counts)
        if max(counts) >= _PROBED:
            buckets = _to_count(counts)
            found = await connection.read(_QUEUED_IN, keys=[(bucket, lane.value) for (bucket,) in buckets])
            queued[lane] = _scaled(sum(int(row[0]) for row in found), buckets)
    return queued


async def _held(connection: Connection) -> dict[str, int]:
    counts = [int(row[0]) for row in await connection.read(_HELD_PROBE, keys=_EVERY)]
    buckets = _to_count(counts)
    found = await connection.read(_HELD_IN, keys=buckets)
    return {reason or "": _scaled(int(number), buckets) for reason, number in found}


async def _due_since(connection: Connection, now: datetime) -> dict[str, datetime]:
    due = {}
    for name, statement in _DUE.items():
        found = await connection.read(statement, keys=_EVERY, now=microseconds(now))
        firsts = [at for (at,) in found if at is not None]
        if firsts:
            due[name] = instant(min(firsts))
    return due


def _to_count(probed: Sequence[int]) -> list[tuple[int]]:
    """Which buckets to count whole after what probes saw: all of them, or a sample where there are many."""
    return _SAMPLE if max(probed) >= _PROBED and sum(probed) >= _MANY else _EVERY


def _scaled(number: int, buckets: Sequence[tuple[int]]) -> int:
    return number * BUCKETS // len(buckets)
