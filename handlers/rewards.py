"""Rewards: what the contact's credit can be traded for now, and what comes next."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.claiming import left_of, may_have, name_of
from bot.core.flow.handler import handler
from bot.core.loyalty.catalogue import Reward, affordable
from bot.core.turn import Turn


@handler(returns=("affordable", "next", "count"))
def rewards(turn: Turn) -> Mapping[str, JsonValue]:
    """List the rewards that are for the contact and not sold out, cheapest first.

    `affordable` are those the credit covers; `next` is the cheapest it does not, with what is `missing`;
    `count` is how many there are at all.
    """
    available = turn.books.spendable(turn.now)
    offered = [one for one in turn.program.rewards if may_have(turn, one) is None and left_of(turn, one) != 0]
    found = affordable(tuple(offered), available)
    following: JsonValue = None
    if found.next is not None:
        following = {**_offer(turn, found.next), "missing": found.next.cost_minor - available}
    return {
        "affordable": [_offer(turn, reward) for reward in found.rewards],
        "next": following,
        "count": len(offered),
    }


def _offer(turn: Turn, reward: Reward) -> dict[str, JsonValue]:
    return {"id": reward.id, "name": name_of(turn, reward.id), "cost": reward.cost_minor}
