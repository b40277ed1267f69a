"""Hours: at what time of day a contact likes to hear from us."""

from collections.abc import Mapping
from datetime import time

from bot.core.contact import JsonValue
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.gate import Policy
from bot.core.local_time import instant_of, local_date
from bot.core.quiet_hours import PREFERRED_HOURS, QuietHours
from bot.core.turn import Turn

_ANYTIME = "anytime"


@handler(arguments=("wanted",), returns=("begins", "ends"), problems=("unknown_hours",))
def hours(turn: Turn) -> Mapping[str, JsonValue]:
    """Keep the `wanted` hours: `mornings`, `afternoons`, `evenings`, or `anytime`.

    `begins` and `ends` are today's, on the contact's clock, as far as they lie outside the shop's own quiet
    hours; None for `anytime`.

    Raises:
        TellMember: `unknown_hours`.
    """
    wanted = str(turn.arguments.get("wanted") or "")
    if wanted == _ANYTIME:
        turn.prefer_hours(None)
        return {"begins": None, "ends": None}
    if wanted not in PREFERRED_HOURS:
        raise TellMember("unknown_hours")
    turn.prefer_hours(wanted)
    begins, ends = _open(PREFERRED_HOURS[wanted], turn.shop.policy)
    zone = turn.contact.zone
    today = local_date(turn.now, zone)
    return {
        "begins": instant_of(today, begins, zone).isoformat(),
        "ends": instant_of(today, ends, zone).isoformat(),
    }


def _open(preferred: QuietHours, policy: Policy) -> tuple[time, time]:
    """From when to when a message of some class can come: what is left of the hours beside quiet ones."""
    begins, ends = preferred.ends, preferred.starts
    left = []
    for quiet in policy.quiet.values():
        first, last = (max(begins, quiet.ends), min(ends, quiet.starts))
        if quiet.starts > quiet.ends and first < last:  # a night; other pauses cut no end off
            left.append((first, last))
    return (min(left)[0], max(end for _, end in left)) if left else (begins, ends)
