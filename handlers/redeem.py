"""Redeeming: credit is traded for a reward, and the shop is told the code that the member will show."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.claiming import claim, link_of, name_of
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(
    arguments=("reward",),
    returns=("name", "cost", "code", "left", "promised_on", "link", "open_until"),
    problems=("reward_gone", "not_for_you", "had_it", "sold_out", "not_enough_credit"),
)
def redeem(turn: Turn) -> Mapping[str, JsonValue]:
    """Trade credit for the reward with that id or name; `code` is to be shown, `left` what credit remains.

    `promised_on` is the day it is promised for, where it is not handed out on the spot; `link` opens
    exclusive content until `open_until`.

    Raises:
        TellMember: nothing was taken: `reward_gone`, `not_for_you`, `had_it` (as often as one may),
            `sold_out`, or `not_enough_credit` with `available_minor` and `wanted_minor`.
    """
    claimed = claim(turn, turn.arguments.get("reward"))
    result: dict[str, JsonValue] = {
        "name": name_of(turn, claimed.reward),
        "cost": claimed.cost_minor,
        "code": claimed.code,
        "left": turn.books.spendable(turn.now),
    }
    more: dict[str, JsonValue] = {
        "promised_on": claimed.promised_on.isoformat() if claimed.promised_on else None,
        "link": link_of(turn, claimed),
        "open_until": claimed.open_until.isoformat() if claimed.open_until else None,
    }
    return {**result, **{name: value for name, value in more.items() if value is not None}}
