"""Redeeming: credit is traded for a reward, and the shop is told the code that the member will show."""

from collections.abc import Mapping

from bot.core.codes import code_of
from bot.core.contact import JsonValue
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.loyalty.entries import Cause
from bot.core.turn import Turn


@handler(
    arguments=("reward",),
    returns=("name", "cost", "code", "left"),
    problems=("reward_gone", "not_enough_credit"),
)
def redeem(turn: Turn) -> Mapping[str, JsonValue]:
    """Trade credit for the reward with the id `reward`; `code` is to be shown, `left` what credit remains.

    Raises:
        TellMember: `reward_gone`, or `not_enough_credit` with `available_minor` and `wanted_minor`.
    """
    wanted = turn.arguments.get("reward")
    reward = next((reward for reward in turn.program.rewards if reward.id == wanted), None)
    if reward is None:
        raise TellMember("reward_gone")
    cause = Cause(
        f"redeem/{turn.trigger.key}/{turn.books.wallet.entry_count}",
        actor=f"contact/{turn.contact.id}",
        source_type="reward",
        source_id=reward.id,
    )
    entry = turn.books.redeem(reward.cost_minor, turn.now, cause)
    code = code_of(entry.id)
    facts: dict[str, JsonValue] = {"reward": reward.id, "cost": reward.cost_minor, "code": code}
    turn.track("Reward Redeemed", facts)
    turn.call(
        f"reward/{entry.id}", "reward.redeemed", {**facts, "entry": entry.id, "contact": turn.contact.id}
    )
    return {
        "name": turn.program.text(reward.name, turn.contact.locale),
        "cost": reward.cost_minor,
        "code": code,
        "left": turn.books.spendable(turn.now),
    }
