"""When a contact was there of its own will: it wrote, or opened a link that we sent."""

from datetime import datetime

from bot.core.clicks import VisitKind
from bot.core.ids import bucket_of, instant
from bot.core.triggers import TriggerKind
from bot.storage.driver import Connection, Statement

_MOST = 200
_ACTIVE = Statement(f"""
    SELECT at FROM (
        SELECT t.at FROM "trigger" t
        WHERE t.bucket = :bucket AND t.contact = :contact AND t.kind = '{TriggerKind.INBOUND}'
        UNION ALL
        SELECT c.at FROM click c
        WHERE c.bucket = :bucket AND c.contact = :contact AND c.kind = '{VisitKind.PERSON}'
    ) active ORDER BY at DESC LIMIT {_MOST}
""")  # noqa: S608  # our own constants


async def active_at(connection: Connection, contact_id: str) -> tuple[datetime, ...]:
    """The latest moments, newest first."""
    found = await connection.read(_ACTIVE, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(instant(row[0]) for row in found)
