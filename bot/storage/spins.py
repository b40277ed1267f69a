"""Spins of the wheel, the audit record: as rows and as the core knows them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.wheel import Spin, SpinCount
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues, to_json

_MOST = 10
_LATEST = Statement(f"""
    SELECT s.id, s.counted_on, s.prize, s.roll, s.proof, s.at FROM spin s
    WHERE s.bucket = :bucket AND s.contact = :contact ORDER BY s.at DESC, s.id DESC LIMIT {_MOST}
""")  # noqa: S608  # our own constant
_COUNT = Statement("""
    SELECT COUNT(CASE WHEN s.counted_on = :day THEN 1 END), COUNT(*) FROM spin s
    WHERE s.bucket = :bucket AND s.contact = :contact
""")


def spin_row(contact_id: str, spin: Spin) -> RowValues:
    """Values of `spin`."""
    proof = {
        "number": spin.number,
        "ticket": spin.ticket,
        "seal": spin.seal,
        "weights": [list(one) for one in spin.weights],
        "drawn": spin.drawn,
        "credit": spin.credit_minor,
        "policy": spin.policy,
    }
    return (
        bucket_of(contact_id),
        contact_id,
        spin.id,
        spin.day.isoformat(),
        spin.given,
        spin.roll,
        to_json(proof),
        microseconds(spin.at),
    )


async def spins(connection: Connection, contact_id: str) -> tuple[Spin, ...]:
    """The contact's latest spins, newest first."""
    found = await connection.read(_LATEST, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(_spin(row) for row in found)


async def count(connection: Connection, contact_id: str, day: str) -> SpinCount:
    """How often the contact spun on a day, and at all."""
    found = await connection.read(_COUNT, bucket=bucket_of(contact_id), contact=contact_id, day=day)
    return SpinCount(int(found[0][0]), int(found[0][1]))


def _spin(row: Sequence[Any]) -> Spin:
    proof = orjson.loads(row[4])
    return Spin(
        id=row[0],
        day=date.fromisoformat(row[1]),
        number=proof["number"],
        at=instant(row[5]),
        ticket=proof["ticket"],
        seal=proof["seal"],
        roll=row[3],
        weights=tuple((name, weight) for name, weight in proof["weights"]),
        drawn=proof["drawn"],
        given=row[2],
        credit_minor=proof["credit"],
        policy=proof["policy"],
    )
