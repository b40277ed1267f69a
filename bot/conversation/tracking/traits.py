"""Traits of identify onto the contact: of each the latest, whatever order they come in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.conversation.tracking.handed import Told
from bot.conversation.tracking.people import Person
from bot.conversation.tracking.telling import claims, identify_trigger
from bot.core.contact import JsonValue
from bot.core.names import cut_name
from bot.core.sources import SourceScope
from bot.core.tracking.told_traits import KnownTraits, ToldTraits, known, tellable
from bot.core.triggers import Trigger

FIRST_NAME, BIRTHDAY = "firstName", "birthday"
"""Traits that Segment reserves and we have a field for: https://segment.com/docs/connections/spec/identify/."""


def change(person: Person, told: Sequence[Told], times: Mapping[str, int]) -> Mapping[str, int]:
    """Add what messages tell of a contact to what is known; returns when each trait was told."""
    contact = person.contact
    before, first_name, birthday_on = contact.attributes, contact.first_name, contact.birthday_on
    after = known(KnownTraits(before, times), [_told(one) for one in told])
    # What they told us themselves stays, and what a public key says is a trait like any other.
    believed = [one.message.traits for one in told if one.source.may(SourceScope.IDENTIFY)]
    if first_name in {None, _name(before.get(FIRST_NAME))}:
        first_name = _name(_believed(believed, after, FIRST_NAME)) or first_name
    if birthday_on in {None, _day(before.get(BIRTHDAY))}:
        birthday_on = _day(_believed(believed, after, BIRTHDAY)) or birthday_on
    person.contact = replace(contact, attributes=after.traits, first_name=first_name, birthday_on=birthday_on)
    return after.times


def addresses(person: Person, told: Sequence[Told], now: datetime) -> list[Trigger]:
    """Return what makes the addresses that sources tell the contact's own, unless they were told before."""
    before, triggers = person.contact.attributes, []
    for one in told:
        said = one.message.traits
        if not one.source.may(SourceScope.IDENTIFY) or not said.keys() & {"phone", "email"}:
            continue
        for channel, value in claims(said).items():
            trait = "phone" if channel == "sms" else channel
            if before.get(trait) != said[trait]:
                key = one.message.message_id
                triggers.append(identify_trigger(channel, value, one.source.id, key, now))
    return triggers


def _told(one: Told) -> ToldTraits:
    is_believed = one.source.may(SourceScope.IDENTIFY)
    return ToldTraits(one.message.at, tellable(one.message.traits, is_believed=is_believed))


def _believed(told: Sequence[Mapping[str, JsonValue]], after: KnownTraits, name: str) -> JsonValue:
    """Return a trait as it is by now, if it is one that we were told by who is believed."""
    value = after.traits.get(name)
    return value if any(one.get(name) == value for one in told) else None


def _name(value: JsonValue) -> str | None:
    return cut_name(value) or None if isinstance(value, str) else None


def _day(value: JsonValue) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
