"""Who writes to us for the first time: a contact made from what the message tells."""

from collections.abc import Mapping
from datetime import datetime

from bot.conversation import following
from bot.conversation.conversation import Conversation
from bot.conversation.work import Work
from bot.core.contact import Address, Contact
from bot.core.errors import RetryLater
from bot.core.ids import Entropy, bucket_of, new_contact_id
from bot.core.messages import Inbound
from bot.core.phone import NotAContact, PhoneNumber, parse_number
from bot.core.turn import Shop
from bot.core.wechat_address import WECHAT
from bot.storage import turns
from bot.storage.driver import Connection, Database


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


async def create_newcomers(
    connection: Connection,
    conversation: Conversation,
    works: Mapping[tuple[str, str], Work],
    now: datetime,
) -> dict[tuple[str, str], Contact]:
    """Make contacts of those who write for the first time, by (channel, address); returns those it made.

    Not of who left before what comes now was done, as where a push is posted again: nobody is there any more.
    """
    hashes = {name: [(name[0], one) for one in conversation.hash_address(name[1])] for name in works}
    stopped = await turns.suppressed(connection, [one for each in hashes.values() for one in each])
    newcomers: list[tuple[Contact, Address]] = []
    for name, work in works.items():
        stopped_at = max((stopped[one] for one in hashes[name] if one in stopped), default=None)
        inbound = work.trigger.inbound
        if inbound is not None and stopped_at is not None and following.is_before(inbound, stopped_at):
            continue
        shop = conversation.decider.shop
        newcomers.append(newcomer(work, shop, now, conversation.entropy, stopped_at=stopped_at))
    created = await turns.create(connection, newcomers, now)
    return {
        (address.channel, address.value): contact
        for (contact, address), is_new in zip(newcomers, created, strict=True)
        if is_new
    }
