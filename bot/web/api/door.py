"""The door: who asks, may they, is it understood, was it asked before; then the route answers."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import orjson
import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError
from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.core.api_keys import NOBODYS_KEY, ApiKey, id_in
from bot.core.errors import Refused, RetryLater
from bot.storage import api_keys
from bot.web.api.asked import Asked, Door, Told
from bot.web.api.problems import ApiProblem, not_understood, one_field
from bot.web.api.routes import Route
from bot.web.limits import Limit, Limiter, caller
from bot.web.metrics import Metrics

BODY_MAX = 256 * 1024
PREFIX = "/api"
WRONG_KEYS = Limit(burst=30, per_minute=30)
"""How many requests without a good key one address may make: looking a key up costs a query."""
HOW_TO_GET_A_KEY = (
    "make one where Regulars runs, `regulars key create --name NAME --scope SCOPE`,"
    " and send it: `Authorization: Bearer KEY`"
)
_BODY_SECONDS = 30
_KEY = web.RequestKey("key", ApiKey)
_ONCE = re.compile(r"[!-~]{1,200}")
_JSON = "application/json"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_logger = structlog.get_logger(__name__)

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ShopApi:
    """Answers `/api/…`; everything it needs is given by the application."""

    door: Door
    table: Sequence[Route]
    metrics: Metrics
    per_key: Limiter
    wrong_keys: Limiter = field(default_factory=lambda: Limiter(WRONG_KEYS))

    def application(self) -> web.Application:
        """Everything below `/api`, with a size of bodies of its own."""

        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._counted(request, handler)

        app = web.Application(middlewares=[answer])
        for route in self.table:
            # Anything but a slash: what our own ids of things may hold is for their types to say.
            path = route.path.replace("}", ":[^/]+}")
            app.router.add_route(route.method, path, self._handler(route))
        return app

    def _handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            key = request[_KEY]
            if route.scope not in key.scopes:
                raise ApiProblem(
                    403,
                    "missing-scope",
                    f"this key may not do that: it lacks the scope {route.scope}",
                    f"make a key that has it: regulars key create --name NAME --scope {route.scope}",
                )
            asked = await self._asked(request, route, key)
            return _response(await route.does(asked), route)

        return handle

    # Who asks

    async def _key(self, request: web.Request) -> ApiKey:
        """The key a request was made with. Raises ApiProblem 401, or 429 for who keeps on guessing."""
        now, who = self.door.clock(), caller(request)
        if self.wrong_keys.is_spent(who, now):
            raise _too_many(self.wrong_keys.wait_seconds(who, now), "too many requests without a good key")
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        presented = presented.strip()
        if scheme.lower() != "bearer" or not presented:
            self.wrong_keys.allows(who, now)
            raise _unauthorized("no-key", "no key was sent")
        key_id = id_in(presented)
        found = await self.door.database.query(lambda c: api_keys.one(c, key_id)) if key_id else None
        if not (found or NOBODYS_KEY).fits(presented) or found is None:
            self.wrong_keys.allows(who, now)
            raise _unauthorized("wrong-key", "the key is not known, or was revoked")
        return found

    def _count(self, key: ApiKey) -> None:
        now = self.door.clock()
        if not self.per_key.allows(key.id, now):
            raise _too_many(self.per_key.wait_seconds(key.id, now), "this key asks too often")

    # What is asked

    async def _asked(self, request: web.Request, route: Route, key: ApiKey) -> Asked:
        path = {name: _part(route, name, text) for name, text in request.match_info.items()}
        once = _once(request) if route.wants_key else ""
        body = query = None
        if route.query is not None:
            query = _understood(route.query, _only_once(request), "query")
        elif request.query_string:
            raise ApiProblem(400, "wrong-parameter", "nothing is asked behind the ?", "leave it out")
        if route.body is not None:
            body = _understood(route.body, await _json(request), "#")
        return Asked(door=self.door, key=key, path=path, body=body, query=query, once=once)

    # What is answered

    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, also one that fails or asks for what is not there, and count it."""
        began_at = time.perf_counter()
        response = await self._answered(request, handler)
        pattern = _pattern(request)
        self.metrics.api_requests.labels(pattern, str(response.status)).inc()
        self.metrics.api_seconds.labels(pattern).observe(time.perf_counter() - began_at)
        return response

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            request[_KEY] = await self._key(request)
            self._count(request[_KEY])
            return await handler(request)
        except ApiProblem as problem:
            return problem.response()
        except Refused as refused:
            return ApiProblem(refused.status, "refused", refused.what, refused.remedy).response()
        except RetryLater:
            return ApiProblem(
                503,
                "busy",
                "it cannot be done now, and nothing of it was",
                "send it again later with the same Idempotency-Key",
                headers={"Retry-After": "5"},
            ).response()
        except web.HTTPRequestEntityTooLarge:
            return ApiProblem(413, "too-large", "the body is too large", _at_most()).response()
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            return ApiProblem(
                405,
                "no-such-method",
                "this is not done with this method",
                f"use {allowed}",
                headers={"Allow": allowed},
            ).response()
        except web.HTTPException as error:
            return ApiProblem(
                error.status, "no-such-route", "there is nothing here", "see /openapi.json"
            ).response()
        except Exception:
            _logger.exception("api_failed", route=_pattern(request))
            return ApiProblem(
                500, "failed", "this is our fault", "send it again with the same Idempotency-Key, and tell us"
            ).response()


def _response(told: Told, route: Route) -> web.Response:
    headers = {**_HEADERS, **told.headers}
    if told.is_replay:
        headers["Idempotent-Replayed"] = "true"
    # Sorted, so that what is read back from the database is answered byte for byte as it was at first.
    body = orjson.dumps(told.body, option=orjson.OPT_SORT_KEYS)
    return web.Response(status=route.status, body=body, content_type=_JSON, headers=headers)


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
    if request.content_type != _JSON:
        raise ApiProblem(415, "no-json", "the body is not said to be JSON", f"send Content-Type: {_JSON}")
    if (request.content_length or 0) > BODY_MAX:
        raise ApiProblem(413, "too-large", "the body is too large", _at_most())
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            # Requests are bounded by the application around ours, whose bodies are smaller.
            return await request.clone(client_max_size=BODY_MAX).read()
    except TimeoutError as error:
        raise ApiProblem(408, "too-slow", "the body did not come in time", "send it again") from error
    except RequestPayloadError as error:
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


def _part(route: Route, name: str, text: str) -> str:
    try:
        adapter(route.fields[name]).validate_python(text)
    except ValidationError as error:
        raise one_field(
            400, "wrong-parameter", f"path/{name}", "is not written as it must be", "see /openapi.json"
        ) from error
    return text


@cache
def adapter(of: Any) -> TypeAdapter[Any]:  # noqa: ANN401  # an annotated type is no class
    """What reads a part of a path."""
    return TypeAdapter(of)


def _pattern(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def _unauthorized(kind: str, what: str) -> ApiProblem:
    return ApiProblem(401, kind, what, HOW_TO_GET_A_KEY, headers={"WWW-Authenticate": "Bearer"})


def _too_many(seconds: int, what: str) -> ApiProblem:
    wait = max(1, seconds)
    return ApiProblem(429, "too-many", what, f"wait {wait} seconds", headers={"Retry-After": str(wait)})


def _at_most() -> str:
    return f"send at most {BODY_MAX} bytes"
