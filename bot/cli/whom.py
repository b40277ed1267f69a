"""Whom a command is about: a contact by its id or by an address in any spelling."""

from bot.cli.contact import spellings
from bot.storage import contacts
from bot.storage.driver import Connection

_ID_LENGTH = 32


async def named(connection: Connection, text: str) -> str | None:
    """The id of the contact that is known by this id or address; None where nobody is."""
    text = text.strip()
    if len(text) == _ID_LENGTH and set(text) <= set("0123456789abcdef"):
        contact = await contacts.known(connection, text)
        return contact.id if contact else None
    for channel, value in spellings(text) if text else ():
        found = await contacts.find(connection, channel, value)
        if found is not None:
            return found
    return None
