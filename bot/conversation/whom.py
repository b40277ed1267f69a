"""Whom a text means: a contact by its id or by an address in any spelling."""

from bot.core.phone import NotAContact, to_e164
from bot.storage import contacts
from bot.storage.driver import Connection

_ID_LENGTH = 32
_OTHER_CHANNELS = ("wechat", "email", "external", "console")


async def find_contact(connection: Connection, text: str) -> str | None:
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


def spellings(address: str) -> list[tuple[str, str]]:
    """Whom the text may name: a phone number in E.164, or an address of another channel as it is."""
    channel, _, value = address.partition(":")
    if channel in _OTHER_CHANNELS and value:
        return [(channel, value.lower() if channel == "email" else value)]
    others = [(channel, address) for channel in _OTHER_CHANNELS]
    try:
        return [("sms", to_e164(address)), *others]
    except NotAContact:
        return others
