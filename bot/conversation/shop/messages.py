"""A message whose text the shop brings along: put before the gate like every other."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.inbox_turns import open_inbox
from bot.core.errors import Refused
from bot.core.in_app import APP
from bot.core.messages import MessageClass
from bot.core.turn import Turn

SAY = "message.say"
STEP = "asked"
"""What such a message is called in figures, instead of a flow's step."""
Body = Mapping[str, JsonValue]
_UNPROCESSABLE = 422


def say(turn: Turn, body: Body) -> Body:
    """Say `text` on `channel` as marketing of `group`; left out, it is the only group there is.

    In the inbox it waits for who opens our pages. What the gate says of it is told, and stays on record.

    Raises:
        Refused: which group it belongs to is not said, or there is none of that name.
    """
    channel = str(body["channel"])
    if channel == APP:
        open_inbox(turn)
    queued = turn.say(
        str(body["text"]),
        flow="",
        step=STEP,
        message_class=MessageClass.MARKETING,
        group=_group(turn, body.get("group")),
        channel=channel,
    )
    return {
        "message": queued.message.id,
        "state": queued.state.value,
        "reason": queued.reason,
        "explanation": queued.explanation,
    }


def _group(turn: Turn, named: JsonValue) -> str:
    groups = sorted(turn.shop.groups)
    if named is None and len(groups) == 1:
        return groups[0]
    if named not in groups:
        what = f"there is no subscription group '{named}'" if named else "no subscription group is named"
        raise Refused(what, f"name one of {', '.join(groups)} as subscription_group_id", _UNPROCESSABLE)
    return str(named)
