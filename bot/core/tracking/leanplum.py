"""Leanplum's API, read: what its clients send to `/api`, in Segment's words, and what they ask for.

One endpoint for everything: `action` says what; the arguments stand behind the ? or in the body, as JSON or
as a form, and some of them are JSON inside a text. A device is who it is until somebody logs in there.
https://github.com/Leanplum/Leanplum-JavaScript-SDK, https://github.com/api-evangelist/leanplum.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from bot.core.contact import JsonValue
from bot.core.tracking.decoding import decoded
from bot.core.tracking.message import Json, Kind
from bot.core.tracking.reading import DEPTH_MAX, is_deeper
from bot.core.tracking.sessions import APP_STARTED
from bot.core.tracking.translated import MessageIds, Saying, without_nothing

USERS_MAX: Final = 50
ACTIONS_MAX: Final = 500
"""Leanplum's limits of one `multi`."""
MESSAGE_SHOWN: Final = "Message Shown"
_UNKNOWN = "(detect)"
"""What clients send for what Leanplum finds out by itself."""


class NotUnderstood(ValueError):
    """A request that is none; the text is for whoever wrote the client."""


class TooMany(ValueError):
    """A `multi` of more than Leanplum takes."""


class Wants(Enum):
    """What an action is answered with, beside that it was heard."""

    NOTHING = "nothing"
    START = "start"
    VARIABLES = "variables"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a client asks for."""

    name: str
    arguments: Json

    def text(self, name: str) -> str:
        """Return an argument as text; empty where there is none, or where Leanplum would look it up."""
        value = self.arguments.get(name)
        if value is None or isinstance(value, bool | dict | list):
            return ""
        text = str(value).strip()
        return "" if text in {_UNKNOWN, "undefined", "null"} else text

    def seconds(self, name: str) -> float | None:
        """Return an instant, in seconds since 1970; None where there is none."""
        try:
            return float(self.text(name))
        except ValueError:
            return None

    def object(self, name: str) -> dict[str, JsonValue]:
        """Return an object, which mostly is JSON inside a text; empty where there is none."""
        value = self.arguments.get(name)
        if isinstance(value, str):
            try:
                value = decoded(value.encode())
            except ValueError:
                return {}
        return value if isinstance(value, dict) else {}

    @property
    def device_id(self) -> str:
        """Which device it comes from."""
        return self.text("deviceId")

    @property
    def user_id(self) -> str:
        """Who uses it; empty where nobody logged in: then clients send the device's id."""
        user = self.text("userId")
        return "" if user == self.device_id else user


@dataclass(frozen=True, slots=True)
class Request:
    """A request, understood: the key it shows and what it asks for, in order."""

    key: str
    actions: tuple[Action, ...]
    is_multi: bool


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an action means: what is told, what is asked for, and why something of it is not done."""

    sayings: tuple[Saying, ...] = ()
    wants: Wants = Wants.NOTHING
    warning: str = ""
    error: str = ""


def read_request(query: Mapping[str, str], body: bytes) -> Request:
    """Read a request.

    Raises:
        NotUnderstood: it is none.
        TooMany: it asks for more at once than Leanplum takes.
    """
    arguments: dict[str, JsonValue] = {**query, **_in_body(body)}
    whole = Action(str(arguments.get("action", "")), arguments)
    if not whole.name:
        raise NotUnderstood("no action is named; send action=start, track, multi …")
    if whole.name != "multi":
        return Request(whole.text("clientKey"), (whole,), is_multi=False)
    listed = arguments.get("data")
    if isinstance(listed, str):
        try:
            listed = decoded(listed.encode())
        except ValueError as error:
            raise NotUnderstood("data is no JSON") from error
    if not isinstance(listed, list):
        raise NotUnderstood("multi has no list `data`")
    actions = tuple(_action(one, whole) for one in listed)
    users = {action.text("userId") or action.device_id for action in actions}
    if len(actions) > ACTIONS_MAX or len(users) > USERS_MAX:
        raise TooMany(f"multi takes {ACTIONS_MAX} actions of {USERS_MAX} users at most; send fewer")
    key = whole.text("clientKey") or next(filter(None, (one.text("clientKey") for one in actions)), "")
    return Request(key, actions, is_multi=True)


def meanings(request: Request) -> list[Meaning]:
    """Return what each action means."""
    ids = MessageIds("leanplum")
    return [_meaning(action, ids) for action in request.actions]


def _in_body(body: bytes) -> Json:
    if not body.strip():
        return {}
    if not body.lstrip().startswith(b"{"):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    try:
        value = decoded(body)
    except ValueError as error:
        raise NotUnderstood("the body is no JSON") from error
    assert isinstance(value, dict), "it begins with a brace"
    return value


def _action(one: JsonValue, whole: Action) -> Action:
    """One of several; what it does not say itself the request says of all."""
    if not isinstance(one, dict):
        raise NotUnderstood("an action is no object")
    shared = {
        name: whole.arguments[name]
        for name in ("deviceId", "userId", "sdkVersion")
        if name in whole.arguments
    }
    # When all were sent says how wrong the device's clock is.
    return Action(str(one.get("action", "")), {**shared, "_sent": whole.arguments.get("time"), **one})


_HEARD: Final = frozenset({"stop", "heartbeat", "pauseSession", "pauseState", "resumeState", "multi"})
"""What clients say that nothing follows from: sessions end by themselves."""
_IN_FILES = "variables are set in flows/variables.yaml, where they are reviewed"
_NO_PUSH = "nothing is pushed to devices: contacts hear by SMS, on WeChat or in their inbox"
_NOT_DONE: Mapping[str, str] = MappingProxyType(
    {
        "setVars": _IN_FILES,
        "setDeviceAttributes": _NO_PUSH,
        "registerDevice": _NO_PUSH,
        "setTrafficSourceInfo": "tell where somebody came from as traits",
        "markNewsfeedMessageAsRead": "the inbox is on our own pages",
        "deleteNewsfeedMessage": "the inbox is on our own pages",
    }
)
"""What clients may say and hear no error for, though nothing is done."""
_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "deleteUser": "use POST /api/members/{member}/erase",
        "exportUser": "use GET /api/members/{member}/export",
        "exportUsers": "use regulars export",
        "exportData": "use regulars export",
        "sendMessage": "start a flow: POST /canvas/trigger/send",
        "startCampaign": "start a flow: POST /canvas/trigger/send",
        "addPostback": "sync an audience to your webhook: flows/audiences.yaml",
        "deleteVars": _IN_FILES,
        "block": "use POST /api/members/{member}/erase",
    }
)


def _meaning(action: Action, ids: MessageIds) -> Meaning:
    if is_deeper(action.arguments.values(), DEPTH_MAX):
        return Meaning(warning="too_deep; request skipped")
    match action.name:
        case "start":
            return _started(action, ids)
        case "resumeSession":
            started = _tracked(action, ids, APP_STARTED, {"resumed": True})
            return _of_somebody(action, started)
        case "track":
            return _track(action, ids)
        case "advance":
            state = {**action.object("params"), **_said(action, info="info")}
            body = {**_common(action, ids), "name": action.text("state"), "properties": state}
            return _of_somebody(action, *([Saying(Kind.SCREEN, body)] if action.text("state") else []))
        case "setUserAttributes":
            return _of_somebody(action, *_identified(action, ids))
        case "getVars":
            return Meaning(wants=Wants.VARIABLES)
        case "getNewsfeedMessages":
            # Whoever has an app's key could read anybody's inbox by their user id.
            return Meaning(wants=Wants.INBOX, warning="the inbox is on our own pages, behind a log-in")
    if action.name in _HEARD:
        return Meaning()
    if action.name in _NOT_DONE:
        return Meaning(warning=_NOT_DONE[action.name])
    remedy = _ELSEWHERE.get(action.name, "see docs/moving-from-leanplum.md")
    return Meaning(error=f"{action.name[:60] or 'nothing'} is not done here: {remedy}")


def _started(action: Action, ids: MessageIds) -> Meaning:
    """An app is opened; who logged in there is known by it, and so is what they did before."""
    facts = _said(
        action,
        country="country",
        region="region",
        city="city",
        app_version="versionName",
        system="systemName",
        browser="browserName",
    )
    is_known = bool(action.user_id or action.object("userAttributes"))
    sayings = [*(_identified(action, ids) if is_known else []), _tracked(action, ids, APP_STARTED, facts)]
    told = _of_somebody(action, *sayings)
    return Meaning(told.sayings, Wants.START, told.warning)


def _track(action: Action, ids: MessageIds) -> Meaning:
    event = action.text("event")
    facts = _said(action, info="info", currency="currencyCode", message_id="messageId")
    value = action.arguments.get("value")
    # Clients send 0 for an event without a value.
    worth = value if action.text("value") not in {"", "0", "0.0"} else None
    if "messageId" in action.arguments:
        event = f"Message {event}" if event else MESSAGE_SHOWN
    elif not event:
        return Meaning(warning="an event without a name is skipped")
    said = {**action.object("params"), **without_nothing({"value": _number(worth)}), **facts}
    return _of_somebody(action, _tracked(action, ids, event, said))


def _identified(action: Action, ids: MessageIds) -> Sequence[Saying]:
    """What is told of a user: with `newUserId` they log in, and the device is theirs from then on."""
    body = {**_common(action, ids), "traits": action.object("userAttributes")}
    user = action.text("newUserId") or action.user_id
    return [Saying(Kind.IDENTIFY, without_nothing({**body, "userId": user or None}))]


def _tracked(action: Action, ids: MessageIds, event: str, properties: Json) -> Saying:
    return Saying(Kind.TRACK, {**_common(action, ids), "event": event, "properties": dict(properties)})


def _of_somebody(action: Action, *sayings: Saying) -> Meaning:
    if not action.device_id and not action.text("userId"):
        return Meaning(warning="neither deviceId nor userId is there; request skipped")
    return Meaning(sayings)


def _common(action: Action, ids: MessageIds) -> dict[str, JsonValue]:
    """What every message says: who, when, from where; and an id, where the time tells it from others."""
    at = action.seconds("time")
    named = {name: value for name, value in action.arguments.items() if not name.startswith("_")}
    sent = Action("", action.arguments).seconds("_sent")
    context: dict[str, JsonValue] = {
        "library": without_nothing({"name": "leanplum", "version": action.text("sdkVersion") or None})
    }
    if action.text("locale"):
        context["locale"] = action.text("locale")
    if action.text("versionName"):
        context["app"] = {"version": action.text("versionName")}
    return without_nothing(
        {
            "userId": action.user_id or None,
            "anonymousId": action.device_id or None,
            "messageId": ids.of(named) if at is not None else None,
            "timestamp": at,
            "sentAt": sent if sent is not None else at,
            "context": context,
        }
    )


def _said(action: Action, **names: str) -> dict[str, JsonValue]:
    """Arguments that are there, by what they are called here."""
    return {ours: text for ours, theirs in names.items() if (text := action.text(theirs))}


def _number(value: JsonValue) -> JsonValue:
    """A number that was sent as text, as a number."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value
