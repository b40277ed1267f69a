"""Who writes to us for the first time: a contact made from what the message tells."""

from datetime import datetime

from bot.conversation.work import Work
from bot.core.contact import Address, Contact
from bot.core.errors import RetryLater
from bot.core.ids import Entropy, bucket_of, new_contact_id
from bot.core.messages import Inbound
from bot.core.phone import NotAContact, PhoneNumber, parse_number
from bot.core.turn import Shop
from bot.core.wechat_address import WECHAT
from bot.storage import turns
from bot.storage.driver import Database


def newcomer(
    work: Work, shop: Shop, now: datetime, entropy: Entropy, *, stopped_at: datetime | None
) -> tuple[Contact, Address]:
    """Make a contact and its address of whom a work concerns; zone and locale are guessed from the number.

    `stopped_at` is set where an erased person once said STOP from this address: it still counts.
    """
    contact_id = new_contact_id(now, entropy)
    (channel, value), inbound = work.name, work.trigger.inbound
    number = _number(value, shop)
    contact = Contact(
        id=contact_id,
        bucket=bucket_of(contact_id),
        locale=number.locale if number else _spoken(channel, shop),
        zone=(number.zone if number else None) or shop.zone,
        created_at=now,
    )
    texted = inbound.to if inbound is not None and shop.owns(inbound.to) else None
    return contact, Address(channel, value, stopped_at=stopped_at, sender=texted)


def _spoken(channel: str, shop: Shop) -> str:
    """The language to begin in where an address tells none."""
    return (shop.wechat.speaks if channel == WECHAT else None) or shop.program.language


async def is_known(database: Database, inbound: Inbound) -> bool:
    """Whether somebody wrote to us from this address before. Raises RetryLater where nobody can tell."""
    name = (inbound.channel, inbound.address)
    try:
        return name in await database.query(lambda connection: turns.find(connection, [name]))
    except Exception as error:  # whatever the database says: the provider asks again
        raise RetryLater("the directory cannot be asked") from error


def _number(address: str, shop: Shop) -> PhoneNumber | None:
    try:
        return parse_number(address, shop_zone=shop.zone)
    except NotAContact:
        return None
