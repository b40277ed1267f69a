"""Rewards: what the contact's credit can be traded for now, and what comes next."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.flow.handler import handler
from bot.core.loyalty.program import Reward
from bot.core.turn import Turn


@handler(returns=("affordable", "next", "count"))
def rewards(turn: Turn) -> Mapping[str, JsonValue]:
    """List the program's rewards, cheapest first.

    `affordable` are those the credit covers; `next` is the cheapest it does not, with what is `missing`;
    `count` is how many there are at all.
    """
    available = turn.books.spendable(turn.now)
    offers = sorted(turn.program.rewards, key=lambda reward: reward.cost_minor)
    beyond = [reward for reward in offers if reward.cost_minor > available]
    following: JsonValue = None
    if beyond:
        following = {**_offer(turn, beyond[0]), "missing": beyond[0].cost_minor - available}
    return {
        "affordable": [_offer(turn, reward) for reward in offers if reward.cost_minor <= available],
        "next": following,
        "count": len(offers),
    }


def _offer(turn: Turn, reward: Reward) -> dict[str, JsonValue]:
    name = turn.program.text(reward.name, turn.contact.locale)
    return {"id": reward.id, "name": name, "cost": reward.cost_minor}
