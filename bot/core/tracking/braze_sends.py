"""Braze's sends and subscription states, read: which flow for whom, what is said inline, who consents.

https://www.braze.com/docs/api/endpoints/messaging/send_messages/post_send_messages/,
…/post_send_triggered_canvases/, https://www.braze.com/docs/api/endpoints/subscription_groups/.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.core.contact import JsonValue
from bot.core.in_app import APP
from bot.core.tracking.braze import NotUnderstood, Who, who_in
from bot.core.tracking.message import Json

RECIPIENTS_MAX: Final = 50
"""How many a request names at most, of recipients and of people whose consent it tells."""
_TEXT_MAX = 1600
_AUDIENCE = "start a flow on the audience instead (`start: - audience: {entered: NAME}` or a schedule)"
_PUSHES = ("apple_push", "android_push", "web_push", "kindle_push", "content_card", "in_app_message")
_NOT_SENT: Mapping[str, str] = MappingProxyType(
    {
        "email": "letters are templates of flows, where they are checked and translated: docs/email.md",
        "webhook": "use a flow, or sync an audience to your webhook",
        "windows_phone8_push": "nothing is pushed to Windows",
        "windows_universal_push": "nothing is pushed to Windows",
    }
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a flow is started for, and the variables that are told; `only_known`: nobody is made known."""

    who: Who
    variables: Json
    only_known: bool = True


@dataclass(frozen=True, slots=True)
class Inline:
    """A message whose text came with the request; `group` is the subscription group it names, if any."""

    kind: str
    channel: str
    text: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that is not sent, and why."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Send:
    """What is to be started or said, for whom; `flow` is a canvas or campaign, empty where none is named."""

    flow: str
    recipients: tuple[Recipient, ...]
    messages: tuple[Inline, ...] = ()
    unsent: tuple[Unsent, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusAsked:
    """A state of a subscription group for people, by (channel or `external`, value) as they were named."""

    group: str
    is_subscribed: bool
    people: tuple[tuple[str, str], ...]
    double_opt_in: bool = False


def read_canvas(body: Json) -> Send:
    """Read a body of `/canvas/trigger/send` or `/campaigns/trigger/send`. Raises NotUnderstood."""
    flow = _text(body, "canvas_id") or _text(body, "campaign_id")
    if not flow:
        raise NotUnderstood("'canvas_id' is required")
    _refuse_audiences(body)
    shared = _variables(body)
    recipients = []
    for number, one in enumerate(_listed(body, "recipients")):
        who = who_in(one) if isinstance(one, dict) else None
        if not isinstance(one, dict) or who is None:
            raise NotUnderstood(f"recipients[{number}]: 'external_user_id' or 'user_alias' is required")
        only_known = one.get("send_to_existing_only") is not False
        recipients.append(Recipient(who, {**shared, **_variables(one)}, only_known))
    return Send(flow, _some(recipients))


def read_send(body: Json) -> Send:
    """Read a body of `/messages/send`. Raises NotUnderstood."""
    _refuse_audiences(body)
    named = [Recipient(Who("external", each), {}) for each in _texts(body, "external_user_ids")]
    for number, one in enumerate(_listed(body, "user_aliases")):
        who = who_in({"user_alias": one})
        if who is None:
            raise NotUnderstood(f"user_aliases[{number}]: 'alias_name' and 'alias_label' are required")
        named.append(Recipient(who, {}))
    flow, messages = _text(body, "campaign_id"), body.get("messages")
    if isinstance(messages, dict) and messages:
        said, unsent = _inline(messages)
        return Send("", _some(named), said, unsent)
    if not flow:
        raise NotUnderstood("'messages' is required, or a 'campaign_id' that a flow is called by")
    return Send(flow, _some(named))


def read_status(body: Json) -> StatusAsked:
    """Read a body of `/subscription/status/set`, or one of the groups of version 2. Raises NotUnderstood."""
    group, state = _text(body, "subscription_group_id"), body.get("subscription_state")
    if not group:
        raise NotUnderstood("'subscription_group_id' is required")
    if state not in {"subscribed", "unsubscribed"}:
        raise NotUnderstood("'subscription_state' must be 'subscribed' or 'unsubscribed'")
    people = tuple(
        (channel, value)
        for channel, names in _NAMES.items()
        for name in names
        for value in _texts(body, name)
    )
    if not people:
        raise NotUnderstood("one of 'external_id', 'email' and 'phone' is required")
    if len(people) > RECIPIENTS_MAX:
        raise NotUnderstood(f"{len(people)} people are named; {RECIPIENTS_MAX} are the most")
    double_opt_in = body.get("use_double_opt_in_logic") is True
    return StatusAsked(group, state == "subscribed", people, double_opt_in)


def read_statuses(body: Json) -> tuple[StatusAsked, ...]:
    """Read a body of `/v2/subscription/status/set`. Raises NotUnderstood."""
    groups = _listed(body, "subscription_groups")
    if not groups:
        raise NotUnderstood("'subscription_groups' is required")
    found = []
    for number, one in enumerate(groups):
        if not isinstance(one, dict):
            raise NotUnderstood(f"subscription_groups[{number}] must be an object")
        found.append(read_status(one))
    return tuple(found)


def people_in(query: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Whom a query names, as `StatusAsked.people`. Raises NotUnderstood."""
    channels = {name: channel for channel, names in _NAMES.items() for name in names}
    people = tuple(
        (channels[bare], value.strip())
        for name, value in query
        if (bare := name.removesuffix("[]")) in channels and value.strip()
    )
    if not 0 < len(people) <= RECIPIENTS_MAX:
        raise NotUnderstood(f"name 1 to {RECIPIENTS_MAX} people by 'external_id', 'email' or 'phone'")
    return people


_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "external": ("external_id", "external_ids"),
        "email": ("email", "emails"),
        "sms": ("phone", "phones"),
    }
)


def _inline(messages: Json) -> tuple[tuple[Inline, ...], tuple[Unsent, ...]]:
    """What is said, in the order of preference; pushes that say the same are one message in the inbox."""
    said: dict[tuple[str, str], Inline] = {}
    unsent = []
    kinds = sorted(messages, key=lambda kind: _PUSHES.index(kind) if kind in _PUSHES else len(_PUSHES))
    for kind in kinds:
        one = messages[kind]
        channel = "sms" if kind == "sms" else APP if kind in _PUSHES else ""
        text = _said(one) if isinstance(one, dict) else ""
        reason = ""
        if not channel:
            reason = _NOT_SENT.get(kind, "there is no such message here")
        elif not text:
            reason = "it has no text"
        elif "{{" in text or "{%" in text:
            reason = "texts that are filled in belong into a flow, where they are checked and translated"
        elif len(text) > _TEXT_MAX:
            reason = f"the text is longer than {_TEXT_MAX} characters"
        if reason:
            unsent.append(Unsent(kind, reason))
        else:
            assert isinstance(one, dict), "it has a text"
            said.setdefault((channel, text), Inline(kind, channel, text, _group(one)))
    return tuple(said.values()), tuple(unsent)


def _said(one: Json) -> str:
    """The words of a message: title, text and where it leads."""
    alert = one.get("alert")
    inner = alert if isinstance(alert, dict) else one
    body = (
        _text(inner, "body")
        or _text(inner, "alert")
        or _text(inner, "message")
        or _text(inner, "description")
    )
    parts = [_text(inner, "title") or _text(one, "title"), body]
    link = _text(one, "custom_uri") or _text(one, "uri") or _text(one, "url")
    if link.startswith(("https://", "http://")):
        parts.append(link)
    return "\n".join(part for part in parts if part) if body else ""


def _group(one: Json) -> str | None:
    extra = one.get("extra") or one.get("extras")
    inner = extra if isinstance(extra, dict) else {}
    return _text(one, "subscription_group_id") or _text(inner, "subscription_group_id") or None


def _refuse_audiences(body: Json) -> None:
    for name in ("broadcast", "audience", "segment_id"):
        if body.get(name):
            raise NotUnderstood(f"'{name}' is not taken here: {_AUDIENCE}")


def _variables(one: Json) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name in ("trigger_properties", "canvas_entry_properties"):
        value = one.get(name)
        if isinstance(value, dict):
            found.update(value)
    return found


def _some(recipients: list[Recipient]) -> tuple[Recipient, ...]:
    if not recipients:
        raise NotUnderstood("'recipients' is required: name them by 'external_user_id' or 'user_alias'")
    if len(recipients) > RECIPIENTS_MAX:
        raise NotUnderstood(f"{len(recipients)} recipients are named; {RECIPIENTS_MAX} are the most")
    return tuple(recipients)


def _listed(body: Json, name: str) -> list[JsonValue]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise NotUnderstood(f"'{name}' must be an array")
    return value


def _texts(body: Json, name: str) -> list[str]:
    value = body.get(name)
    listed = value if isinstance(value, list) else [value]
    return [
        str(one).strip()
        for one in listed
        if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip()
    ]


def _text(one: Json, name: str) -> str:
    value = one.get(name)
    return value.strip() if isinstance(value, str) else ""
