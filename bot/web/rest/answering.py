"""Answers the routes of an API: who asks, is it understood, then the route does it; counted, never silent."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar

import orjson
import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from bot.core.errors import Refused, RetryLater
from bot.web.metrics import Metrics
from bot.web.rest.asked import Door, Told
from bot.web.rest.problems import ApiProblem, no_such_method, no_such_route
from bot.web.rest.reading import JSON, too_large, understood
from bot.web.rest.routes import AnyRoute, Route

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": JSON}
_logger = structlog.get_logger(__name__)

W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate(Protocol[W_co]):
    """Says who asks."""

    async def admit(self, request: web.Request, route: AnyRoute | None) -> W_co:
        """Who asks for a route, or for what there is not. Raises ApiProblem for who may not."""


@dataclass(frozen=True, slots=True)
class Answering:
    """A route, and what answers it."""

    route: AnyRoute
    handle: Handler


def answering(door: Door, gate: Gate[W], table: Sequence[Route[W]]) -> list[Answering]:
    """Answer the routes of a table for whom a gate lets in."""
    return [_answering(door, gate, route) for route in table]


def _answering(door: Door, gate: Gate[W], route: Route[W]) -> Answering:
    async def handle(request: web.Request) -> web.StreamResponse:
        who = await gate.admit(request, route)
        return _response(await route.does(await understood(request, route, door, who)), route)

    return Answering(route, handle)


@dataclass(frozen=True, slots=True)
class Api:
    """Everything below a prefix; of what there is not, only whom the gate of `nowhere` lets in hears."""

    prefix: str
    table: Sequence[Answering]
    nowhere: Gate[object]
    metrics: Metrics
    date: Callable[[], str] | None = None
    """What answers say that time it is here; None: what the server's own clock says."""

    def routes(self) -> list[web.RouteDef]:
        """Return what a server answers: each route, and whatever else is asked for below the prefix.

        No application of its own, which aiohttp would go through twice more for every request.
        """
        requests, seconds = cache(self.metrics.api_requests.labels), cache(self.metrics.api_seconds.labels)
        date = self.date

        def counted(pattern: str, handler: Handler) -> Handler:
            async def answer(request: web.Request) -> web.StreamResponse:
                began_at = time.perf_counter()
                response = await self._answered(request, pattern, handler)
                if date is not None:
                    response.headers["Date"] = date()
                requests(pattern, str(response.status)).inc()
                seconds(pattern).observe(time.perf_counter() - began_at)
                return response

            return answer

        routes, known = [], web.UrlDispatcher()
        for one in self.table:
            path, method = f"{self.prefix}{one.route.path}", one.route.method
            # Anything but a slash: what our own ids of things may hold is for their types to say.
            place = path.replace("}", ":[^/]+}")
            known.add_route(method, place, one.handle)
            routes.append(web.route(method, place, counted(path, one.handle)))

        async def nowhere(request: web.Request) -> web.StreamResponse:
            await self.nowhere.admit(request, None)
            problem = (await known.resolve(request)).http_exception
            assert problem is not None, "what there is has a route"
            raise problem

        refuse = counted("unknown", nowhere)
        return [
            *routes,
            *(web.route("*", f"{self.prefix}{rest}", refuse) for rest in ("", r"/{rest:[\s\S]*}")),
        ]

    async def _answered(self, request: web.Request, pattern: str, handler: Handler) -> web.StreamResponse:
        """Answer a request, also one that fails or asks for what is not there."""
        try:
            return await handler(request)
        except ApiProblem as problem:
            response = problem.response()
            if isinstance(problem.__cause__, RequestPayloadError):
                response.force_close()  # where the body ends is not known either
            return response
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
            return too_large().response()
        except web.HTTPMethodNotAllowed as error:
            return no_such_method(error.allowed_methods).response()
        except web.HTTPException as error:
            return no_such_route(error.status).response()
        except Exception:  # the outermost loop of a request: who asked is told, and so are we
            _logger.exception("api_failed", route=pattern)
            return ApiProblem(
                500, "failed", "this is our fault", "send it again with the same Idempotency-Key, and tell us"
            ).response()


def too_many(seconds: int, what: str) -> ApiProblem:
    """Refuse who asks too often."""
    wait = max(1, seconds)
    return ApiProblem(429, "too-many", what, f"wait {wait} seconds", headers={"Retry-After": str(wait)})


def _response(told: Told, route: AnyRoute) -> web.Response:
    headers: Mapping[str, str] = _HEADERS
    if told.headers or told.is_replay:
        replayed = {"Idempotent-Replayed": "true"} if told.is_replay else {}
        headers = {**_HEADERS, **told.headers, **replayed}
    # Sorted, so that what is read back from the database is answered byte for byte as it was at first.
    body = orjson.dumps(told.body, option=orjson.OPT_SORT_KEYS)
    return web.Response(status=route.status, body=body, headers=headers)
