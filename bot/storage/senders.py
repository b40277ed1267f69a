"""What our senders may still send: one row for each number, pool and channel, shared by all processes.

A row is locked where segments are taken from it, always after the messages and in the order of names:
counters come last (design section 8.8).
"""

import random
from collections.abc import Collection
from datetime import datetime

from bot.core.ids import instant, microseconds
from bot.core.pacing import Again, SenderState
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Record, Rows, Statement

_SLOT = 0  # the table has room for more where one row would be waited for too long
_COLUMNS = "s.name, s.next_at, s.counted_on, s.segments_counted, s.slowed_until, s.open_until, s.failures"
_READ = Statement(f"""
    SELECT {_COLUMNS} FROM @each(names: name text)
    JOIN sender s ON s.name = names.name AND s.slot = {_SLOT}
""")  # noqa: S608  # our own text
_LOCK = Statement(f"""
    SELECT {_COLUMNS} FROM @each(names: name text)
    JOIN sender s ON s.name = names.name AND s.slot = {_SLOT}
    ORDER BY s.name @lock(s)
""")  # noqa: S608  # our own text
_ALL = Statement(f"SELECT {_COLUMNS} FROM sender s WHERE s.slot = {_SLOT} ORDER BY s.name")  # noqa: S608  # our own text
# Whoever moves the end of the pause has the right to the one attempt that shows whether it is over.
_PROBE = Statement(f"""
    UPDATE sender SET open_until = :until
    WHERE name = :name AND slot = {_SLOT} AND open_until IS NOT NULL AND open_until <= :now
    RETURNING name
""")  # noqa: S608  # our own text
_TABLE = tables.Row.metadata.tables["sender"]
_NEW = Rows(_TABLE, Present.KEEP)
_KEEP = Rows(_TABLE, Present.REPLACE)


async def read(connection: Connection, names: Collection[str]) -> dict[str, SenderState]:
    """Return them as they stand, without a lock; one that never had anything to say is as new."""
    found = await connection.read(_READ, names=[(name,) for name in sorted(names)])
    return {name: SenderState(name) for name in names} | {row[0]: _state(row) for row in found}


async def lock(connection: Connection, names: Collection[str]) -> dict[str, SenderState]:
    """Lock them until the transaction ends, then read."""
    keys = [(name,) for name in sorted(names)]
    found = await connection.read(_LOCK, names=keys)
    if len(found) < len(keys):
        known = {row[0] for row in found}
        missing = [SenderState(name) for (name,) in keys if name not in known]
        await connection.write(_NEW, [_values(state) for state in missing])
        found = await connection.read(_LOCK, names=keys)
    return {row[0]: _state(row) for row in found}


async def keep(connection: Connection, states: Collection[SenderState]) -> None:
    """Write locked ones."""
    in_order = sorted(states, key=lambda state: state.name)
    await connection.write(_KEEP, [_values(state) for state in in_order])


async def rest(connection: Connection, name: str, again: Again, now: datetime) -> None:
    """Let a sender rest as a refusal asks: for a while, or until the day is over."""
    state = (await lock(connection, [name]))[name]
    await keep(connection, [rested(state, again, now)])


def rested(state: SenderState, again: Again | None, now: datetime) -> SenderState:
    """Return the state of a sender that a refusal lets rest."""
    return state.rested(again, now, random.random())  # noqa: S311  # only parts processes


async def may_probe(connection: Connection, name: str, now: datetime, until: datetime) -> bool:
    """Take the one attempt there is once a pause has ended; nobody else gets another before `until`."""
    found = await connection.read(_PROBE, name=name, now=microseconds(now), until=microseconds(until))
    return bool(found)


async def listed(connection: Connection) -> list[SenderState]:
    """Every sender as it stands, for metrics and operators."""
    return [_state(row) for row in await connection.read(_ALL)]


def _values(state: SenderState) -> rows.RowValues:
    return (
        state.name,
        _SLOT,
        microseconds(state.next_at),
        state.counted_on,
        state.segments_counted,
        rows.stored(state.slowed_until),
        rows.stored(state.open_until),
        state.failures,
    )


def _state(row: Record) -> SenderState:
    return SenderState(
        name=row[0],
        next_at=instant(row[1]),
        counted_on=row[2],
        segments_counted=row[3],
        slowed_until=rows.loaded(row[4]),
        open_until=rows.loaded(row[5]),
        failures=row[6],
    )
