"""The desk, as the people of the shop use it: they take a visit, say something, and close it."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import desk_turns
from bot.core.desk import Visit
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]


def take(turn: Turn, body: Body) -> Body:
    """Somebody has time for the contact. Raises Refused where nobody is there, or somebody else was first."""
    return _told(turn, desk_turns.take(turn, str(body["agent"])))


def say(turn: Turn, body: Body) -> Body:
    """Say something to the contact, as an answer. Raises Refused where it may not leave."""
    message = desk_turns.say(turn, str(body["agent"]), str(body["text"]))
    return {"id": turn.contact.id, "message": message}


def close(turn: Turn, body: Body) -> Body:
    """The contact goes back to the bot, which says so. Raises Refused where somebody else has it."""
    return _told(turn, desk_turns.close(turn, str(body["agent"])))


def _told(turn: Turn, visit: Visit) -> Body:
    return {
        "id": turn.contact.id,
        "visit": visit.id,
        "state": visit.state.value,
        "agent": visit.agent,
        "since": visit.since.isoformat(),
    }
