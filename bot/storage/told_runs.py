"""Tells runs what became of the message at which they stand, in the transaction that makes it so."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.core.handing_over import Became, Told, trigger_of
from bot.core.ids import instant
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Record, Rows

STANDS = "contact, id, run, wakes, handed_at"
"""What statements return of messages whose runs may have to be told."""
_TRIGGER = Rows(tables.Row.metadata.tables["trigger"], Present.KEEP)


async def tell(connection: Connection, messages: Iterable[Record], became: Became, at: datetime) -> None:
    """Store what tells the runs of these messages (`STANDS`) that stand at them; a job hands it on.

    What may have been handed over was so when it was last tried, however late that is found out.
    """
    told = [(one[0], Told(one[2], one[1], became, _at(one, became, at))) for one in messages if one[3]]
    await tell_all(connection, told)


async def tell_all(connection: Connection, told: Sequence[tuple[str, Told]]) -> None:
    """The same for runs of contacts."""
    triggers = sorted(rows.trigger_row(contact, trigger_of(one), state="new") for contact, one in told)
    if triggers:
        await connection.write(_TRIGGER, triggers)


def _at(message: Record, became: Became, at: datetime) -> datetime:
    return instant(message[4]) if became is Became.HANDED and message[4] is not None else at
