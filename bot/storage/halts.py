"""Flows that an operator has halted, and runs that stand still because of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import orjson

from bot.core.flow.halts import Halt, Halts, paused
from bot.core.ids import BUCKETS, microseconds
from bot.storage import revisions
from bot.storage.driver import Connection, Database, Present, Record, Rows, Statement
from bot.storage.tables import Row

STANDS_STILL = microseconds(datetime(9999, 1, 1, tzinfo=UTC))
"""When a run of a paused flow wakes whose time has come; who resumes the flow gives it another."""

_NAME = "halted"
_READ = Statement("SELECT value FROM setting WHERE name = :name")
_READ_LOCKED = Statement("SELECT s.value FROM setting s WHERE s.name = :name @lock(s)")
_SET = Rows(Row.metadata.tables["setting"], Present.REPLACE)
_PARK = Statement(f"""
    UPDATE run SET wake_at = {STANDS_STILL}
    WHERE bucket = :bucket AND status = 'waiting' AND wake_at IS NOT NULL AND wake_at <= :now
        AND flow IN (SELECT paused.flow FROM @each(paused: flow text))
""")  # noqa: S608  # our own constant
# Of which message a trigger tells its key says: `handed:ID`, `held:ID`; it is left alone where none is there.
_PARK_TOLD = Statement(f"""
    UPDATE "trigger" SET due_at = {STANDS_STILL}
    WHERE bucket = :bucket AND state = 'new' AND due_at <= :now AND kind = 'handed' AND EXISTS (
        SELECT 1 FROM outbox o
        JOIN run r ON r.bucket = o.bucket AND r.contact = o.contact AND r.id = o.run
        WHERE o.bucket = "trigger".bucket AND o.contact = "trigger".contact
            AND o.id = SUBSTR(
                "trigger".key, CASE WHEN "trigger".key LIKE 'held:%' THEN 6 ELSE 8 END, 32)
            AND r.flow IN (SELECT paused.flow FROM @each(paused: flow text)))
""")  # noqa: S608  # our own constant
_WAKE_TOLD = Statement(f"""
    UPDATE "trigger" SET due_at = :now
    WHERE bucket = :bucket AND state = 'new' AND due_at = {STANDS_STILL} AND kind = 'handed'
""")  # noqa: S608  # our own constant
_WAKE = Statement(f"""
    UPDATE run SET wake_at = :now
    WHERE bucket = :bucket AND status = 'waiting' AND wake_at = {STANDS_STILL} AND flow = :flow
""")  # noqa: S608  # our own constant
_STANDING = Statement(f"""
    SELECT COUNT(*), COUNT(CASE WHEN r.wake_at = {STANDS_STILL} OR r.wake_at <= :now THEN 1 END)
    FROM run r WHERE r.bucket = :bucket AND r.flow = :flow AND r.status = 'waiting'
""")  # noqa: S608  # our own constant


async def halted(connection: Connection) -> Halts:
    """The flows that are halted."""
    return _halts(await connection.read(_READ, name=_NAME))


async def change(connection: Connection, flow: str, halt: Halt | None, generation: str) -> Halt | None:
    """Halt a flow, or (None) no longer; every process knows within a second. Returns how it was."""
    await revisions.lock(connection)
    halts = dict(await halted(connection))
    before = halts.pop(flow, None)
    if halt is not None:
        halts[flow] = halt
    await connection.write(_SET, [(_NAME, orjson.dumps(halts, option=orjson.OPT_SORT_KEYS).decode())])
    await revisions.touch(connection, generation)
    return before


async def park(connection: Connection, bucket: int, now: datetime) -> None:
    """Let runs of paused flows stand still whose time has come, and what tells them of their messages.

    Nobody looks at them again and again then.

    Whoever resumes a flow waits for this to be done, and wakes them all.
    """
    found = await connection.read(_READ_LOCKED, name=_NAME)
    flows = [(flow,) for flow in sorted(paused(_halts(found)))]
    if flows:
        values = [{"bucket": bucket, "paused": flows, "now": microseconds(now)}]
        await connection.run(_PARK, values)
        await connection.run(_PARK_TOLD, values)


async def wake(database: Database, flow: str, now: datetime) -> None:
    """Let those that stood still go on now, bucket by bucket.

    What tells runs is woken for all flows: what is still paused is put aside again.
    """

    async def wake_in(connection: Connection, bucket: int) -> None:
        at = {"bucket": bucket, "now": microseconds(now)}
        await connection.run(_WAKE, [{**at, "flow": flow}])
        await connection.run(_WAKE_TOLD, [at])

    for bucket in range(BUCKETS):
        await database.transact(partial(wake_in, bucket=bucket))


async def standing(database: Database, flow: str, now: datetime) -> tuple[int, int]:
    """How many runs of a flow wait, and the time of how many of them has come."""
    waiting = passed = 0
    for bucket in range(BUCKETS):
        ((some, over),) = await database.query(
            lambda c, bucket=bucket: c.read(_STANDING, bucket=bucket, flow=flow, now=microseconds(now))  # type: ignore[misc]  # bound now
        )
        waiting, passed = waiting + some, passed + over
    return waiting, passed


def _halts(found: Sequence[Record]) -> Halts:
    return {flow: Halt(halt) for flow, halt in orjson.loads(found[0][0]).items()} if found else {}
