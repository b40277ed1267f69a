"""Handed out: the shop said that a member has a reward, so it is not waited for any more."""

from bot.core.deeds.claiming import find, move_on
from bot.core.flow.handler import handler
from bot.core.loyalty.fulfilment import FulfilmentState
from bot.core.turn import Turn


@handler(arguments=("code",))
def handed_out(turn: Turn) -> None:
    """Let the claimed reward with that `code` be delivered; what is not waited for stays as it is."""
    code = str(turn.arguments.get("code") or "")
    fulfilment = find(turn, code) if code else None
    if fulfilment is not None and fulfilment.state.is_open:
        move_on(turn, fulfilment, FulfilmentState.DELIVERED)
