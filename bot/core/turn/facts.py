"""What the gate looks at, of what a turn or the outbox knows."""

from collections.abc import Mapping

from bot.core.caps import COUNTED_CLASSES, Counted
from bot.core.contact import Address, Contact, SubscriptionState
from bot.core.gate import ConsentFacts, Policy
from bot.core.messages import Outgoing
from bot.core.phone import zones_of_number


def consent_facts(
    message: Outgoing,
    contact: Contact,
    address: Address | None,
    subscriptions: Mapping[str, SubscriptionState],
    policy: Policy,
    *,
    counts: tuple[Counted, ...] = (),
) -> ConsentFacts:
    """What the gate may look at; `address` is None where the contact has it no more.

    `counts` is needed where `policy.caps_on(message)`.
    """
    return ConsentFacts(
        stopped_at=address.stopped_at if address else None,
        unusable_reason=address.unusable_reason if address else "it is not the contact's any more",
        subscriptions=subscriptions,
        # Where a number may be is not asked for answers, and most messages are answers.
        zones=zones_of(contact, address) if message.message_class in COUNTED_CLASSES else (),
        policy=policy,
        snoozed_until=contact.snoozed_until,
        clarify_by=address.clarify_by if address else None,
        preferred_hours=contact.preferred_hours,
        counts=counts,
    )


def zones_of(contact: Contact, address: Address | None) -> tuple[str, ...]:
    """The contact's own zone where it is known, otherwise all its number may be in, best guess first."""
    if contact.zone_is_known or address is None or address.channel != "sms":
        return (contact.zone,)
    zones = zones_of_number(address.value)
    return (contact.zone, *[zone for zone in zones if zone != contact.zone])
