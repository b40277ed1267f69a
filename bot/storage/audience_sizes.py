"""How large audiences were, by the days of the shop's calendar."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.ids import instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement

_SIZE = Rows(tables.Row.metadata.tables["audience_size"], Present.REPLACE)
_HISTORY = Statement("""
    SELECT s.on_day, s.size, s.at FROM audience_size s WHERE s.audience = :audience AND s.on_day >= :since
    ORDER BY s.on_day
""")
_LATEST = Statement("""
    SELECT s.audience, s.on_day, s.size, s.at FROM audience_size s
    WHERE s.on_day = (SELECT MAX(o.on_day) FROM audience_size o WHERE o.audience = s.audience)
""")


@dataclass(frozen=True, slots=True)
class SizeOfDay:
    """How many were in when it was last counted that day."""

    day: date
    size: int
    counted_at: datetime


async def record(connection: Connection, sizes: Mapping[str, int], day: date, now: datetime) -> None:
    """Keep today's sizes; what was counted earlier today is written over."""
    at = microseconds(now)
    await connection.write(_SIZE, [(name, day.isoformat(), size, at) for name, size in sorted(sizes.items())])


async def history(connection: Connection, audience: str, since: date) -> list[SizeOfDay]:
    """The sizes of one audience, oldest first."""
    rows = await connection.read(_HISTORY, audience=audience, since=since.isoformat())
    return [SizeOfDay(date.fromisoformat(row[0]), int(row[1]), instant(row[2])) for row in rows]


async def latest(connection: Connection) -> dict[str, SizeOfDay]:
    """The last size that was counted of each audience."""
    rows = await connection.read(_LATEST)
    return {row[0]: SizeOfDay(date.fromisoformat(row[1]), int(row[2]), instant(row[3])) for row in rows}
