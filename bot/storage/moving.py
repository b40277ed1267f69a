"""A contact has another number: the address is exchanged, and everything else stays the contact's.

The old number is free again: whoever gets it from the carrier is a stranger to us. What the contact agreed
to, refused or stopped holds for the new number too, and the consent log says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto

from bot.core.consent import ConsentChange, ConsentSource
from bot.core.contact import Address, Contact, SubscriptionState
from bot.core.groups import on_channel
from bot.storage import rows, tables, turns
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.snapshots import load_consent

_FREE = Statement("DELETE FROM directory WHERE kind = :channel AND value = :value AND contact = :contact")
_DROP = Statement("""
    DELETE FROM address
    WHERE bucket = :bucket AND contact = :contact AND channel = :channel AND value = :value
""")
# What waits goes where the contact is now; what is in hand or has left stays as it was.
_REDIRECT = Statement("""
    UPDATE outbox SET address = :new
    WHERE bucket = :bucket AND contact = :contact AND channel = :channel AND address = :value
        AND state IN ('queued', 'held')
""")
_TABLES = tables.Row.metadata.tables
_DIRECTORY = Rows(_TABLES["directory"], Present.KEEP, returning="kind, value")
_ADDRESS = Rows(_TABLES["address"], Present.FAIL)
_CONTACT = Rows(_TABLES["contact"], Present.REPLACE)
_CONSENT = Rows(_TABLES["consent"], Present.FAIL)


class Moved(Enum):
    """How a move ended."""

    DONE = auto()
    NOBODY = auto()  # the old address is nobody's
    TAKEN = auto()  # the new one is somebody's, perhaps the contact's own


async def move(  # noqa: PLR0913  # from where, whereto, and what the proof of it needs
    connection: Connection,
    channel: str,
    old: str,
    new: str,
    now: datetime,
    *,
    hashes: Sequence[str],
    salt: Callable[[], str],
) -> Moved:
    """Let a contact be known under another address, which may be suppressed under `hashes`."""
    contact_id = (await turns.find(connection, [(channel, old)])).get((channel, old))
    if contact_id is None:
        return Moved.NOBODY
    contact = (await turns.lock(connection, [contact_id]))[contact_id]
    if contact.merged_into is not None:
        contact = (await turns.lock(connection, [contact.merged_into]))[contact.merged_into]
    addresses, states = await load_consent(connection, contact)
    known = next((one for one in addresses if (one.channel, one.value) == (channel, old)), None)
    if known is None:
        return Moved.NOBODY
    claimed = await connection.claim(_DIRECTORY, [(channel, new, contact.bucket, contact.id)])
    if not claimed[0]:
        return Moved.TAKEN
    suppressed = await turns.suppressed(connection, [(channel, one) for one in hashes])
    stops = [at for at in (known.stopped_at, *suppressed.values()) if at is not None]
    own: dict[str, object] = {
        "bucket": contact.bucket,
        "contact": contact.id,
        "channel": channel,
        "value": old,
    }
    await connection.run(_FREE, [{"channel": channel, "value": old, "contact": contact_id}])
    await connection.run(_DROP, [own])
    await connection.run(_REDIRECT, [{**own, "new": new}])
    address = replace(
        known, value=new, stopped_at=min(stops, default=None), unusable_reason=None, sender=None
    )
    await connection.write(_ADDRESS, [rows.address_row(contact, address, now)])
    agreed = sorted(on_channel(states, channel).items())
    changes = [_kept(group, state, known, address, now) for group, state in agreed]
    await _log(connection, contact, changes, salt)
    return Moved.DONE


def _kept(group: str, state: SubscriptionState, old: Address, new: Address, now: datetime) -> ConsentChange:
    """Say that what holds for a group holds for the new address."""
    return ConsentChange(
        group=group,
        channel=new.channel,
        state=state,
        words=f"moved from {old.value} to {new.value}",
        source=ConsentSource.OPERATOR,
        at=now,
        address=new.value,
    )


async def _log(
    connection: Connection, contact: Contact, changes: Sequence[ConsentChange], salt: Callable[[], str]
) -> None:
    for change in changes:
        number = contact.consent_count + 1
        line = rows.consent_row(
            contact, change, number=number, previous_hash=contact.consent_hash, salt=salt()
        )
        await connection.write(_CONSENT, [line.values])
        contact = replace(contact, consent_count=number, consent_hash=line.hash)
    await connection.write(_CONTACT, [rows.contact_row(contact)])
