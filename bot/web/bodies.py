"""The body of a provider's request: whole and bounded, or refused in words."""

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from bot.core.errors import Refused


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


async def leave_the_rest(request: web.Request, response: web.StreamResponse) -> None:
    """Hang up on a packed body that was answered before its end: a little of it may be very much.

    To use the connection again, aiohttp would unpack the rest and throw it away.
    """
    if not request.content.is_eof() and "Content-Encoding" in request.headers:
        request.content.feed_eof()
        response.force_close()
        response.headers["Connection"] = "close"  # the headers are made by now


def refusal(refused: Refused) -> web.Response:
    """Say what is refused; hang up where the body could not be read: where it ends is not known either."""
    response = web.Response(status=refused.status, text=f"{refused.what}: {refused.remedy}\n")
    if isinstance(refused.__cause__, RequestPayloadError):
        response.force_close()
    return response
