"""The body of a request: whole and bounded, or refused in words; the forms of pages anybody may send."""

import re
import zlib
from collections.abc import Mapping

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from bot.core.errors import Refused

# What aiohttp raises for a form that is not what its headers say: an unknown charset or encoding of a part,
# no boundary, broken headers, parts within parts.
_ODD = (ValueError, LookupError, AssertionError, RuntimeError, EOFError, zlib.error, HttpProcessingError)
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no text has that somebody typed; PostgreSQL stores no NUL, and UTF-8 knows no half of a pair."""


async def body_of(request: web.Request, bytes_max: int) -> bytes:
    """Read a body.

    Raises:
        Refused: it is too large, or not encoded as its headers say.
    """
    too_large = Refused("the body is too large", f"send at most {bytes_max} bytes", 413)
    if (request.content_length or 0) > bytes_max:
        raise too_large
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large from error
    except RequestPayloadError as error:
        request.content.feed_eof()  # or aiohttp reads on after our answer, fails and logs a bug of ours
        raise Refused("the body cannot be read", "send it as its Content-Encoding says, or plain") from error


async def posted(request: web.Request) -> Mapping[str, str | bytes]:
    """Read a form: texts and files by name; of several with one name the first.

    Raises:
        Refused: it is too large, or not what its headers say.
    """
    try:
        fields = await request.post()
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused("the form is too large", "send less, in fewer fields", 413) from error
    except RequestPayloadError as error:
        request.content.feed_eof()  # as above
        raise Refused("the form cannot be read", "send it as its Content-Encoding says, or plain") from error
    except _ODD as error:
        raise Refused("the form cannot be read", "send it as its Content-Type says") from error
    read: dict[str, str | bytes] = {}
    for name, value in fields.items():
        if isinstance(value, web.FileField):
            with value.file:
                read.setdefault(name, value.file.read())
        else:
            read.setdefault(name, value if isinstance(value, str) else bytes(value))
    return read


async def form_of(request: web.Request) -> dict[str, str]:
    """Read the texts of a page's form, as they can be kept; what cannot be read has none.

    Whoever sends a page's form otherwise than the page does is answered as if nothing was filled in: pages
    say what is missing, and leaving by one click depends on no body.
    """
    try:
        fields = await posted(request)
    except Refused:
        return {}
    return {
        _UNWANTED.sub("", name): _UNWANTED.sub("", value)
        for name, value in fields.items()
        if isinstance(value, str)
    }


async def leave_the_rest(request: web.Request, response: web.StreamResponse) -> None:
    """Hang up on a packed body that was answered before its end: a little of it may be very much.

    To use the connection again, aiohttp would unpack the rest and throw it away. Where a body that cannot be
    unpacked ends is not known either.
    """
    is_unread = not request.content.is_eof() or request.content.exception() is not None
    if is_unread and "Content-Encoding" in request.headers:
        request.content.feed_eof()
        response.force_close()
        response.headers["Connection"] = "close"  # the headers are made by now


def refusal(refused: Refused) -> web.Response:
    """Say what is refused; hang up where the body could not be read: where it ends is not known either."""
    response = web.Response(status=refused.status, text=f"{refused.what}: {refused.remedy}\n")
    if isinstance(refused.__cause__, RequestPayloadError):
        response.force_close()
    return response
