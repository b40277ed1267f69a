"""Rows of contacts: who they are, their addresses, their consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from bot.core.consent import ConsentChange, chain_hash, personal_hash
from bot.core.contact import Address, Contact, Pending, SubscriptionState
from bot.core.ids import instant, microseconds
from bot.storage.rows.values import JsonRows, RowValues, loaded, stored, to_json

CONTACT_COLUMNS = ", ".join(
    f"{{0}}.{name}"
    for name in (
        *("bucket", "id", "locale", "zone", "zone_is_known", "first_name", "birthday_on", "enrolled_at"),
        *("attributes", "created_at", "merged_into", "consent_count", "consent_hash", "snoozed_until"),
        "preferred_hours",
    )
)
"""What `contact_from` reads; `format` says what the table is called in a statement."""
ADDRESS_COLUMNS = (
    "a.channel, a.value, a.stopped_at, a.unusable_reason, a.clarify_by, a.sender, a.clarified_at,"
    " a.window_left, a.window_until, a.desk_until, a.tapped_left, a.tapped_until"
)


def contact_row(contact: Contact) -> RowValues:
    """Values of `contact`."""
    return (
        contact.bucket,
        contact.id,
        contact.locale,
        contact.zone,
        contact.zone_is_known,
        contact.first_name,
        contact.birthday_on.isoformat() if contact.birthday_on else None,
        stored(contact.enrolled_at),
        to_json(dict(contact.attributes)),
        microseconds(contact.created_at),
        contact.merged_into,
        contact.consent_count,
        contact.consent_hash,
        stored(contact.snoozed_until),
        contact.preferred_hours,
    )


def contact_from(row: Sequence[Any]) -> Contact:
    """Read a row of `contact`."""
    return Contact(
        bucket=row[0],
        id=row[1],
        locale=row[2],
        zone=row[3],
        zone_is_known=bool(row[4]),
        first_name=row[5],
        birthday_on=date.fromisoformat(row[6]) if row[6] else None,
        enrolled_at=loaded(row[7]),
        attributes=orjson.loads(row[8]) if row[8] != "{}" else {},
        created_at=instant(row[9]),
        merged_into=row[10],
        consent_count=row[11],
        consent_hash=row[12],
        snoozed_until=loaded(row[13]),
        preferred_hours=row[14],
    )


def address_row(contact: Contact, address: Address, now: datetime) -> RowValues:
    """Values of `address`."""
    return (
        contact.bucket,
        contact.id,
        address.channel,
        address.value,
        microseconds(now),
        stored(address.stopped_at),
        address.unusable_reason,
        stored(address.clarify_by),
        address.sender,
        stored(address.clarified_at),
        address.window_left,
        stored(address.window_until),
        stored(address.desk_until),
        address.tapped_left,
        stored(address.tapped_until),
    )


def address_from(row: Sequence[Any]) -> Address:
    """Read a row of `ADDRESS_COLUMNS`."""
    return Address(
        channel=row[0],
        value=row[1],
        stopped_at=loaded(row[2]),
        unusable_reason=row[3],
        clarify_by=loaded(row[4]),
        sender=row[5],
        clarified_at=loaded(row[6]),
        window_left=row[7],
        window_until=loaded(row[8]),
        desk_until=loaded(row[9]),
        tapped_left=row[10],
        tapped_until=loaded(row[11]),
    )


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A line of the consent log with its place in the chain."""

    values: RowValues
    hash: str


def consent_row(
    contact: Contact, change: ConsentChange, *, number: int, previous_hash: str, salt: str
) -> ConsentLine:
    """Values of `consent`, chained after `previous_hash`."""
    told = {"words": change.words, "address": change.address, "because": change.because}
    personal = {name: text for name, text in told.items() if text is not None}  # older lines have words alone
    hidden = personal_hash(salt, personal)
    public = consent_public(
        contact.id,
        number,
        change.group,
        change.channel,
        change.state.value,
        change.source.value,
        change.provider_id,
        microseconds(change.at),
    )
    sealed = chain_hash(previous_hash, hidden, public)
    values: RowValues = (
        contact.bucket,
        contact.id,
        number,
        change.group,
        change.channel,
        change.state.value,
        change.source.value,
        change.words,
        change.provider_id,
        microseconds(change.at),
        salt,
        hidden,
        previous_hash,
        sealed,
        change.address,
        change.because,
    )
    return ConsentLine(values, sealed)


def consent_public(  # noqa: PLR0913, PLR0917  # the columns as they are stored
    contact_id: str,
    number: int,
    group: str,
    channel: str,
    state: str,
    source: str,
    provider_id: str | None,
    at: int,
) -> Mapping[str, str | int | None]:
    """Return what the chain covers of a line besides its personal fields; `at` in microseconds."""
    return {
        "contact": contact_id,
        "number": number,
        "group": group,
        "channel": channel,
        "state": state,
        "source": source,
        "provider_id": provider_id,
        "at": at,
    }


def subscription_row(contact: Contact, change: ConsentChange) -> RowValues:
    """Values of `subscription`."""
    return (
        contact.bucket,
        contact.id,
        change.key,
        change.state.value,
        microseconds(change.at),
        stored(change.confirm_by),
        change.waiting_flow,
    )


def subscriptions_from(rows: JsonRows) -> dict[str, SubscriptionState]:
    """Read rows that begin with (group, state)."""
    return {group: SubscriptionState(state) for group, state, *_ in rows}


def pending_from(rows: JsonRows) -> dict[str, Pending]:
    """Read the double opt-ins of rows of (group, state, confirm_by, waiting_flow)."""
    return {
        group: Pending(instant(confirm_by), waiting_flow)
        for group, state, confirm_by, waiting_flow in rows
        if state == SubscriptionState.PENDING and confirm_by is not None
    }
