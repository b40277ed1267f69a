"""Snoozing: nothing but answers until then, and the way back."""

from collections.abc import Mapping
from datetime import timedelta

from bot.core.contact import JsonValue
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.turn import Turn
from bot.core.until import read_until

SNOOZE_MAX = timedelta(days=366)
"""Whoever wants silence for longer wants STOP."""


@handler(
    arguments=("period", "usual"),
    returns=("until", "is_day", "ending", "ending_on"),
    problems=("not_understood", "too_long"),
)
def snooze(turn: Turn) -> Mapping[str, JsonValue]:
    """Let nothing but answers leave for a `period` ("2 weeks", "until monday"); without one, the `usual`.

    `until` is when it ends, on the contact's clock; `is_day` says that it is the beginning of a day. `ending`
    is credit that ends before, the last day of which is `ending_on`: no reminder of that will come.

    Raises:
        TellMember: `not_understood`, or `too_long`.
    """
    words = str(turn.arguments.get("period") or "").strip() or str(turn.arguments.get("usual") or "")
    contact = turn.contact
    until = read_until(words, now=turn.now, zone=contact.zone, locale=contact.locale)
    if until is None:
        raise TellMember("not_understood")
    if until.at - turn.now > SNOOZE_MAX:
        raise TellMember("too_long")
    turn.snooze(until.at)
    ends = turn.books.balance(turn.now).endings if contact.is_member else ()
    ending = [one for one in ends if one.ends_at is not None and one.ends_at <= until.at]
    last_day = ending[0].good_through if ending else None
    return {
        "until": until.at.isoformat(),
        "is_day": until.is_day,
        "ending": sum(one.amount_minor for one in ending if one.good_through == last_day),
        "ending_on": last_day.isoformat() if last_day else None,
    }


@handler(returns=("was_snoozed",))
def resume(turn: Turn) -> Mapping[str, JsonValue]:
    """End a snooze; `was_snoozed` says whether there was one. What waited goes as soon as it may."""
    until = turn.contact.snoozed_until
    was_snoozed = until is not None and until > turn.now
    if was_snoozed:
        turn.snooze(turn.now)
    return {"was_snoozed": was_snoozed}
