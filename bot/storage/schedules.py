"""How far each schedule has struck, and the triggers it stores."""

from collections.abc import Sequence
from datetime import datetime

from bot.core.ids import instant, microseconds
from bot.core.triggers import Trigger
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows, Statement

_SINCE = Statement("SELECT value FROM setting WHERE name = :name")
_TABLES = tables.Row.metadata.tables
_SET = Rows(_TABLES["setting"], Present.REPLACE)
_FIRST = Rows(_TABLES["setting"], Present.KEEP, returning="name")
_TRIGGER = Rows(_TABLES["trigger"], Present.KEEP)


async def known_since(connection: Connection, name: str) -> datetime | None:
    """Until when a schedule has been struck; None for one that is new."""
    found = await connection.read(_SINCE, name=name)
    return instant(int(found[0][0])) if found else None


async def since(connection: Connection, name: str, now: datetime) -> datetime:
    """Until when a schedule has been struck; one that is new has been struck until now."""
    await connection.write(_FIRST, [(name, str(microseconds(now)))])
    ((value,),) = await connection.read(_SINCE, name=name)
    return instant(int(value))


async def reached(connection: Connection, name: str, at: datetime) -> None:
    """Record that everybody was given a trigger for the strike at that instant."""
    await connection.write(_SET, [(name, str(microseconds(at)))])


async def store(connection: Connection, contact_ids: Sequence[str], trigger: Trigger) -> None:
    """Store one trigger for each contact; those who have it keep it."""
    if contact_ids:
        await connection.write(
            _TRIGGER, [rows.trigger_row(contact_id, trigger, state="new") for contact_id in contact_ids]
        )
