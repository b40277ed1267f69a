"""Being invited: a contact comes with a friend's code, before it becomes a member or just after."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.referring import come_with, member_facts
from bot.core.flow.handler import handler
from bot.core.loyalty.referral import Refusal, State
from bot.core.turn import Turn


@handler(arguments=("code",), returns=("state", "reason", "friend", "minimum", "within"))
def invited(turn: Turn) -> Mapping[str, JsonValue]:
    """Let the contact come with `code`, or with the one it sent before.

    `state` is `none` (no code), `invited` (it has to join first), `joined`, `refused` (with the `reason`), or
    what became of it. `friend` is what the contact gets for an order of at least `minimum`, `within` days.
    """
    found = come_with(turn, str(turn.arguments.get("code") or ""))
    rules = turn.program.referral
    reason = found.value if isinstance(found, Refusal) else None
    if found is None:
        state = "none"
    else:
        state = State.REFUSED.value if isinstance(found, Refusal) else found.state.value
    return {
        "state": state,
        "reason": reason,
        "friend": rules.friend_reward(member_facts(turn)) if rules else 0,
        "minimum": (rules.minimum_minor or 0) if rules else 0,
        "within": rules.order_within.days if rules else 0,
    }
