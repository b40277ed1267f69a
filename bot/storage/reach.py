"""By which channels contacts can be reached: who has an address there, and who agreed to hear from us."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.core.groups import split_key
from bot.core.ids import bucket_of
from bot.storage.driver import Connection, Statement

_ADDRESSES = Statement("""
    SELECT a.contact, a.channel
    FROM @each(keys: bucket integer, contact text)
    JOIN address a ON a.bucket = keys.bucket AND a.contact = keys.contact
    WHERE a.stopped_at IS NULL AND a.unusable_reason IS NULL
""")
_AGREED = Statement("""
    SELECT s.contact, s.subscription_group
    FROM @each(keys: bucket integer, contact text)
    JOIN subscription s ON s.bucket = keys.bucket AND s.contact = keys.contact
    WHERE s.state = 'subscribed'
""")


@dataclass(slots=True)
class Reach:
    """How many contacts have an address on a channel, and how many of these agreed to a group there.

    An address that was stopped or cannot be reached is none.
    """

    contacts: int = 0
    addressed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    agreed: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def without(self, channel: str) -> int:
        """How many have no address there."""
        return self.contacts - self.addressed.get(channel, 0)


async def add_reach(connection: Connection, contacts: Collection[str], reach: Reach) -> None:
    """Count these contacts too."""
    keys = [(bucket_of(contact), contact) for contact in sorted(contacts)]
    reach.contacts += len(keys)
    if not keys:
        return
    addressed = {(row[0], row[1]) for row in await connection.read(_ADDRESSES, keys=keys)}
    agreed = {(row[0], split_key(row[1])[1]) for row in await connection.read(_AGREED, keys=keys)}
    for _, channel in addressed:
        reach.addressed[channel] += 1
    for _, channel in addressed & agreed:
        reach.agreed[channel] += 1
