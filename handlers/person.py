"""A person: whoever wants one waits at the shop's desk, and what is written there is for them."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import desk_turns
from bot.core.desk import VisitState
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(arguments=("question",), returns=("place", "first"), problems=("nothing_asked",))
def person(turn: Turn) -> Mapping[str, JsonValue]:
    """Let the contact wait for a person of the shop, with a `question`, once for each message that asked.

    `place` is where they are in the queue (0: WeChat's own customer service keeps it), `first` the tier that
    is answered before theirs. From here on the bot is silent until the visit ends.

    Raises:
        TellMember: `nothing_asked`, when there is no question.
    """
    question = str(turn.arguments.get("question") or "").strip()
    if not question:
        raise TellMember("nothing_asked")
    found = desk_turns.begin(turn, question)
    turn.track("Person Asked For", {"channel": turn.channel})
    return {"place": found.place, "first": found.first}


@handler(returns=("state", "place", "first"))
def desk(turn: Turn) -> Mapping[str, JsonValue]:
    """Say where the contact is: `state` waiting or taken, none where nobody was asked for; see `person`."""
    visit = desk_turns.visit_of(turn)
    if visit is None or visit.state is VisitState.TAKEN:
        return {"state": visit.state.value if visit is not None else "none", "place": 0, "first": ""}
    found = desk_turns.place_of(turn, visit)
    return {"state": visit.state.value, "place": found.place, "first": found.first}


@handler(returns=("was_there",))
def leave_desk(turn: Turn) -> Mapping[str, JsonValue]:
    """Go back to the bot; `was_there` says whether anybody had been asked for."""
    return {"was_there": desk_turns.leave(turn)}
