"""Taking words back: what somebody let us show to others is shown no more."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.answering import withdraw_quotes
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(returns=("withdrawn",), problems=("nothing_quoted",))
def unquote(turn: Turn) -> Mapping[str, JsonValue]:
    """Show nobody the contact's words any more, for good; `withdrawn` says how many answers it was about.

    Raises:
        TellMember: `nothing_quoted`: the contact allowed nothing, or took it back before.
    """
    withdrawn = withdraw_quotes(turn)
    if not withdrawn:
        raise TellMember("nothing_quoted")
    return {"withdrawn": withdrawn}
