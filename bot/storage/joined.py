"""Who was joined to whom, as rows; and another contact as it is now."""

from bot.core.contact import Contact
from bot.core.ids import bucket_of
from bot.storage import rows
from bot.storage.driver import Connection, Statement

_CONTACT = Statement("""
    SELECT c.bucket, c.id, c.locale, c.zone, c.zone_is_known, c.first_name, c.birthday_on, c.enrolled_at,
           c.attributes, c.created_at, c.merged_into, c.consent_count, c.consent_hash,
           c.snoozed_until, c.preferred_hours
    FROM contact c WHERE c.bucket = :bucket AND c.id = :id
""")


async def contact_called(connection: Connection, contact_id: str, other: str) -> Contact | None:
    """Another contact as it is now, or the one it was joined to; None where there is none."""
    found = await connection.read(_CONTACT, bucket=bucket_of(other), id=other)
    if not found:
        return None
    contact = rows.contact_from(found[0])
    if contact.merged_into is None:
        return contact
    return await contact_called(connection, contact_id, contact.merged_into)
