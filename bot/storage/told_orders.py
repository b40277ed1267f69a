"""Orders told many at a time: whose they become, and what is kept of those that nobody knows."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.deeds.on_record import Parked
from bot.core.ids import bucket_of
from bot.storage import orders, tables
from bot.storage.driver import Connection, Present, Rows, Statement

_OWNERS = Statement("""
    SELECT d.value, d.contact FROM @each(keys: kind text, value text)
    JOIN directory d ON d.kind = keys.kind AND d.value = keys.value
""")
# Lock, then look, as one by one: see `orders.claim`.
_LOCK_OWNERS = Statement("""
    SELECT d.value, d.contact FROM @each(keys: kind text, value text)
    JOIN directory d ON d.kind = keys.kind AND d.value = keys.value
    ORDER BY d.kind, d.value @lock(d)
""")
_LOCK_PARKED = Statement("""
    SELECT p.reference, p.body, p.at, p.applied_at FROM @each(keys: reference text)
    JOIN parked_refund p ON p.reference = keys.reference
    ORDER BY p.reference @lock(p)
""")
_TABLES = tables.Row.metadata.tables
_NEW_OWNER = Rows(_TABLES["directory"], Present.KEEP, returning="kind, value")
_NEW_PARKED = Rows(_TABLES["parked_refund"], Present.KEEP)
_PARK = Rows(_TABLES["parked_refund"], Present.REPLACE)


async def owners(connection: Connection, references: Collection[str]) -> dict[str, str]:
    """The contacts whose orders these are, by the shop's own id of each; what nobody told us is missing."""
    keys = [(orders.ORDER, reference) for reference in sorted(set(references))]
    return {row[0]: row[1] for row in await connection.read(_OWNERS, keys=keys)} if keys else {}


async def claim(connection: Connection, owned: Sequence[tuple[str, str]]) -> None:
    """Make orders (reference, contact) theirs, as `orders.claim` does of each in turn."""
    if not owned:
        return
    first = dict(reversed(owned))
    rows = [
        (orders.ORDER, reference, bucket_of(first[reference]), first[reference])
        for reference in sorted(first)
    ]
    won = await connection.claim(_NEW_OWNER, rows)
    lost = [reference for (_, reference, _, _), is_first in zip(rows, won, strict=True) if not is_first]
    whose = dict(first)
    if lost:
        keys = [(orders.ORDER, reference) for reference in lost]
        whose |= {row[0]: row[1] for row in await connection.read(_LOCK_OWNERS, keys=keys)}
    for reference, contact in owned:
        if whose[reference] != contact:
            whose[reference] = await orders.claim(connection, reference, contact)


async def park(connection: Connection, told: Sequence[Parked], now: datetime) -> None:
    """Keep what was told of orders that are not known, as `orders.park` does of each in turn."""
    references = sorted({one.reference for one in told})
    await connection.write(
        _NEW_PARKED, [orders.parked_row("", Parked(reference, at=now)) for reference in references]
    )
    found = await connection.read(_LOCK_PARKED, keys=[(reference,) for reference in references])
    parked = {one.reference: replace(one, applied_at=None) for one in map(orders.parked_from, found)}
    for one in told:
        before = parked[one.reference]
        parked[one.reference] = replace(
            before, told=before.told | one.told, status=before.status or one.status
        )
    await connection.write(_PARK, [orders.parked_row("", parked[reference]) for reference in references])
