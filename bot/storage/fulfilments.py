"""Claimed rewards, as rows and as the core knows them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues, to_json

_MOST = 50
_COLUMNS = "f.id, f.reward, f.code, f.state, f.promised_on, f.claimed_at, f.changed_at, f.facts"
# What is open comes first: it must be among those that are read, however much was claimed since.
_LATEST = Statement(f"""
    SELECT {_COLUMNS} FROM fulfilment f WHERE f.bucket = :bucket AND f.contact = :contact
    ORDER BY CASE WHEN f.state IN ('delivered', 'canceled') THEN 1 ELSE 0 END, f.claimed_at DESC, f.id DESC
    LIMIT {_MOST}
""")  # noqa: S608  # our own constants
_TIMES = Statement("""
    SELECT COUNT(*) FROM fulfilment f
    WHERE f.bucket = :bucket AND f.contact = :contact AND f.reward = :reward AND f.state <> 'canceled'
""")
_TIMES_TOGETHER = Statement("""
    SELECT keys.contact, keys.reward, COUNT(f.id)
    FROM @each(keys: bucket integer, contact text, reward text)
    LEFT JOIN fulfilment f ON f.bucket = keys.bucket AND f.contact = keys.contact
        AND f.reward = keys.reward AND f.state <> 'canceled'
    GROUP BY keys.contact, keys.reward
""")
_ONE = Statement(f"""
    SELECT {_COLUMNS} FROM fulfilment f
    WHERE f.bucket = :bucket AND f.contact = :contact AND (f.id = :name OR f.code = :name)
""")  # noqa: S608  # our own constants


def fulfilment_row(contact_id: str, fulfilment: Fulfilment) -> RowValues:
    """Values of `fulfilment`."""
    facts = {
        "kind": fulfilment.kind,
        "cost": fulfilment.cost_minor,
        "zone": fulfilment.zone,
        "more": dict(fulfilment.facts),
    }
    return (
        bucket_of(contact_id),
        contact_id,
        fulfilment.id,
        fulfilment.reward,
        fulfilment.id,
        fulfilment.code,
        fulfilment.state.value,
        fulfilment.promised_on.isoformat() if fulfilment.promised_on else None,
        microseconds(fulfilment.claimed_at),
        microseconds(fulfilment.changed_at),
        to_json(facts),
    )


async def fulfilments(connection: Connection, contact_id: str) -> tuple[Fulfilment, ...]:
    """What the contact claimed: everything open, then the latest of the rest, each newest first."""
    found = await connection.read(_LATEST, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(_fulfilment(row) for row in found)


async def times(connection: Connection, contact_id: str, reward: str) -> int:
    """How often the contact has claimed a reward and kept it."""
    found = await connection.read(_TIMES, bucket=bucket_of(contact_id), contact=contact_id, reward=reward)
    return int(found[0][0])


async def times_together(
    connection: Connection, asked: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The same of several, by contact and reward."""
    keys = [(bucket_of(contact), contact, reward) for contact, reward in asked]
    found = await connection.read(_TIMES_TOGETHER, keys=keys)
    return {(contact, reward): int(times) for contact, reward, times in found}


async def find(connection: Connection, contact_id: str, name: str) -> Fulfilment | None:
    """Return a claimed reward by its id or its code; None if there is none."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found = await connection.read(_ONE, **own, name=name)
    return _fulfilment(found[0]) if found else None


def _fulfilment(row: Sequence[Any]) -> Fulfilment:
    facts = orjson.loads(row[7])  # nothing is left of an erased contact's
    return Fulfilment(
        id=row[0],
        reward=row[1],
        kind=facts.get("kind", "product"),
        code=row[2],
        cost_minor=facts.get("cost", 0),
        state=FulfilmentState(row[3]),
        claimed_at=instant(row[5]),
        changed_at=instant(row[6]),
        promised_on=date.fromisoformat(row[4]) if row[4] else None,
        zone=facts.get("zone", "UTC"),
        facts=facts.get("more", {}),
    )
