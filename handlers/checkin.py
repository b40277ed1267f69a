"""Checking in: once a day of the contact's own, a little credit that rises with the days."""

from collections.abc import Mapping
from datetime import date

from bot.core.contact import JsonValue
from bot.core.deeds.giving import Purse, give
from bot.core.deeds.whom import refusal_in
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.ledger.entries import Cause
from bot.core.loyalty.checkin import CheckedIn, Streak, check_in
from bot.core.loyalty.standing import Standing
from bot.core.turn import Turn

_KIND = "checkin"


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
    ladder, contact = turn.program.checkin, turn.contact
    if ladder is None:
        raise TellMember("no_checkin")
    if refusal_in(turn, ladder) is not None:
        raise TellMember("not_for_you")
    found = check_in(ladder, _streak(turn), turn.now, contact.zone)
    if not isinstance(found, CheckedIn):
        raise TellMember("too_early", next_at=found.next_at.isoformat(), next=found.next_minor)
    streak = found.streak
    # The day is in the key: even if the ladder were lost, the books would give no day twice.
    cause = Cause(
        f"checkin/{streak.last_on.isoformat()}",
        actor=f"contact/{contact.id}",
        source_type="checkin",
        source_id=str(streak.step),
    )
    purse = Purse(_KIND, ladder.fund, ladder.most_per_day_minor)
    given = give(turn, found.reward_minor, purse, cause, ladder.expiry)
    _keep(turn, streak)
    facts: dict[str, JsonValue] = {"day": streak.step, "days": streak.days, "credit": given.granted_minor}
    turn.track("Checked In", facts)
    return {
        "granted": given.granted_minor,
        "desired": given.desired_minor,
        "expires_on": given.expires_on.isoformat() if given.expires_on else None,
        "days": streak.days,
        "missed": found.missed_days,
        "next": found.next_minor,
        "left": turn.books.spendable(turn.now),
    }


def _streak(turn: Turn) -> Streak | None:
    standing = turn.needed("standing", _KIND)
    if standing is None:
        return None
    assert isinstance(standing, Standing)
    days, last_on, zone = (standing.facts.get(name) for name in ("days", "last_on", "zone"))
    if not isinstance(days, int) or not isinstance(last_on, str) or not isinstance(zone, str):
        return None  # it was erased: whoever comes back begins again
    return Streak(int(standing.value), days, date.fromisoformat(last_on), zone)


def _keep(turn: Turn, streak: Streak) -> None:
    facts: dict[str, JsonValue] = {
        "days": streak.days,
        "last_on": streak.last_on.isoformat(),
        "zone": streak.zone,
    }
    turn.keep("standing", _KIND, Standing(_KIND, str(streak.step), turn.now, facts=facts))
