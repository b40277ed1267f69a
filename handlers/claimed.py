"""Claimed: the rewards that are on their way to a member, and the day each is promised for."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.claiming import fulfilments, is_spent, link_of, told_of
from bot.core.flow.handler import handler
from bot.core.turn import Turn

_MOST = 5


@handler(returns=("waiting", "more"))
def claimed(turn: Turn) -> Mapping[str, JsonValue]:
    """List what the contact claimed and does not have yet, newest first, and content that still opens.

    Each has `name`, `code`, `state` (`claimed`, `preparing`, `sent`), `promised_on` where it is not handed
    out on the spot, `tracking` as the shop said it, and `link` and `open_until` where it is content. `more`
    is how many there are beside.
    """
    mine = [
        one
        for one in fulfilments(turn)
        if (one.state.is_open and not is_spent(turn, one)) or link_of(turn, one) is not None
    ]
    waiting: list[JsonValue] = [
        {**told_of(turn, one), "open_until": one.open_until.isoformat() if one.open_until else None}
        for one in mine[:_MOST]
    ]
    return {"waiting": waiting, "more": len(mine) - len(waiting)}
