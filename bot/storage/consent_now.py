"""What contacts agreed to and where they said STOP, as it stands now: the outbox asks it before it sends."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.contact import Address, Contact, SubscriptionState
from bot.core.ids import bucket_of, instant
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.rows import ADDRESS_COLUMNS

_CONSENT = Statement(f"""
    SELECT c.id, c.bucket, c.zone, c.zone_is_known, c.locale, c.created_at,
        c.snoozed_until, c.preferred_hours,
        (SELECT @rows({ADDRESS_COLUMNS})
         FROM address a WHERE a.bucket = c.bucket AND a.contact = c.id),
        (SELECT @rows(s.subscription_group, s.state)
         FROM subscription s WHERE s.bucket = c.bucket AND s.contact = c.id),
        c.merged_into
    FROM @each(keys: bucket integer, id text)
    JOIN contact c ON c.bucket = keys.bucket AND c.id = keys.id
""")  # noqa: S608  # our own constants


@dataclass(frozen=True, slots=True)
class ConsentNow:
    """A contact with its addresses, by (channel, value), and its subscriptions."""

    contact: Contact
    addresses: Mapping[tuple[str, str], Address]
    subscriptions: dict[str, SubscriptionState]


async def consent_now(connection: Connection, contact_ids: Collection[str]) -> dict[str, ConsentNow]:
    """The consent of each of these contacts; of who became another contact it is that one's.

    There stands what was said since, like STOP. An address that is about to be taken over is still its own.
    """
    found = dict[str, ConsentNow]()
    asked = set(contact_ids)
    while asked:
        keys = sorted((bucket_of(one), one) for one in asked)
        found |= {row[0]: _read(row) for row in await connection.read(_CONSENT, keys=keys)}
        asked = {one.contact.merged_into for one in found.values() if one.contact.merged_into} - found.keys()
    return {one: _as_whoever(found, found[one]) for one in contact_ids}


def _as_whoever(found: Mapping[str, ConsentNow], own: ConsentNow) -> ConsentNow:
    while own.contact.merged_into is not None:
        became = found[own.contact.merged_into]
        own = replace(became, addresses={**own.addresses, **became.addresses})
    return own


def _read(row: Sequence[Any]) -> ConsentNow:
    contact = Contact(
        id=row[0],
        bucket=row[1],
        zone=row[2],
        zone_is_known=bool(row[3]),
        locale=row[4],
        created_at=instant(row[5]),
        snoozed_until=rows.loaded(row[6]),
        preferred_hours=row[7],
        merged_into=row[10],
    )
    addresses = [rows.address_from(one) for one in rows.json_rows(row[8])]
    by_name = {(one.channel, one.value): one for one in addresses}
    return ConsentNow(contact, by_name, rows.subscriptions_from(rows.json_rows(row[9])))
