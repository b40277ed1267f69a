"""What a restored backup says that may no longer be true."""

from datetime import datetime

from bot.core.ids import microseconds
from bot.storage.driver import Connection, Statement

_UNKNOWN = Statement("""
    UPDATE outbox SET state = 'unknown', lease_until = NULL, state_at = :now
    WHERE state = 'sending'
    RETURNING id
""")


async def doubt_what_was_sending(connection: Connection, now: datetime) -> int:
    """Call unknown what was being sent when the backup was made: it may have left. Returns how many."""
    return len(await connection.read(_UNKNOWN, now=microseconds(now)))
