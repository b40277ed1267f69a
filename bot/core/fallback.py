"""Falling back: what has no way left on its channel may be said on another, in a turn of its own."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.contact import JsonValue
from bot.core.ids import instant, microseconds
from bot.core.messages import MessageClass, Origin, Outgoing
from bot.core.triggers import Trigger, TriggerKind
from bot.core.wechat_address import WECHAT

TO = "sms"
"""Where everything can be said; email comes later."""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A message that could not go where it should, as another channel needs it."""

    id: str
    channel: str
    message_class: MessageClass
    group: str | None
    body: str
    media: tuple[str, ...]
    flow: str
    step: str
    tag: str | None
    valid_until: datetime | None
    origin: Origin | None = None


def may_fall_back(message: Outgoing) -> bool:
    """Whether another channel may say it: not what the law asks us to say in answer, where it was asked."""
    return (
        message.channel == WECHAT
        and not message.only_here
        and message.message_class is not MessageClass.REQUIRED
    )


def fallback(message: Outgoing, because: str, now: datetime) -> Trigger:
    """Return the trigger that lets a turn say a message elsewhere, once."""
    payload: dict[str, JsonValue] = {
        "message": message.id,
        "channel": message.channel,
        "because": because,
        "class": message.message_class.value,
        "group": message.group,
        "body": message.body,
        "media": list(message.media),
        "flow": message.flow,
        "step": message.step,
        "tag": message.tag,
        "valid_until": microseconds(message.valid_until) if message.valid_until is not None else None,
    }
    origin = message.origin
    if origin is not None:
        payload["origin"] = [origin.run, origin.revision, origin.variant, origin.wakes]
    return Trigger(f"fallback:{message.id}", TriggerKind.FALLBACK, now, payload)


def unsaid(trigger: Trigger) -> Unsaid:
    """Read back what a trigger carries.

    An answer is no answer on another channel: there it is a message of ours, with its consent and its hours.
    """
    told = trigger.payload
    media, until, group, tag = told["media"], told["valid_until"], told["group"], told["tag"]
    assert isinstance(media, list), "pictures are a list"
    assert until is None or isinstance(until, int), "an instant is a number"
    message_class = MessageClass(str(told["class"]))
    return Unsaid(
        id=str(told["message"]),
        channel=str(told["channel"]),
        message_class=MessageClass.SERVICE if message_class is MessageClass.REPLY else message_class,
        group=str(group) if group is not None else None,
        body=str(told["body"]),
        media=tuple(str(one) for one in media),
        flow=str(told["flow"]),
        step=str(told["step"]),
        tag=str(tag) if tag is not None else None,
        valid_until=instant(until) if until is not None else None,
        origin=_origin(told.get("origin")),
    )


def _origin(told: JsonValue) -> Origin | None:
    if not isinstance(told, list):
        return None
    run, revision, variant, wakes = told
    assert isinstance(revision, int), "revisions are numbers"
    return Origin(str(run), revision, str(variant), bool(wakes))
