"""TwiML: the answer to an incoming message's webhook, with the messages to send in reply.

https://www.twilio.com/docs/messaging/twiml/message. Written by hand: an answer is a handful of tags,
and building a tree for it took longer than the whole flow step.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from bot.channels.twilio.webhook import status_url

CONTENT_TYPE = "text/xml"

_HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response'
EMPTY = f"{_HEAD} />".encode()
"""The answer that sends nothing."""

# What may not stand in an XML 1.0 document, even escaped (https://www.w3.org/TR/xml/#charsets), and
# returns, which a parser would read back as line feeds anyway.
_UNWANTED = re.compile("\r\n?|[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


_QUOTE = '"'


class Answer(Protocol):
    """What an answer needs to know of a message."""

    @property
    def contact_id(self) -> str:
        """Whose it is."""

    @property
    def id(self) -> str:
        """Our id of it."""

    @property
    def body(self) -> str:
        """Its text."""

    @property
    def media(self) -> tuple[str, ...]:
        """Addresses of its pictures."""


def response(replies: Sequence[Answer], public_url: str) -> bytes:
    """Return the TwiML that sends these replies, in order; their statuses come back to our callback."""
    if not replies:
        return EMPTY
    messages = "".join(
        _message(reply.body, reply.media, status_url(public_url, reply.contact_id, reply.id))
        for reply in replies
    )
    return f"{_HEAD}>{messages}</Response>".encode()


def _message(body: str, media: Iterable[str], callback: str) -> str:
    content = _escape(body)
    links = "".join(f"<Media>{_escape(url)}</Media>" for url in media)
    if links:
        content = f"<Body>{content}</Body>{links}" if content else links
    return f'<Message statusCallback="{_escape(callback).replace(_QUOTE, "&quot;")}">{content}</Message>'


def _escape(text: str) -> str:
    text = _UNWANTED.sub(_line_feed_or_nothing, text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line_feed_or_nothing(unwanted: re.Match[str]) -> str:
    return "\n" if unwanted[0].startswith("\r") else ""
