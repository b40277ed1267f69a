"""Fields of a contact that sources tell as traits: its first name and its birthday."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.core.contact import Contact, JsonValue
from bot.core.names import cut_name
from bot.core.tracking.told_traits import KnownTraits

FIRST_NAME, BIRTHDAY = "firstName", "birthday"
"""Traits that Segment reserves and we have a field for: https://segment.com/docs/connections/spec/identify/."""


def fields_in(traits: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what traits tell of fields; what names nobody and no day is no news of them."""
    name, birthday = traits.get(FIRST_NAME), traits.get(BIRTHDAY)
    found: dict[str, JsonValue] = {FIRST_NAME: name} if _name(name) is not None else {}
    return found | ({BIRTHDAY: birthday} if _day(birthday) is not None else {})


def with_fields(contact: Contact, before: Sequence[KnownTraits], fields: KnownTraits) -> Contact:
    """Let a contact's name and birthday be as they were told, unless the contact itself told another one."""
    first_name, birthday_on = contact.first_name, contact.birthday_on
    if first_name in {None, *(_name(one.traits.get(FIRST_NAME)) for one in before)}:
        first_name = _name(fields.traits.get(FIRST_NAME)) or first_name
    if birthday_on in {None, *(_day(one.traits.get(BIRTHDAY)) for one in before)}:
        birthday_on = _day(fields.traits.get(BIRTHDAY)) or birthday_on
    return replace(contact, first_name=first_name, birthday_on=birthday_on)


def _name(value: JsonValue) -> str | None:
    return cut_name(value) or None if isinstance(value, str) else None


def _day(value: JsonValue) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
