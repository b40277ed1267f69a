"""Checking in: once a day of the contact's own, a little credit that rises with the days."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.checking_in import check_in
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(
    returns=("granted", "desired", "expires_on", "days", "missed", "next", "left"),
    problems=("no_checkin", "not_for_you", "too_early"),
)
def checkin(turn: Turn) -> Mapping[str, JsonValue]:
    """Check the member in: `granted` is what it brought today, `days` how many it came one after another.

    `desired` is what it would have been, had fund and cap of the day not run dry; `missed` is how many days
    were missed before, `next` what tomorrow brings, `left` what can be spent now.

    Raises:
        TellMember: `no_checkin`: the program has none; `not_for_you`; `too_early` with `next_at` and `next`.
    """
    done = check_in(turn)
    found, given = done.found, done.given
    return {
        "granted": given.granted_minor,
        "desired": given.desired_minor,
        "expires_on": given.expires_on.isoformat() if given.expires_on else None,
        "days": found.streak.days,
        "missed": found.missed_days,
        "next": found.next_minor,
        "left": turn.books.spendable(turn.now),
    }
