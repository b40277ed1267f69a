"""Answers of the tracking API, as its clients read them: success, or a code and a message; with CORS."""

from collections.abc import Mapping
from types import MappingProxyType

import orjson
from aiohttp import web

from bot.web.rest.problems import ApiProblem

RETRY_AFTER_MAX = 300
"""Seconds: the longest that Segment's clients wait, whatever they are told."""
_SUCCESS = b'{"success":true}'
_PREFLIGHT_SECONDS = 86_400
# `Authorization` is covered by no star: https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
_HEADERS_SENT = "Authorization, Content-Type, Content-Encoding, X-Retry-Count"
_HEADERS_READ = "Retry-After, X-RateLimit-Reset"


class TrackProblem(Exception):
    """A request that is refused: the status, and what its client writes to its log.

    `retry_after` is in seconds. `hangs_up`: where the body ends is not known, so nothing can follow it.
    """

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int = 0, hangs_up: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.hangs_up = hangs_up


def later(seconds: int, code: str, message: str) -> TrackProblem:
    """Have a client send the same again in so many seconds: none of it was taken."""
    return TrackProblem(429, code, message, retry_after=min(max(1, seconds), RETRY_AFTER_MAX))


def success(request: web.Request) -> web.Response:
    """Say that everything that could be taken is in the books."""
    return with_cors(request, 200, _SUCCESS, {})


def problem(request: web.Request, refused: TrackProblem) -> web.Response:
    """Say what is refused; `code` and `message` are what Segment's clients read."""
    body = orjson.dumps({"success": False, "code": refused.code, "message": str(refused)})
    wait = str(refused.retry_after)
    headers = {"Retry-After": wait, "X-RateLimit-Reset": wait} if refused.retry_after else {}
    response = with_cors(request, refused.status, body, headers)
    if refused.hangs_up:
        response.force_close()
    return response


def lost(request: web.Request, there_is_not: ApiProblem) -> web.Response:
    """Say that nothing is done there; no client asks for it, whoever writes one does."""
    response = there_is_not.response()
    response.headers.update(_cors(request))
    return response


def document(request: web.Request, value: object, *, kept_seconds: int) -> web.Response:
    """Answer with a document that may be kept for a while."""
    return with_cors(request, 200, orjson.dumps(value), {"Cache-Control": f"public, max-age={kept_seconds}"})


async def preflight(request: web.Request) -> web.Response:
    """Let pages of every site ask: which of them a source's key is for is looked at when it is shown."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    headers = {
        **_cors(request),
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": asked or _HEADERS_SENT,
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
    return web.Response(status=204, headers=headers)


def with_cors(
    request: web.Request, status: int, body: bytes, headers: Mapping[str, str] = MappingProxyType({})
) -> web.Response:
    """Answer with JSON that the page which asks may read."""
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(
        status=status,
        body=body,
        content_type="application/json",
        headers={**kept, **_cors(request), **headers},
    )


def _cors(request: web.Request) -> Mapping[str, str]:
    """Let the page that asks read the answer, errors too: else its client takes them for a broken line.

    A star would not do for clients that are told to send cookies along; we look at none.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": _HEADERS_READ,
    }
