"""Where members stand: one row for each kind, what is due to be looked at, and what a tier is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Metric
from bot.storage.driver import Connection, Statement
from bot.storage.due import buckets, peek
from bot.storage.families import family
from bot.storage.rows import RowValues, loaded, stored, to_json

_STANDING = Statement("""
    SELECT s.kind, s.value, s.since, s.until, s.facts FROM standing s
    WHERE s.bucket = :bucket AND s.contact = :contact AND s.kind = :kind
""")
_ALL = Statement("""
    SELECT s.kind, s.value, s.since, s.until, s.facts FROM standing s
    WHERE s.bucket = :bucket AND s.contact = :contact ORDER BY s.kind
""")
_DUE_PEEK = peek("standing", "t.until IS NOT NULL AND t.until <= :now AND t.kind = 'tier'")
_DUE = Statement("""
    SELECT s.contact, s.kind, s.until, s.value, s.since FROM standing s
    JOIN contact c ON c.bucket = s.bucket AND c.id = s.contact AND c.merged_into IS NULL
    WHERE s.bucket = :bucket AND s.until IS NOT NULL AND s.until <= :now AND s.kind = 'tier'
    ORDER BY s.until LIMIT :most
""")
# What was cancelled counts for nothing, and what is not paid only where it earned all the same; no refund
# makes less than nothing of an order. The same as `tier_turns.counted`.
_COUNTS = """
    o.status NOT IN ('canceled', 'cancelled', 'rejected') AND (o.status <> 'placed' OR EXISTS (
        SELECT 1 FROM earned g WHERE g.bucket = o.bucket AND g.contact = o.contact
            AND g.source = 'order/' || o.id AND g.wallet = 'main' AND g.granted_minor > 0))
"""
_LEFT = "CASE WHEN o.refunded_minor > o.cash_minor THEN 0 ELSE o.cash_minor - o.refunded_minor END"
_IN_WINDOW = """
    FROM @each(keys: number integer, since bigint, until bigint)
    JOIN shop_order o ON o.bucket = :bucket AND o.contact = :contact
        AND o.placed_at >= keys.since AND o.placed_at < keys.until
"""
# Stamps and other wallets are no points; what was taken back of a grant is what its entries moved back.
_TAKEN_BACK = """
    SELECT SUM(d.amount_minor) FROM entry x
    JOIN draw d ON d.bucket = x.bucket AND d.contact = x.contact AND d.wallet = x.wallet
        AND d.number = x.number AND d.target = 'clawback'
    WHERE x.bucket = e.bucket AND x.contact = e.contact AND x.wallet = 'main'
        AND x.reason = 'claw_back' AND x.reverses = e.entry
"""
_BOUGHT = {
    Metric.SPEND: Statement(f"""
        SELECT keys.number, SUM({_LEFT}) {_IN_WINDOW}
        WHERE {_COUNTS} AND o.currency IN ('', :currency) GROUP BY keys.number
    """),  # our own constants
    Metric.ORDERS: Statement(f"""
        SELECT keys.number, COUNT(*) {_IN_WINDOW}
        WHERE {_COUNTS} AND o.refunded_minor + o.returned_credit_minor < o.cash_minor + o.credit_minor
        GROUP BY keys.number
    """),  # our own constants
    Metric.POINTS: Statement(f"""
        SELECT keys.number, SUM(e.granted_minor - COALESCE(({_TAKEN_BACK}), 0)) {_IN_WINDOW}
        JOIN earned e ON e.bucket = :bucket AND e.contact = :contact AND e.source = 'order/' || o.id
            AND e.wallet = 'main'
        GROUP BY keys.number
    """),  # our own constants
}


@dataclass(frozen=True, slots=True)
class DueStanding:
    """A standing that a job has to look at; `mark` changes whenever there is a new cause."""

    contact_id: str
    kind: str
    look_at: datetime
    mark: str


def standing_row(contact_id: str, standing: Standing) -> RowValues:
    """Values of `standing`."""
    return (
        bucket_of(contact_id),
        contact_id,
        standing.kind,
        standing.value,
        microseconds(standing.since_at),
        stored(standing.look_at),
        to_json(dict(standing.facts)),
    )


async def standing(connection: Connection, contact_id: str, kind: str) -> Standing | None:
    """Where the contact stands on one kind of thing; None: nothing was kept of it."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found = await connection.read(_STANDING, **own, kind=kind)
    return _standing(found[0]) if found else None


async def all_of(connection: Connection, contact_id: str) -> tuple[Standing, ...]:
    """Everything the contact stands on."""
    found = await connection.read(_ALL, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(map(_standing, found))


async def bought(connection: Connection, contact_id: str, asked: str) -> tuple[int, ...]:
    """How much of a tier's metric each window has: `spend/USD:SINCE-UNTIL,…`.

    Instants are microseconds, ends exclusive; what was spent in another currency does not count.
    """
    head, _, written = asked.partition(":")
    metric, _, currency = head.partition("/")
    windows = [window.split("-") for window in written.split(",")]
    keys = [(number, int(since), int(until)) for number, (since, until) in enumerate(windows)]
    sums: dict[int, int] = {}
    for member in await family(connection, contact_id):
        own: dict[str, object] = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        if metric == Metric.SPEND:
            own["currency"] = currency
        for number, minor in await connection.read(_BOUGHT[Metric(metric)], keys=keys, **own):
            sums[number] = sums.get(number, 0) + int(minor or 0)
    return tuple(sums.get(number, 0) for number, _, _ in keys)


async def buckets_with_due(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which a standing is to be looked at."""
    return await buckets(connection, _DUE_PEEK, now)


async def due(connection: Connection, bucket: int, now: datetime, most: int) -> list[DueStanding]:
    """Standings of a bucket that are to be looked at, the longest due first."""
    found = await connection.read(_DUE, bucket=bucket, now=microseconds(now), most=most)
    return [
        # Who rises in the last days of a period has another tier, and the same time to be looked at.
        DueStanding(row[0], row[1], instant(row[2]), mark=f"{row[3]}.{row[4]}.{row[2]}")
        for row in found
    ]


def _standing(row: Sequence[Any]) -> Standing:
    return Standing(row[0], row[1], instant(row[2]), loaded(row[3]), orjson.loads(row[4]))
