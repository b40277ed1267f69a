"""Braze's REST API where shops use it from their servers: users are tracked, flows started, consent told.

`Authorization: Bearer` carries a source's key. What is taken is answered with 201 and `message: success`;
what of it is not stands in `errors` with its reason. Canvases and campaigns are flows, by the names by which
they may be started.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
import structlog
from aiohttp import web

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import operation_work
from bot.conversation.publication import Publication
from bot.conversation.shop.consent_told import TELL
from bot.conversation.shop.messages import SAY
from bot.conversation.tracking.naming import name_now
from bot.conversation.work import Result, Work
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.errors import RetryLater
from bot.core.flow.compiled import ApiStarter, Flow
from bot.core.groups import state_in
from bot.core.ids import Entropy, new_id
from bot.core.phone import NotAContact, to_e164
from bot.core.sources import Source, SourceScope
from bot.core.tracking.braze import (
    ALIASES,
    Complaint,
    Item,
    NotUnderstood,
    Track,
    Who,
    read_identify,
    read_track,
)
from bot.core.tracking.braze_sends import (
    Recipient,
    Send,
    StatusAsked,
    people_in,
    read_canvas,
    read_send,
    read_status,
    read_statuses,
)
from bot.core.tracking.decoding import decoded
from bot.core.tracking.message import Json, Tracked
from bot.core.tracking.reading import Posted, read_call
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import contacts
from bot.storage.driver import Connection
from bot.web.limits import caller
from bot.web.rest.bearer import bearer_in
from bot.web.track.answers import TrackProblem, later
from bot.web.track.door import SourceDoor, Tracker
from bot.web.track.routes import BEHIND_SECONDS, text_of

BODY_MAX: Final = 4 * 1024 * 1024
ELSEWHERE: Final = (
    "users",
    "messages",
    "campaigns",
    "canvas",
    "subscription",
    "email",
    "sends",
    "segments",
    "catalogs",
    "content_blocks",
    "templates",
    "transactional",
    "v2",
)
"""What Braze's addresses begin with; of those that we have not, this is said instead of nothing."""
_logger = structlog.get_logger(__name__)

Does = Callable[[web.Request, Source], Awaitable[dict[str, JsonValue]]]


@dataclass(frozen=True, slots=True)
class BrazeApi:
    """Answers Braze's addresses; everything it needs is given by the application."""

    door: SourceDoor
    tracker: Tracker
    dispatcher: Dispatcher
    publication: Callable[[], Publication]
    clock: Callable[[], datetime]
    entropy: Entropy

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        sends = SourceScope.SENDS
        return [
            web.post("/users/track", self._answering(self._track, SourceScope.TRACK)),
            web.post("/users/identify", self._answering(self._identify, SourceScope.TRACK)),
            web.post("/messages/send", self._answering(self._send, sends)),
            web.post("/canvas/trigger/send", self._answering(self._canvas, sends)),
            web.post("/campaigns/trigger/send", self._answering(self._canvas, sends)),
            web.post("/subscription/status/set", self._answering(self._set_status, sends)),
            web.post("/v2/subscription/status/set", self._answering(self._set_statuses, sends)),
            web.get("/subscription/status/get", self._answering(self._get_status, sends, status=200)),
            *(web.route("*", f"/{prefix}/{{path:.*}}", _elsewhere) for prefix in ELSEWHERE),
        ]

    def _answering(
        self, does: Does, scope: SourceScope, *, status: int = 201
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                source = await self._admitted(request, scope)
                return _response(status, {"message": "success", **await does(request, source)})
            except TrackProblem as refused:
                return _refusal(refused)
            except NotUnderstood as refused:
                return _refusal(TrackProblem(400, "not_understood", str(refused)))
            except RetryLater:
                return _refusal(later(BEHIND_SECONDS, "behind", "we are behind; send it again"))
            except Exception:  # the outermost loop of a request: the client hears of it, and so do we
                _logger.exception("braze_failed")
                return _refusal(TrackProblem(500, "failed", "this is our fault; send it again"))

        return handle

    async def _admitted(self, request: web.Request, scope: SourceScope) -> Source:
        source = await self.door.admit(request, bearer_in(request), scope)
        if source is None:
            self.door.count_nobodys()
            raise TrackProblem(401, "wrong_key", "Invalid API key: make one with `regulars source add`")
        return source

    # What is told

    async def _track(self, request: web.Request, source: Source) -> dict[str, JsonValue]:
        track = read_track(await _body(request))
        complaints, errors = await self._taken(request, source, track)
        done = {f"{array}_processed": taken for array, taken in track.processed(complaints).items()}
        return {**done, **errors}

    async def _identify(self, request: web.Request, source: Source) -> dict[str, JsonValue]:
        track = read_identify(await _body(request))
        complaints, errors = await self._taken(request, source, track)
        return {"aliases_processed": track.processed(complaints)[ALIASES], **errors}

    async def _taken(
        self, request: web.Request, source: Source, track: Track
    ) -> tuple[list[Complaint], dict[str, JsonValue]]:
        """Have what can be taken in the books; returns what cannot."""
        unknown = await self._unknown([item.who for item in track.items if item.only_known])
        posted = Posted(self.clock(), source.id, lambda: self.entropy(16).hex(), ip=caller(request))
        complaints, messages, handed = list(track.complaints), list[Tracked](), list[Item]()
        for item in track.items:
            if item.only_known and item.who in unknown:
                continue
            understood = read_call(item.saying.kind, item.saying.body, posted)
            messages += understood.messages
            handed += [item] * len(understood.messages)
            for reason in understood.refused:
                complaints += item.complaints(reason)
        told = {"not_understood": len(complaints)} if complaints else {}
        taken = await self.door.hand_in(self.tracker, source, messages, told)
        # The next request may text the phone that this one told, or give it consent.
        await name_now(self.door.database, self.dispatcher, messages)
        for place, reason in taken.placed.items():
            complaints += handed[place].complaints(reason)
        later_on = Counter(taken.refused) - Counter(told) - Counter(taken.placed.values())
        errors: list[JsonValue] = [one.to_json() for one in complaints]
        errors += [{"type": reason, "count": times} for reason, times in sorted(later_on.items())]
        return complaints, _errors(errors)

    # What is started and said

    async def _canvas(self, request: web.Request, source: Source) -> dict[str, JsonValue]:
        return await self._sent(request, source, read_canvas(await _body(request)))

    async def _send(self, request: web.Request, source: Source) -> dict[str, JsonValue]:
        return await self._sent(request, source, read_send(await _body(request)))

    async def _sent(self, request: web.Request, source: Source, send: Send) -> dict[str, JsonValue]:
        flows = self.publication().by_call
        if send.flow and send.flow not in flows:
            raise NotUnderstood(
                f"no flow is started by '{send.flow}': name one with `start: [{{api: true, called: …}}]`"
            )
        now = self.clock()
        once = request.headers.get("Idempotency-Key", "")
        # Braze's clients bring none: what they send twice starts twice, unless the flow's `reentry` forbids.
        digest = hashlib.sha256(f"{source.id}/{once}".encode()).hexdigest()[:32]
        dispatch = digest if once else new_id(now, 0, self.entropy)
        errors: list[JsonValue] = [{"type": one.reason, "message": one.kind} for one in send.unsent]
        works: list[tuple[Who, Work]] = []
        for number, recipient in enumerate(send.recipients):
            whose = await self._whose(recipient)
            if whose is None:
                errors.append({"type": "nobody is known by this id", "recipient": recipient.who.value})
                continue
            made, complaint = self._works(flows, send, recipient, whose, f"braze:{dispatch}/{number}", now)
            works += [(recipient.who, work) for work in made]
            if complaint:
                errors.append({"type": complaint, "recipient": recipient.who.value})
        results = await asyncio.gather(*(self.dispatcher.submit(work) for _, work in works))
        for (who, _), result in zip(works, results, strict=True):
            errors += [{"type": reason, "recipient": who.value} for reason in _why_not(result)]
        return {"dispatch_id": dispatch, **_errors(errors)}

    def _works(  # what is sent, to whom, under which key
        self,
        flows: Mapping[str, tuple[Flow, ApiStarter]],
        send: Send,
        recipient: Recipient,
        whose: "_Whose",
        key: str,
        now: datetime,
    ) -> tuple[list[Work], str]:
        """What is to be done for one recipient, and what of their variables is not."""
        if not send.flow:
            return [
                operation_work(
                    SAY,
                    {"channel": one.channel, "text": one.text, "group": one.group},
                    key=f"{key}/{one.kind}",
                    at=now,
                    contact_id=whose.contact_id,
                    address=whose.address,
                )
                for one in send.messages
            ], ""
        flow, starter = flows[send.flow]
        known = {name: value for name, value in recipient.variables.items() if name in starter.variables}
        dropped = sorted(recipient.variables.keys() - known.keys())
        payload: dict[str, JsonValue] = {"flow": flow.name, "variables": known}
        trigger = Trigger(key, TriggerKind.START, now, payload)
        complaint = f"the flow takes no {', '.join(dropped)}: name them in `api:`" if dropped else ""
        return [Work(trigger, contact_id=whose.contact_id, address=whose.address)], complaint

    # Consent

    async def _set_status(self, request: web.Request, source: Source) -> dict[str, JsonValue]:
        return await self._told_of(source, [read_status(await _body(request))])

    async def _set_statuses(self, request: web.Request, source: Source) -> dict[str, JsonValue]:
        return await self._told_of(source, read_statuses(await _body(request)))

    async def _told_of(self, source: Source, asked: Sequence[StatusAsked]) -> dict[str, JsonValue]:
        for group in asked:
            _group_in(self.publication(), group.group)
        now, works, errors = self.clock(), list[tuple[str, Work]](), list[JsonValue]()
        request = new_id(now, 0, self.entropy)
        for group in asked:
            for channel, value in group.people:
                whose = await self._person(channel, value)
                if isinstance(whose, str):
                    errors.append({"type": whose, "id": value})
                    continue
                state = "subscribed" if group.is_subscribed else "unsubscribed"
                body: dict[str, JsonValue] = {
                    "group": group.group,
                    "channel": "" if channel == "external" else channel,
                    "subscribed": group.is_subscribed,
                    "double_opt_in": group.double_opt_in,
                    "words": f"{state}, as told by {source.name} through /subscription/status/set",
                }
                key = f"braze:{request}/{len(works)}"
                named = {"contact_id": whose.contact_id, "address": whose.address}
                works.append((value, operation_work(TELL, body, key=key, at=now, **named)))  # type: ignore[arg-type]  # each is what its name says
        results = await asyncio.gather(*(self.dispatcher.submit(work) for _, work in works))
        for (value, _), result in zip(works, results, strict=True):
            errors += [{"type": reason, "id": value} for reason in _why_not(result)]
        return _errors(errors)

    async def _get_status(self, request: web.Request, _source: Source) -> dict[str, JsonValue]:
        group = _group_in(self.publication(), request.query.get("subscription_group_id", ""))
        people = people_in(request.query.items())

        async def look(connection: Connection) -> dict[str, JsonValue]:
            return {value: await _state(connection, group, channel, value) for channel, value in people}

        return {"status": await self.door.database.query(look)}

    # Who

    async def _whose(self, recipient: Recipient) -> "_Whose | None":
        name = recipient.who.kind, recipient.who.value
        found = await self.door.database.query(lambda c: contacts.find(c, *name))
        if found is not None:
            return _Whose(contact_id=found)
        return None if recipient.only_known else _Whose(address=name)

    async def _person(self, channel: str, value: str) -> "_Whose | str":
        """Whose consent is told, or why nobody's: who is named by an address becomes known by it."""
        try:
            name = (channel, _spelled(channel, value))
        except NotAContact:
            return "is no phone number of a person; write it like +12125550100"
        found = await self.door.database.query(lambda c: contacts.find(c, *name))
        if found is not None:
            return _Whose(contact_id=found)
        return "nobody is known by this id" if channel == "external" else _Whose(address=name)

    async def _unknown(self, named: Sequence[Who]) -> set[Who]:
        async def look(connection: Connection) -> set[Who]:
            return {who for who in named if await contacts.find(connection, who.kind, who.value) is None}

        return await self.door.database.query(look) if named else set()


def _group_in(publication: Publication, name: str) -> str:
    """The subscription group that is named. Raises NotUnderstood where there is none of that name."""
    groups = publication.shop.groups
    if name not in groups:
        known = ", ".join(sorted(groups))
        raise NotUnderstood(f"subscription_group_id: there is no group '{name}', only {known}")
    return name


@dataclass(frozen=True, slots=True)
class _Whose:
    """A contact, or the name under which one is made."""

    contact_id: str | None = None
    address: tuple[str, str] | None = None


def _spelled(channel: str, value: str) -> str:
    """A name as the directory has it. Raises NotAContact."""
    if channel == "sms":
        return to_e164(value)
    return value.lower() if channel == "email" else value


_STATES: Mapping[SubscriptionState | None, str] = {
    SubscriptionState.SUBSCRIBED: "Subscribed",
    SubscriptionState.UNSUBSCRIBED: "Unsubscribed",
    SubscriptionState.PENDING: "Unsubscribed",
    None: "Unknown",
}


async def _state(connection: Connection, group: str, channel: str, value: str) -> str:
    try:
        found = await contacts.find(connection, channel, _spelled(channel, value))
    except NotAContact:
        return "Unknown"
    if found is None:
        return "Unknown"
    snapshot = (await contacts.portrait(connection, found, runs=1, messages=1)).snapshot
    there = {one.channel for one in snapshot.addresses}
    where = next((one for one in ("sms", "wechat", "email") if one in there), "sms")
    state = state_in(snapshot.subscriptions, group, where if channel == "external" else channel)
    return _STATES[state]


def _why_not(result: Result) -> list[str]:
    """Why something was not done, or not said; empty where it was."""
    told = result.result or {}
    problem = told.get("problem")
    if isinstance(problem, dict):
        return [f"{problem.get('what')} ({problem.get('remedy')})"]
    if told.get("state") == "refused":
        return [f"{told.get('reason')}: {told.get('explanation')}"]
    return [] if told else list(result.refused)


def _errors(errors: list[JsonValue]) -> dict[str, JsonValue]:
    return {"errors": errors} if errors else {}


async def _body(request: web.Request) -> Json:
    try:
        body = decoded(await text_of(request, BODY_MAX))
    except ValueError as error:
        raise NotUnderstood("the body is no JSON") from error
    if not isinstance(body, dict):
        raise NotUnderstood("the body is no JSON object")
    return body


async def _elsewhere(request: web.Request) -> web.StreamResponse:
    says = f"{request.path} is not done here; see docs/moving-from-braze.md"
    return _response(404, {"message": says})


def _refusal(refused: TrackProblem) -> web.Response:
    response = _response(refused.status, {"message": str(refused), "errors": [refused.code]})
    if refused.retry_after:
        response.headers["Retry-After"] = str(refused.retry_after)
    if refused.hangs_up:
        response.force_close()
    return response


def _response(status: int, answer: Json) -> web.Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(
        status=status, body=orjson.dumps(answer), content_type="application/json", headers=headers
    )
