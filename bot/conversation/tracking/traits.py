"""Traits of identify onto the contact: of each the latest, whatever order they come in."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.conversation.tracking.handed import Told
from bot.conversation.tracking.people import Person
from bot.conversation.tracking.telling import claims_of, identify_trigger
from bot.core.sources import SourceScope
from bot.core.tracking.told_fields import fields_in, with_fields
from bot.core.tracking.told_traits import KnownTraits, Times, ToldTraits, known, tellable
from bot.core.triggers import Trigger
from bot.storage.tracking import Name


def change(person: Person, told: Sequence[Told], times: Times) -> Times:
    """Add what messages tell of a contact to what is known; returns when each trait was told by now.

    What they told us themselves stays, and what a public key says of their name is a trait like any other.
    """
    contact = person.contact
    after = known(KnownTraits(contact.attributes, times.of), [_told(one) for one in told])
    believed = [_fields(one) for one in told if one.source.may(SourceScope.IDENTIFY)]
    fields = known(times.fields, believed)
    person.contact = with_fields(replace(contact, attributes=after.traits), [times.fields], fields)
    return Times(after.times, fields)


def addresses(told: Sequence[Told], known: Collection[Name], now: datetime) -> list[Trigger]:
    """Return what makes the addresses that sources tell the contact's own, where they are not `known` as its.

    What traits say does not count: sources that claim no address tell them, too.
    """
    has, triggers = set(known), list[Trigger]()
    for one in told:
        for name in claims_of(one).items():
            if name not in has:
                has.add(name)
                triggers.append(identify_trigger(*name, one.source.id, one.key, now))
    return triggers


def _told(one: Told) -> ToldTraits:
    is_believed = one.source.may(SourceScope.IDENTIFY)
    return ToldTraits(one.message.at, tellable(one.message.traits, is_believed=is_believed))


def _fields(one: Told) -> ToldTraits:
    return ToldTraits(one.message.at, fields_in(one.message.traits))
