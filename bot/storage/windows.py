"""Windows of WeChat addresses as stored: what is spent of them, and what the platform says of them.

Whoever calls these has locked the contact: a turn writes its addresses whole.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.core.contact import Address
from bot.core.ids import bucket_of, microseconds
from bot.core.windows import TAPPED, WROTE
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.rows import ADDRESS_COLUMNS

_OF = Statement(f"""
    SELECT a.contact, {ADDRESS_COLUMNS}
    FROM @each(keys: bucket integer, contact text, channel text, value text)
    JOIN address a ON a.bucket = keys.bucket AND a.contact = keys.contact AND a.channel = keys.channel
        AND a.value = keys.value
""")  # noqa: S608  # our own constants
_ADDRESS = "bucket = :bucket AND contact = :contact AND channel = :channel AND value = :value"
# Of the window that ends first, as far as it goes.
_SPEND = Statement("""
    UPDATE address SET
        window_left = CASE WHEN tapped_until > :now AND tapped_left >= keys.messages THEN window_left
            WHEN tapped_until > :now THEN window_left - (keys.messages - tapped_left)
            ELSE window_left - keys.messages END,
        tapped_left = CASE WHEN tapped_until > :now AND tapped_left < keys.messages THEN 0
            WHEN tapped_until > :now THEN tapped_left - keys.messages ELSE tapped_left END
    FROM @each(keys: bucket integer, contact text, channel text, value text, messages integer)
    WHERE address.bucket = keys.bucket AND address.contact = keys.contact
        AND address.channel = keys.channel AND address.value = keys.value
        AND (window_left >= keys.messages AND window_until > :now
            OR tapped_left >= keys.messages AND tapped_until > :now)
    RETURNING address.contact, address.channel, address.value
""")
# Only while these are the windows that a message went through: the contact may have opened another since.
_SAME = f"""
    {_ADDRESS} AND COALESCE(window_until, 0) = :until AND COALESCE(tapped_until, 0) = :tapped_until
"""
# Where a tap's was open they were of that one, as far as it went.
_GIVE_BACK = Statement(f"""
    UPDATE address SET
        window_left = CASE WHEN tapped_until > :handed_at THEN window_left
            WHEN window_left + :messages > :most THEN :most ELSE window_left + :messages END,
        tapped_left = CASE WHEN tapped_until IS NULL OR tapped_until <= :handed_at THEN tapped_left
            WHEN tapped_left + :messages > :most_tapped THEN :most_tapped
            ELSE tapped_left + :messages END
    WHERE {_SAME}
""")  # noqa: S608  # our own constants
_USE_UP = Statement(f"UPDATE address SET window_left = 0, tapped_left = 0 WHERE {_SAME}")  # noqa: S608  # ours
_CLOSE = Statement(f"""
    UPDATE address SET window_left = 0, window_until = NULL, tapped_left = 0, tapped_until = NULL
    WHERE {_SAME}
""")  # noqa: S608  # our own constants

Owned = tuple[str, str, str]
"""A contact's id, and the channel and value of an address of it."""


async def addresses(connection: Connection, owned: Collection[Owned]) -> Mapping[Owned, Address]:
    """Read addresses as they stand now; one that the contact has no more is missing."""
    keys = sorted({(bucket_of(contact), contact, channel, value) for contact, channel, value in owned})
    found = await connection.read(_OF, keys=keys)
    read = ((row[0], rows.address_from(row[1:])) for row in found)
    return {(contact, one.channel, one.value): one for contact, one in read}


async def spend(connection: Connection, messages: Mapping[Owned, int], now: datetime) -> set[Owned]:
    """Take so many messages out of open windows; returns those that had as many left."""
    keys = [(bucket_of(owned[0]), *owned, many) for owned, many in sorted(messages.items())]
    found = await connection.read(_SPEND, keys=keys, now=microseconds(now)) if keys else ()
    return {(row[0], row[1], row[2]) for row in found}


async def give_back(
    connection: Connection, owned: Owned, through: Address, messages: int, handed_at: datetime
) -> None:
    """Let messages that the platform did not take through these windows be sent after all."""
    most = {"most": WROTE.messages, "most_tapped": TAPPED.messages}
    told = {"messages": messages, "handed_at": microseconds(handed_at)}
    await connection.run(_GIVE_BACK, [_windows(owned, through) | told | most])


async def use_up(connection: Connection, owned: Owned, through: Address) -> None:
    """Believe the platform that the messages of these windows are used up."""
    await connection.run(_USE_UP, [_windows(owned, through)])


async def close(connection: Connection, owned: Owned, through: Address) -> None:
    """Believe the platform that these windows are closed."""
    await connection.run(_CLOSE, [_windows(owned, through)])


def _windows(owned: Owned, through: Address) -> dict[str, object]:
    until, tapped = rows.stored(through.window_until) or 0, rows.stored(through.tapped_until) or 0
    return _key(owned) | {"until": until, "tapped_until": tapped}


def _key(owned: Owned) -> dict[str, object]:
    contact, channel, value = owned
    return {"bucket": bucket_of(contact), "contact": contact, "channel": channel, "value": value}
