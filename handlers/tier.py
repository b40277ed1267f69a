"""Tiers: what the contact has reached, brought up to date; texts name it as `tier.…`."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.tier_turns import look
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(returns=("exists",))
def tier(turn: Turn) -> Mapping[str, JsonValue]:
    """Bring the contact's tier up to date, as the clock and the orders have it.

    `exists` says whether the program has tiers at all.
    """
    look(turn)
    return {"exists": turn.program.tiers is not None}
