"""What a contact did, as the shop says: an event like those that flows and rules hear from us."""

from collections.abc import Mapping
from datetime import datetime

from bot.core.contact import Event, JsonValue
from bot.core.deeds.crediting import credit_event
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]


def track(turn: Turn, body: Body) -> Body:
    """Record one event: flows start on it or wait for it, rules grant what they grant for it.

    `at` is when it happened, now unless given; nothing happens in the future.
    """
    properties = body.get("properties", {})
    assert isinstance(properties, dict), "properties are by name"
    told_at = body.get("at")
    at = min(datetime.fromisoformat(str(told_at)), turn.now) if told_at else turn.now
    event = Event(name=str(body["name"]), at=at, properties=properties)
    turn.effects.events.append(event)
    credited = credit_event(turn, event, str(body["id"]))
    return {
        "id": str(body["id"]),
        "name": event.name,
        "contact": turn.contact.id,
        "granted_minor": credited.granted_minor,
    }
