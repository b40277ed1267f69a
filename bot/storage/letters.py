"""Letters by what mail servers call them."""

from bot.core.email.mailbox import EMAIL
from bot.core.ids import bucket_of
from bot.storage.driver import Connection, Statement

_ONE = Statement(f"""
    SELECT o.contact, o.provider_id FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.id = :id AND o.channel = '{EMAIL}'
""")  # noqa: S608  # our own word
# Where a report does not say whose it was: all of a bucket is looked through, which is seldom and bounded.
_ANYBODYS = Statement(f"""
    SELECT o.contact, o.provider_id FROM outbox o
    WHERE o.bucket = :bucket AND o.id = :id AND o.channel = '{EMAIL}'
""")  # noqa: S608  # our own word


async def find(connection: Connection, message_id: str, contact_id: str) -> tuple[str, str] | None:
    """Return the contact of a letter and what the server calls it; None where there is no such letter."""
    bucket = bucket_of(message_id)
    if contact_id:
        found = await connection.read(_ONE, bucket=bucket, contact=contact_id, id=message_id)
    else:
        found = await connection.read(_ANYBODYS, bucket=bucket, id=message_id)
    return (found[0][0], found[0][1] or "") if found else None
