"""Who writes to us for the first time: a contact made from what the message tells."""

from datetime import datetime

from bot.core.contact import Address, Contact
from bot.core.ids import Entropy, bucket_of, new_contact_id
from bot.core.messages import Inbound
from bot.core.phone import NotAContact, PhoneNumber, parse_number
from bot.core.turn import Shop


def newcomer(
    inbound: Inbound, shop: Shop, now: datetime, entropy: Entropy, *, stopped_at: datetime | None
) -> tuple[Contact, Address]:
    """Make a contact and its address; zone and locale are guessed from the number.

    `stopped_at` is set where an erased person once said STOP from this address: it still counts.
    """
    contact_id = new_contact_id(now, entropy)
    number = _number(inbound, shop)
    contact = Contact(
        id=contact_id,
        bucket=bucket_of(contact_id),
        locale=number.locale if number else shop.program.language,
        zone=(number.zone if number else None) or shop.zone,
        created_at=now,
    )
    return contact, Address(inbound.channel, inbound.address, stopped_at=stopped_at)


def _number(inbound: Inbound, shop: Shop) -> PhoneNumber | None:
    try:
        return parse_number(inbound.address, shop_zone=shop.zone)
    except NotAContact:
        return None
