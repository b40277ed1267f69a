"""`/v1`: what Segment's clients send, read, handed to the tracker, and answered after its commit."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from bot.core.errors import Refused, RetryLater
from bot.core.ids import Entropy
from bot.core.sources import Source, SourceScope
from bot.core.tracking.decoding import decoded
from bot.core.tracking.message import Json, Kind
from bot.core.tracking.reading import (
    BATCH_BYTES_MAX,
    CALL_BYTES_MAX,
    TOO_LARGE,
    Posted,
    Understood,
    read_batch,
    read_call,
)
from bot.web.bodies import body_of
from bot.web.limits import caller
from bot.web.rest.problems import no_such_method, no_such_route
from bot.web.track.answers import TrackProblem, document, later, lost, preflight, problem, success
from bot.web.track.door import SourceDoor, Tracker, key_in
from bot.web.track.settings_document import settings_document

PREFIX: Final = "/v1"
SETTINGS_KEPT_SECONDS: Final = 300
HOW_TO_GET_A_KEY: Final = "make one where Regulars runs: regulars source add NAME --kind browser"
BEHIND_SECONDS: Final = 5
"""When to come again where it is not known when we will have caught up."""
_BODY_SECONDS: Final = 30
_SHORT: Final = {kind.value[0]: kind for kind in Kind}
"""How the browser's client calls them: t, i, p, s, g, a."""
_logger = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Read = Callable[[Json, Posted, int], Understood]


@dataclass(frozen=True, slots=True)
class TrackingApi:
    """Answers `/v1`; everything it needs is given by the application."""

    door: SourceDoor
    tracker: Tracker
    clock: Callable[[], datetime]
    entropy: Entropy
    public_url: str

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        calls = {kind.value: kind for kind in Kind} | _SHORT
        batch = self._answering(read_batch, BATCH_BYTES_MAX)
        history = self._answering(read_batch, BATCH_BYTES_MAX, SourceScope.IMPORT)
        routes = [
            *(web.post(f"{PREFIX}/{path}", self._call(kind)) for path, kind in calls.items()),
            web.post(f"{PREFIX}/batch", batch),
            web.post(f"{PREFIX}/b", batch),
            web.post(f"{PREFIX}/import", history),
            web.post(f"{PREFIX}/m", self._metrics),
            web.get(f"{PREFIX}/projects/{{key}}/settings", self._settings),
        ]
        rest = f"{PREFIX}/{{path:.*}}"
        return [*routes, web.options(rest, preflight), web.route("*", rest, _nowhere(routes))]

    def _call(self, kind: Kind) -> Handler:
        return self._answering(lambda body, posted, _: read_call(kind, body, posted), CALL_BYTES_MAX)

    def _answering(self, read: Read, bytes_max: int, scope: SourceScope = SourceScope.TRACK) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                await self._take(request, read, bytes_max, scope)
                return success(request)
            except TrackProblem as refused:
                return problem(request, refused)
            except RetryLater as behind:
                seconds = math.ceil(behind.after.total_seconds()) if behind.after else BEHIND_SECONDS
                return problem(request, later(seconds, "behind", "we are behind; send it again"))
            except Exception:  # the outermost loop of a request: the client sends it again, and we look
                _logger.exception("tracking_failed")
                return problem(request, TrackProblem(500, "failed", "this is our fault; send it again"))

        return handle

    async def _take(self, request: web.Request, read: Read, bytes_max: int, scope: SourceScope) -> None:
        """Have everything that can be understood in the books. Raises TrackProblem, RetryLater."""
        text = await text_of(request, bytes_max)
        body = _object(text)
        source = await self.door.admit(request, key_in(request, body.get("writeKey")), scope)
        if source is None:
            # As Segment does: who sends with a wrong key learns nothing by trying, and we count it.
            self.door.count_nobodys()
            return
        understood = read(body, self._posted(request, source, scope), len(text))
        taken = await self.door.hand_in(self.tracker, source, understood.messages, understood.refused)
        if large := taken.refused.get(TOO_LARGE):
            # The others of the batch are taken; its client must hear of it all the same.
            kilobytes = CALL_BYTES_MAX // 1024
            raise TrackProblem(
                400,
                TOO_LARGE,
                f"{large} of the messages are larger than {kilobytes} KB; the others were taken",
            )

    def _posted(self, request: web.Request, source: Source, scope: SourceScope) -> Posted:
        return Posted(
            received_at=self.clock(),
            source_id=source.id,
            mint=lambda: self.entropy(16).hex(),
            ip=caller(request),
            is_history=scope is SourceScope.IMPORT,
        )

    async def _settings(self, request: web.Request) -> web.StreamResponse:
        """Tell the browser's client where to send."""
        key = request.match_info["key"]
        try:
            source = await self.door.admit(request, key, SourceScope.TRACK)
        except TrackProblem as refused:
            return problem(request, refused)
        if source is None:
            what = f"nobody has this write key; {HOW_TO_GET_A_KEY}"
            return problem(request, TrackProblem(404, "wrong_write_key", what))
        kept = settings_document(key, self.public_url)
        return document(request, kept, kept_seconds=SETTINGS_KEPT_SECONDS)

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        """Hear how the browser's client fares, and keep nothing of it."""
        return success(request)


def _nowhere(routes: Sequence[web.RouteDef]) -> Handler:
    """Say of what is not one of these whether there is something, asked for with another method."""
    known = web.UrlDispatcher()
    known.add_routes(routes)

    async def handle(request: web.Request) -> web.StreamResponse:
        why = (await known.resolve(request)).http_exception
        if isinstance(why, web.HTTPMethodNotAllowed):
            return lost(request, no_such_method(why.allowed_methods))
        return lost(request, no_such_route())

    return handle


async def text_of(request: web.Request, bytes_max: int) -> bytes:
    """The body, unpacked and bounded; of any type, since browsers say text/plain to skip a preflight.

    Raises:
        TrackProblem: it is too large, comes too slowly or cannot be unpacked.
    """
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            # Requests are bounded by the application around this, whose bodies are smaller.
            return await body_of(request.clone(client_max_size=bytes_max), bytes_max)
    except TimeoutError as error:
        what = "the body did not come in time; send it again"
        raise TrackProblem(408, "too_slow", what, hangs_up=True) from error
    except Refused as refused:
        is_large = refused.status == 413  # noqa: PLR2004  # content too large
        code, what = TOO_LARGE if is_large else "unreadable", f"{refused.what}: {refused.remedy}"
        raise TrackProblem(400, code, what, hangs_up=not is_large) from refused


def _object(text: bytes) -> Json:
    try:
        body = decoded(text)
    except ValueError as error:
        raise TrackProblem(400, "invalid_json", "the body is no JSON") from error
    if not isinstance(body, dict):
        raise TrackProblem(400, "invalid_json", "the body is no JSON object")
    return body
