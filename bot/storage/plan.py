"""The tracking plan in force, for those who have a connection and no publication: erasing, and commands."""

from functools import lru_cache

from bot.core.errors import FlowError
from bot.core.flow.events_file import read_events
from bot.core.flow.reader import read
from bot.core.tracking.plan import NO_PLAN, Plan
from bot.storage.driver import Connection, Statement

_IN_FORCE = Statement(
    "SELECT r.source, r.file FROM revision r WHERE r.kind = 'events' AND r.state = 'published'"
)


async def in_force(connection: Connection) -> Plan:
    """Return the plan that is published; where it can no longer be read, that of who has none."""
    found = await connection.read(_IN_FORCE)
    return _compiled(found[0][0], found[0][1]) if found else NO_PLAN


@lru_cache(maxsize=4)
def _compiled(source: str, file: str) -> Plan:
    try:
        return read_events(read(source, file)).compiled()
    except FlowError:  # said where the publication is built
        return NO_PLAN
