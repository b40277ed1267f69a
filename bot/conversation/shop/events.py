"""What a contact did, as the shop says: an event like those that flows and rules hear from us."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]


def track(turn: Turn, body: Body) -> Body:
    """Record one event; flows start on it or wait for it."""
    properties = body.get("properties", {})
    assert isinstance(properties, dict), "properties are by name"
    turn.track(str(body["name"]), properties)
    return {"id": str(body["id"]), "name": str(body["name"]), "contact": turn.contact.id}
