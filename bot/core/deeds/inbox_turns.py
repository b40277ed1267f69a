"""What turns do with the inbox on our pages: a contact gets one, and reads it."""

from datetime import datetime

from bot.core.contact import Address
from bot.core.in_app import APP, ReadUntil
from bot.core.turn import Turn

_KEY = ""  # a contact has one inbox


def open_inbox(turn: Turn) -> None:
    """Give the contact an inbox, unless it has one: whoever logs in at the pages or writes there has one."""
    if (APP, turn.contact.id) not in turn.addresses:
        turn.change_address(Address(APP, turn.contact.id))


def read_inbox(turn: Turn, until: datetime) -> datetime:
    """Note that all was read that had come until then; returns until when: it never goes back."""
    before = turn.needed("inbox")
    assert before is None or isinstance(before, ReadUntil), "an inbox is read until then, or not at all"
    read = min(until, turn.now) if before is None else max(before.at, min(until, turn.now))
    turn.keep("inbox", _KEY, ReadUntil(read))
    return read


def unread_of(turn: Turn) -> int:
    """How many messages came to the inbox since it was read."""
    number = turn.needed("unread")
    assert isinstance(number, int), "they are counted"
    return number
