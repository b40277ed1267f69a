"""Reads a request as its route says: parts of the path, query, Idempotency-Key and body, or a problem."""

import asyncio
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError
from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.web.rest.asked import Asked, Door
from bot.web.rest.problems import ApiProblem, not_understood, one_field, wrong_part
from bot.web.rest.routes import AnyRoute

BODY_MAX = 256 * 1024
JSON = "application/json"
_BODY_SECONDS = 30
_ONCE = re.compile(r"[!-~]{1,200}")

M = TypeVar("M", bound=BaseModel)
W = TypeVar("W")


async def understood(request: web.Request, route: AnyRoute, door: Door, who: W) -> Asked[W]:
    """What is asked. Raises ApiProblem."""
    path = {name: _part(route, name, text) for name, text in request.match_info.items()}
    once = _once(request) if route.wants_key else ""
    body = query = None
    if route.query is not None:
        query = _understood(route.query, _only_once(request), "query")
    elif request.query_string:
        raise ApiProblem(400, "wrong-parameter", "nothing is asked behind the ?", "leave it out")
    if route.body is not None:
        body = _understood(route.body, await _json(request), "#")
    return Asked(door=door, who=who, path=path, body=body, query=query, once=once)


def too_large() -> ApiProblem:
    """Refuse a body for its size."""
    return ApiProblem(413, "too-large", "the body is too large", f"send at most {BODY_MAX} bytes")


@cache
def adapter(of: Any) -> TypeAdapter[Any]:  # noqa: ANN401  # an annotated type is no class
    """What reads a part of a path."""
    return TypeAdapter(of)


def _once(request: web.Request) -> str:
    """The Idempotency-Key of a request: bare, or in quotes as the IETF draft writes it."""
    remedy = "send a text of your own, up to 200 characters without spaces, new for every new request"
    given = request.headers.getall("Idempotency-Key", [])
    if not given:
        raise one_field(400, "no-idempotency-key", "header/Idempotency-Key", "is missing", remedy)
    text = given[0].strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if len(given) > 1 or not _ONCE.fullmatch(text):
        raise one_field(400, "no-idempotency-key", "header/Idempotency-Key", "cannot be used", remedy)
    return text


async def _json(request: web.Request) -> bytes:
    if request.content_type != JSON:
        raise ApiProblem(415, "no-json", "the body is not said to be JSON", f"send Content-Type: {JSON}")
    if (request.content_length or 0) > BODY_MAX:
        raise too_large()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            # Requests are bounded by the application around ours, whose bodies are smaller.
            return await request.clone(client_max_size=BODY_MAX).read()
    except TimeoutError as error:
        raise ApiProblem(408, "too-slow", "the body did not come in time", "send it again") from error
    except RequestPayloadError as error:
        request.content.feed_eof()  # or aiohttp reads on after our answer, fails and logs a bug of ours
        raise ApiProblem(400, "no-json", "the body cannot be read", "send plain JSON") from error


def _understood(model: type[M], given: bytes | Mapping[str, str], root: str) -> M:
    try:
        if isinstance(given, bytes):
            return model.model_validate_json(given)
        return model.model_validate(given)
    except ValidationError as error:
        raise not_understood(error, model, root) from error


def _only_once(request: web.Request) -> dict[str, str]:
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise one_field(400, "wrong-parameter", f"query/{name[:60]}", "is there twice", "write it once")
    return dict(request.query)


def _part(route: AnyRoute, name: str, text: str) -> str:
    try:
        adapter(route.fields[name]).validate_python(text)
    except ValidationError as error:
        meaning = adapter(route.fields[name]).json_schema().get("description", "")
        raise wrong_part(error, name, meaning) from error
    return text
