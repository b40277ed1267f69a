"""Triggers whose turns failed for good: they keep what came in until somebody has them replayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.ids import bucket_of, instant, microseconds
from bot.storage.driver import Connection, Statement
from bot.storage.due import StoredTrigger, stored_trigger

_COLUMNS = "t.contact, t.key, t.kind, t.at, t.payload, t.attempts, t.failure"
_ALL = Statement(f"""
    SELECT {_COLUMNS} FROM "trigger" t
    WHERE t.state = 'dead' AND (t.at, t.contact, t.key) > (:at, :contact, :key)
    ORDER BY t.at, t.contact, t.key LIMIT :most
""")  # noqa: S608  # our own text
_OF_KEY = Statement(f"""
    SELECT {_COLUMNS} FROM "trigger" t WHERE t.state = 'dead' AND t.key = :key ORDER BY t.at
""")  # noqa: S608  # our own text
_REASON = Statement("""
    SELECT t.failure FROM "trigger" t WHERE t.bucket = :bucket AND t.contact = :contact AND t.key = :key
""")
_COUNT = Statement("""SELECT COUNT(*) FROM "trigger" t WHERE t.state = 'dead'""")


@dataclass(frozen=True, slots=True)
class DeadTrigger:
    """A trigger that failed, how often, and the traceback of the last time."""

    trigger: StoredTrigger
    attempts: int
    failure: str

    @property
    def reason(self) -> str:
        """The failure in one line."""
        return _in_one_line(self.failure)

    @property
    def place(self) -> tuple[datetime, str, str]:
        """What the dead are ordered by: give it to `listed` to go on behind this one."""
        return self.trigger.at, self.trigger.contact_id, self.trigger.key


async def listed(
    connection: Connection, most: int, *, after: tuple[datetime, str, str] | None = None
) -> list[DeadTrigger]:
    """The dead, oldest first, behind `after`."""
    at, contact, key = after or (instant(0), "", "")
    stamp = microseconds(at)
    return [_dead(row) for row in await connection.read(_ALL, at=stamp, contact=contact, key=key, most=most)]


async def of_key(connection: Connection, key: str) -> list[DeadTrigger]:
    """The dead with this key: one, unless two contacts share it."""
    return [_dead(row) for row in await connection.read(_OF_KEY, key=key)]


async def reason(connection: Connection, trigger: StoredTrigger) -> str:
    """Why a trigger failed the last time, in one line."""
    found = await connection.read(
        _REASON, bucket=bucket_of(trigger.contact_id), contact=trigger.contact_id, key=trigger.key
    )
    return _in_one_line(found[0][0] if found else None)


async def count(connection: Connection) -> int:
    """How many there are."""
    ((number,),) = await connection.read(_COUNT)
    return int(number)


def _in_one_line(failure: str | None) -> str:
    lines = (failure or "").strip().splitlines()
    return lines[-1] if lines else "no reason was kept"


def _dead(row: Sequence[Any]) -> DeadTrigger:
    return DeadTrigger(stored_trigger(row[:5]), row[5], row[6] or "")
