"""TwiML: the answer to an incoming message's webhook, with the messages to send in reply.

https://www.twilio.com/docs/messaging/twiml/message. Written by hand: an answer is a handful of tags,
and building a tree for it took longer than the whole flow step.
"""

import re
from collections.abc import Iterable, Sequence

from bot.channels.twilio.webhook import status_url
from bot.core.messages import Outgoing

CONTENT_TYPE = "text/xml"

_HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response'
EMPTY = f"{_HEAD} />".encode()
"""The answer that sends nothing."""

# Neither may stand in an XML 1.0 document, even escaped (https://www.w3.org/TR/xml/#charsets); a lone
# return would be read back as a line feed anyway.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_RETURN = re.compile("\r\n?")
_TEXT = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_ATTRIBUTE = {**_TEXT, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#09;"}


def response(replies: Sequence[Outgoing], public_url: str) -> bytes:
    """Return the TwiML that sends these replies, in order; their statuses come back to our callback."""
    if not replies:
        return EMPTY
    messages = "".join(
        _message(reply.body, reply.media, status_url(public_url, reply.id)) for reply in replies
    )
    return f"{_HEAD}>{messages}</Response>".encode()


def _message(body: str, media: Iterable[str], callback: str) -> str:
    content = _escape(body, _TEXT)
    links = "".join(f"<Media>{_escape(url, _TEXT)}</Media>" for url in media)
    if links:
        content = f"<Body>{content}</Body>{links}" if content else links
    return f'<Message statusCallback="{_escape(callback, _ATTRIBUTE)}">{content}</Message>'


def _escape(text: str, replacements: dict[int, str]) -> str:
    if text.isascii() and text.isprintable():  # nothing to drop
        return text.translate(replacements) if _SPECIAL.search(text) else text
    return _FORBIDDEN.sub("", _RETURN.sub("\n", text)).translate(replacements)


_SPECIAL = re.compile('[&<>"]')
