"""Leanplum's one address, `/api`: what its SDKs send is tracked, and they hear variables and variants.

The SDKs are pointed here by `setApiPath`; `clientKey` is a source's key. Inside an answer each action has its
own: `success` says that it was heard, a `warning` that something of it is not done, as Leanplum's does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
import structlog
from aiohttp import web

from bot.conversation.shown_variables import shown_to
from bot.core.contact import JsonValue
from bot.core.errors import RetryLater
from bot.core.experiments.experiment import Experiment
from bot.core.ids import Entropy
from bot.core.sources import Source, SourceScope
from bot.core.tracking.commerce import OF_ORDERS, named_now
from bot.core.tracking.leanplum import Meaning, NotUnderstood, TooMany, Wants, meanings, read_request
from bot.core.tracking.message import Tracked
from bot.core.tracking.reading import Posted, read_call
from bot.core.variables import Shown, Variables
from bot.storage import contacts
from bot.storage.driver import Connection
from bot.web.limits import caller
from bot.web.track.answers import TrackProblem, later, preflight, with_cors
from bot.web.track.door import SourceDoor, Tracker
from bot.web.track.routes import BEHIND_SECONDS, text_of

PATH: Final = "/api"
BODY_MAX: Final = 1024 * 1024
ORDERS_FROM_SERVERS: Final = "orders are believed from servers only; tell them to /api/orders or /v1"
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LeanplumApi:
    """Answers `/api`; everything it needs is given by the application."""

    door: SourceDoor
    tracker: Tracker
    variables: Callable[[], Variables]
    tried: Callable[[], Mapping[str, Experiment]]
    clock: Callable[[], datetime]
    entropy: Entropy

    def routes(self) -> list[web.RouteDef]:
        """Where it is."""
        return [web.get(PATH, self.answer), web.post(PATH, self.answer), web.options(PATH, preflight)]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, whatever it asks for."""
        try:
            return _response(request, 200, await self._answers(request))
        except TrackProblem as refused:
            return _refusal(request, refused)
        except (NotUnderstood, TooMany) as refused:
            status, code = (403, "too_many") if isinstance(refused, TooMany) else (400, "not_understood")
            return _refusal(request, TrackProblem(status, code, str(refused)))
        except RetryLater:
            return _refusal(request, later(BEHIND_SECONDS, "behind", "we are behind; send it again"))
        except Exception:  # the outermost loop of a request: the client sends it again, and we look
            _logger.exception("leanplum_failed")
            return _refusal(request, TrackProblem(500, "failed", "this is our fault; send it again"))

    async def _answers(self, request: web.Request) -> list[JsonValue]:
        """Take what is told, then answer each action. Raises TrackProblem, NotUnderstood, RetryLater."""
        asked = read_request(dict(request.query), await text_of(request, BODY_MAX))
        source = await self.door.admit(request, asked.key, SourceScope.TRACK)
        if source is None:
            self.door.count_nobodys()
            raise TrackProblem(403, "wrong_key", "Invalid access key")
        meant = meanings(asked)
        warnings = await self._take(request, source, meant)
        seen: dict[tuple[str, str], Shown] = {}
        for action, meaning in zip(asked.actions, meant, strict=True):
            who = action.user_id, action.device_id
            if meaning.wants in _SHOWS and who not in seen:
                seen[who] = await self._shown(*who)
        return [
            _answer_to(meaning, warning, seen.get((action.user_id, action.device_id)))
            for action, meaning, warning in zip(asked.actions, meant, warnings, strict=True)
        ]

    async def _take(self, request: web.Request, source: Source, meant: Sequence[Meaning]) -> list[str]:
        """Have what is told in the books; returns what of each action was not taken, empty where all was."""
        posted = Posted(self.clock(), source.id, lambda: self.entropy(16).hex(), ip=caller(request))
        warnings, messages, refused = [], list[Tracked](), dict[str, int]()
        for meaning in meant:
            warning = meaning.warning
            for saying in meaning.sayings:
                understood = read_call(saying.kind, saying.body, posted)
                for message in understood.messages:
                    if _is_no_order_of(message, source):
                        warning = ORDERS_FROM_SERVERS
                    messages.append(message)
                for reason in understood.refused:
                    warning = f"{reason}; request skipped"
                    refused[reason] = refused.get(reason, 0) + 1
            warnings.append(warning)
        await self.door.hand_in(self.tracker, source, messages, refused)
        return warnings

    async def _shown(self, user_id: str, device_id: str) -> Shown:
        """What an app shows to who says that they use it: always the same sides of experiments.

        Its key is public: what tells who is in an audience is shown where that may be known by anyone.
        """

        async def look(connection: Connection) -> str | None:
            for kind, name in (("external", user_id), ("anonymous", device_id)):
                found = await contacts.find(connection, kind, name) if name else None
                contact = await contacts.known(connection, found) if found else None
                if contact is not None:
                    return contact.id
            return None

        known, tried = await self.door.database.query(look), self.tried()
        variables = self.variables().told_to_anyone(tried)
        if known is None:
            return variables.shown_to(user_id or device_id, frozenset())
        return await shown_to(self.door.database, known, variables, tried, self.clock())


_SHOWS = frozenset({Wants.START, Wants.VARIABLES})


def _answer_to(meaning: Meaning, warning: str, shown: Shown | None) -> JsonValue:
    """What an action is answered with; `shown` to who asked for variables."""
    answer: dict[str, JsonValue] = {"success": not meaning.error}
    if meaning.error:
        answer["error"] = {"message": meaning.error}
    if warning:
        answer["warning"] = {"message": warning}
    if meaning.wants is Wants.INBOX:
        answer["newsfeedMessages"] = {}
    if meaning.wants in _SHOWS and shown is not None:
        variants: list[JsonValue] = [{"id": variant} for variant in shown.variants]
        answer |= {"vars": dict(shown.values), "variants": variants, "messages": {}, "regions": {}}
    if meaning.wants is Wants.START:
        answer |= {"token": "", "syncNewsfeed": False, "isRegistered": True}
    return answer


def _is_no_order_of(message: Tracked, source: Source) -> bool:
    """Whether it tells of an order and is not believed."""
    is_order = message.event is not None and named_now(message.event) in OF_ORDERS
    return is_order and not source.may(SourceScope.ORDERS)


def _refusal(request: web.Request, refused: TrackProblem) -> web.Response:
    error: JsonValue = {"success": False, "error": {"message": str(refused)}}
    response = _response(request, refused.status, [error])
    if refused.retry_after:
        response.headers["Retry-After"] = str(refused.retry_after)
    if refused.hangs_up:
        response.force_close()
    return response


def _response(request: web.Request, status: int, answers: Sequence[JsonValue]) -> web.Response:
    return with_cors(request, status, orjson.dumps({"response": list(answers)}))
