"""Which message of ours a provider means by the id that it took it under."""

from bot.core.ids import bucket_of
from bot.storage import turns
from bot.storage.driver import Connection, Statement

_TAKEN = Statement("""
    SELECT o.id FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.channel = :channel
        AND o.provider_id = :provider_id
""")


async def taken_as(
    connection: Connection, channel: str, address: str, provider_id: str
) -> tuple[str, str] | None:
    """Return the contact behind an address and its message that was taken as that; None: there is none."""
    found = await turns.find(connection, [(channel, address)])
    contact = found.get((channel, address))
    if contact is None:
        return None
    messages = await connection.read(
        _TAKEN, bucket=bucket_of(contact), contact=contact, channel=channel, provider_id=provider_id
    )
    return (contact, str(messages[0][0])) if messages else None
