"""Segment's wire format, read: one call or a batch of them becomes tracked messages, or reasons why not.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ and the spec it links to.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import orjson

from bot.core.contact import JsonValue
from bot.core.tracking.clock_skew import happened_at, instant_in
from bot.core.tracking.message import (
    GROUP_JOINED,
    PAGE_VIEWED,
    SCREEN_VIEWED,
    Json,
    Kind,
    Tracked,
)

CALL_BYTES_MAX: Final = 32 * 1024
BATCH_BYTES_MAX: Final = 500 * 1024
BATCH_MESSAGES_MAX: Final = 2500
MESSAGE_ID_MAX: Final = 100
"""Segment's limits."""
NAME_MAX: Final = 200
"""Of ids of persons and names of events; ours, since they are keys of indexes."""
DEPTH_MAX: Final = 16
"""How deep a message may be nested; ours."""
TOO_LARGE: Final = "too_large"
"""The reason why a message of a batch is refused that is larger than a call may be."""

# What clients send when they do not know who it is: who believes it joins strangers into one person. Up to
# "anonymous" it is what Segment blocks:
# https://segment.com/docs/unify/identity-resolution/identity-resolution-settings/
_NOBODY: Final = re.compile(r"[0\-]*|-1|[Nn]ull|NULL|anonymous|undefined|None|NaN|\[object Object\]")
_NOTHING: Final[Json] = {}
_KINDS: Final = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Posted:
    """How a request came: what its messages do not say themselves.

    `mint` makes an id for a message that has none. What `is_history` keeps its times as they were told.
    """

    received_at: datetime
    source_id: str
    mint: Callable[[], str]
    ip: str = ""
    is_history: bool = False


@dataclass(slots=True)
class Understood:
    """What a request held: messages in their order, and how many were refused for which reason."""

    messages: list[Tracked] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


class _NotUnderstood(ValueError):
    """A message that is none; its text is the reason."""


class _Shared(NamedTuple):
    """What a batch says of all its messages; each may say otherwise."""

    context: Json = _NOTHING
    options: Json = _NOTHING
    sent_at: datetime | None = None


class _Said(NamedTuple):
    """What only messages of some kinds say."""

    event: str | None = None
    properties: Json = _NOTHING
    traits: Json = _NOTHING
    previous_id: str | None = None
    group_id: str | None = None


def read_call(kind: Kind, body: Json, posted: Posted) -> Understood:
    """Read the body of one call."""
    understood = Understood()
    try:
        understood.messages.append(_message(kind, body, _Shared(), posted))
    except _NotUnderstood as reason:
        understood.refused[str(reason)] += 1
    return understood


def read_batch(body: Json, posted: Posted, size: int) -> Understood:
    """Read a batch, whose text has `size` bytes."""
    understood = Understood()
    items = body.get("batch")
    if not isinstance(items, list):
        understood.refused["no_batch"] += 1
        return understood
    if len(items) > BATCH_MESSAGES_MAX:
        understood.refused["over_2500_messages"] += len(items)
        return understood
    shared = _Shared(_object(body, "context"), _object(body, "integrations"), instant_in(body.get("sentAt")))
    may_be_large = size > CALL_BYTES_MAX
    for item in items:
        try:
            understood.messages.append(_item(item, shared, posted, may_be_large=may_be_large))
        except _NotUnderstood as reason:
            understood.refused[str(reason)] += 1
    return understood


def _item(item: JsonValue, shared: _Shared, posted: Posted, *, may_be_large: bool) -> Tracked:
    if not isinstance(item, dict):
        raise _NotUnderstood("no_object")
    # `action` is how items of the old `/v1/import` say it.
    kind = _KINDS.get(str(item.get("type") or item.get("action")))
    if kind is None:
        raise _NotUnderstood("no_such_type")
    message = _message(kind, item, shared, posted)
    if may_be_large and len(orjson.dumps(item)) > CALL_BYTES_MAX:
        raise _NotUnderstood(TOO_LARGE)
    return message


def _message(kind: Kind, item: Json, shared: _Shared, posted: Posted) -> Tracked:
    if is_deeper(item.values(), DEPTH_MAX):
        raise _NotUnderstood("too_deep")
    user_id, anonymous_id = _identifier(item, "userId"), _identifier(item, "anonymousId")
    if user_id is None and anonymous_id is None:
        raise _NotUnderstood("no_user_anon_id")
    said = _said(kind, item)
    return Tracked(
        kind=kind,
        message_id=_message_id(item.get("messageId")) or posted.mint(),
        user_id=user_id,
        anonymous_id=anonymous_id,
        event=said.event,
        properties=said.properties,
        traits=said.traits,
        context=_context(item, shared, posted),
        at=_at(item, shared, posted),
        received_at=posted.received_at,
        source_id=posted.source_id,
        previous_id=said.previous_id,
        group_id=said.group_id,
        options={**shared.options, **_object(item, "integrations")},
        is_history=posted.is_history,
    )


def _said(kind: Kind, item: Json) -> _Said:
    match kind:
        case Kind.TRACK:
            return _Said(_event(item), _object(item, "properties"))
        case Kind.IDENTIFY:
            return _Said(traits=_object(item, "traits"))
        case Kind.PAGE:
            return _Said(PAGE_VIEWED, _viewed(item))
        case Kind.SCREEN:
            return _Said(SCREEN_VIEWED, _viewed(item))
        case Kind.GROUP:
            group_id, traits = _required(item, "groupId", "no_group_id"), _object(item, "traits")
            return _Said(GROUP_JOINED, {**traits, "group_id": group_id}, traits, group_id=group_id)
        case Kind.ALIAS:
            return _Said(previous_id=_required(item, "previousId", "no_previous_id"))


def _event(item: Json) -> str:
    name = item.get("event")
    if not isinstance(name, str) or not name.strip():
        raise _NotUnderstood("no_event")
    name = name.strip()
    if len(name) > NAME_MAX:
        raise _NotUnderstood("event_too_long")
    return name


def _viewed(item: Json) -> Json:
    """The properties of a page or screen, with its name and category among them."""
    named = {name: item[name] for name in ("name", "category") if item.get(name)}
    return {**_object(item, "properties"), **named}


def _object(item: Json, name: str) -> Json:
    """An object that may be left out; what is none counts as nothing, except what the message is about."""
    value = item.get(name)
    if isinstance(value, dict):
        return value
    if value and name in {"properties", "traits"}:
        raise _NotUnderstood(f"bad_{name}")
    return _NOTHING


def _required(item: Json, name: str, reason: str) -> str:
    value = _identifier(item, name)
    if value is None:
        raise _NotUnderstood(reason)
    return value


def is_nobodys(text: str) -> bool:
    """Whether an id is none, or one that strangers share."""
    return _NOBODY.fullmatch(text) is not None


def _identifier(item: Json, name: str) -> str | None:
    """An id as text; None where there is none, or one that is nobody's."""
    value = item.get(name)
    if value is None or isinstance(value, bool | dict | list):
        return None
    text = str(value).strip()
    if is_nobodys(text):
        return None
    if len(text) > NAME_MAX:
        raise _NotUnderstood("id_too_long")
    return text


def _message_id(value: JsonValue) -> str:
    """The message's id; one that is too long for an index is known by its digest."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    text = str(value)
    return text if len(text) <= MESSAGE_ID_MAX else hashlib.sha256(text.encode()).hexdigest()


def _context(item: Json, shared: _Shared, posted: Posted) -> Json:
    own = _object(item, "context")
    context = {**shared.context, **own} if shared.context else own
    if context.get("direct") is True and posted.ip and "ip" not in context:
        return {**context, "ip": posted.ip}
    return context


def _at(item: Json, shared: _Shared, posted: Posted) -> datetime:
    """When it happened; a client's wrong clock shows in when it says that it sent it."""
    if posted.is_history or item.get("receivedAt"):
        # Told of the past; or passed on by Segment, which has put its time right.
        return happened_at(instant_in(item.get("timestamp")), None, posted.received_at)
    original = instant_in(item.get("originalTimestamp") or item.get("timestamp"))
    return happened_at(original, instant_in(item.get("sentAt")) or shared.sent_at, posted.received_at)


def is_deeper(values: Iterable[JsonValue], levels: int) -> bool:
    """Whether values are nested deeper than that; asked before anything walks through them."""
    if not levels:
        return True
    for value in values:
        if isinstance(value, dict):
            if is_deeper(value.values(), levels - 1):
                return True
        elif isinstance(value, list) and is_deeper(value, levels - 1):
            return True
    return False
