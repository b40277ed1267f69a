"""When an address of a contact's last began to follow: read from the gestures that are on its record."""

from datetime import datetime

import orjson

from bot.core.gestures import done_at
from bot.core.ids import bucket_of, instant
from bot.storage.driver import Connection, Statement
from bot.storage.families import family

# An address of WeChat's has no character but `_` that means anything to LIKE.
_FOLLOWS = Statement("""
    SELECT t.at, t.payload FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.kind = 'inbound'
        AND t.payload LIKE '%"gesture":["follow"%' AND t.payload LIKE '%' || :address || '%'
""")


async def followed_at(connection: Connection, contact_id: str, address: str) -> datetime | None:
    """When an address last began to follow, whoever's it was then; None: that is not known."""
    found: list[datetime] = []
    for member in await family(connection, contact_id):
        own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        for at, stored in await connection.read(_FOLLOWS, **own, address=address):
            payload = orjson.loads(stored)
            if payload["address"] == address:
                found.append(done_at(payload.get("facts", {}), instant(at)))
    return max(found, default=None)
