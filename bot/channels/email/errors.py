"""What to do about each answer of a mail server, by the stage it answers and its enhanced status code.

Enhanced codes: https://www.iana.org/assignments/smtp-enhanced-status-codes. Our own words, not the server's,
go into the error: servers name mailboxes, which must not reach a log.
"""

import re
from datetime import timedelta
from enum import Enum

from bot.channels.channel import (
    AddressUnusable,
    Filtered,
    OperatorNeeded,
    OutcomeUnknown,
    SendError,
    SenderSlowed,
    SendLater,
    SendNever,
)

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_RELAYING = re.compile(r"relay|authenticat", re.IGNORECASE)
_NEVER = 500
_CLOSING = 421
_MAILBOX_FULL = (timedelta(hours=4), 3)
_GREYLISTED = (timedelta(minutes=10), 6)

# What of a code is about the mailbox itself: wrong, gone, moved, a domain without mail; disabled.
_NO_MAILBOX = frozenset({(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 0), (2, 1)})
_FULL = frozenset({(2, 2), (3, 1)})
_TOO_LARGE = frozenset({(2, 3), (3, 4)})
_POLICY = 7
_TOO_MANY = frozenset({(_POLICY, 28), (3, 2)})  # of late; the server takes none at all for now


class Stage(Enum):
    """What the server answers."""

    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


def error_for(stage: Stage, code: int, said: str) -> SendError:
    """Return what to do about a refusal; `said` is the server's text, read for its enhanced code alone."""
    enhanced = enhanced_code(said)
    if code < _NEVER:
        return _later(code, enhanced)
    if stage is Stage.LOGIN:
        return OperatorNeeded("the mail server does not take our login", code=code)
    if stage is Stage.SENDER:
        return OperatorNeeded("the mail server does not take our sender", code=code)
    if stage is Stage.RECIPIENT:
        return _no_recipient(code, enhanced, said)
    if enhanced in _TOO_LARGE or code == 552:  # noqa: PLR2004  # RFC 5321, 4.2.3
        return SendNever("the mail server finds it too large", code=code)
    if code == 554 or (enhanced is not None and enhanced[0] == _POLICY):  # noqa: PLR2004  # same
        return Filtered("the mail server refuses the content", code=code)
    return SendNever("the mail server refuses the message", code=code)


def bounced(status: str) -> SendError:
    """Return what to do about a letter that came back later; `status` is the report's, like `5.1.1`."""
    enhanced = enhanced_code(status)
    if enhanced in _FULL:
        return SendLater("the mailbox is full", after=_MAILBOX_FULL[0], most=_MAILBOX_FULL[1])
    if enhanced in _NO_MAILBOX:
        return AddressUnusable("there is no such mailbox (any more)")
    if enhanced is not None and enhanced[0] == _POLICY:
        return Filtered("a mail server on the way refused it")
    return SendNever("it came back")


def enhanced_code(said: str) -> tuple[int, int] | None:
    """Return subject and detail of the enhanced status code a text begins with; None where it has none."""
    found = _ENHANCED.match(said)
    return (int(found[2]), int(found[3])) if found else None


def lost() -> SendError:
    """Return the error of a message whose end was sent and whose answer never came."""
    return OutcomeUnknown("the mail server's answer was lost")


def _later(code: int, enhanced: tuple[int, int] | None) -> SendError:
    if code == _CLOSING or enhanced in _TOO_MANY:
        return SenderSlowed("the mail server wants to hear less of us", code=code)
    if enhanced in _FULL:
        return SendLater("the mailbox is full", code=code, after=_MAILBOX_FULL[0], most=_MAILBOX_FULL[1])
    return SendLater(
        "the mail server asks us to come again", code=code, after=_GREYLISTED[0], most=_GREYLISTED[1]
    )


def _no_recipient(code: int, enhanced: tuple[int, int] | None, said: str) -> SendError:
    if enhanced in _FULL:
        return SendLater("the mailbox is full", code=code, after=_MAILBOX_FULL[0], most=_MAILBOX_FULL[1])
    if (enhanced is not None and enhanced[0] == _POLICY) or code == 554:  # noqa: PLR2004  # RFC 5321
        if _RELAYING.search(said):
            return OperatorNeeded("the mail server does not send for us", code=code)
        return Filtered("the mail server does not let us write there", code=code)
    if enhanced in _NO_MAILBOX or (enhanced is None and code in {550, 551, 553}):
        return AddressUnusable("there is no such mailbox", code=code)
    return SendNever("the mail server does not take the recipient", code=code)
