"""Inbound messages as works: the trigger's key and a payload from which the turn can be run again."""

from collections.abc import Mapping
from datetime import datetime

from bot.conversation.work import Work
from bot.core.contact import Event, JsonValue
from bot.core.gestures import Gesture, GestureKind
from bot.core.in_app import APP
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.wechat_address import WECHAT
from bot.storage.due import StoredTrigger


def inbound_work(inbound: Inbound) -> Work:
    """A work for a message from outside, found by its address."""
    payload: dict[str, JsonValue] = {
        "provider": inbound.provider,
        "id": inbound.provider_id,
        "channel": inbound.channel,
        "address": inbound.address,
        "to": inbound.to,
        "text": inbound.text,
    }
    if inbound.media:
        payload["media"] = list(inbound.media)
    if inbound.opt_out_type:
        payload["opt_out_type"] = inbound.opt_out_type
    if inbound.gesture is not None:
        payload["gesture"] = [inbound.gesture.kind.value, inbound.gesture.value]
    if inbound.facts and inbound.channel in {WECHAT, APP}:
        payload["facts"] = dict(inbound.facts)
    return Work(
        Trigger(
            key=f"{inbound.provider}:{inbound.provider_id}",
            kind=TriggerKind.INBOUND,
            at=inbound.received_at,
            payload=payload,
            inbound=inbound,
        )
    )


def inbound_from(payload: Mapping[str, JsonValue], received_at: datetime) -> Inbound:
    """Read the message back from a stored trigger."""
    media = payload.get("media", [])
    assert isinstance(media, list)
    opt_out_type, gesture, facts = (
        payload.get("opt_out_type"),
        payload.get("gesture"),
        payload.get("facts", {}),
    )
    assert isinstance(facts, dict)
    return Inbound(
        provider=str(payload["provider"]),
        provider_id=str(payload["id"]),
        channel=str(payload["channel"]),
        address=str(payload["address"]),
        to=str(payload["to"]),
        text=str(payload["text"]),
        received_at=received_at,
        media=tuple(str(url) for url in media),
        opt_out_type=str(opt_out_type) if opt_out_type else None,
        gesture=_gesture(gesture) if isinstance(gesture, list) else None,
        facts={name: str(fact) for name, fact in facts.items()},
    )


def _gesture(stored: list[JsonValue]) -> Gesture:
    kind, value = stored
    return Gesture(GestureKind(str(kind)), str(value))


def restored(stored: StoredTrigger) -> Work:
    """A work for a trigger that waits in the table."""
    kind = TriggerKind(stored.kind)
    inbound = event = None
    if kind is TriggerKind.INBOUND:
        inbound = inbound_from(stored.payload, stored.at)
    elif kind is TriggerKind.EVENT:
        properties = stored.payload.get("properties", {})
        assert isinstance(properties, dict), "properties are by name"
        event = Event(name=str(stored.payload["name"]), at=stored.at, properties=properties)
    trigger = Trigger(stored.key, kind, stored.at, stored.payload, inbound, event)
    return Work(trigger, contact_id=stored.contact_id, is_stored=True)
