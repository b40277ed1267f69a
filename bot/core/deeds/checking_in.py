"""Checking in, in a turn: once a day of the contact's own, a little credit that rises with the days."""

from dataclasses import dataclass
from datetime import date

from bot.core.contact import JsonValue
from bot.core.deeds.giving import Given, Purse, give
from bot.core.deeds.whom import refusal_in
from bot.core.errors import TellMember
from bot.core.ledger.entries import Cause
from bot.core.loyalty.checkin import CheckedIn, Checkin, Streak, TooEarly
from bot.core.loyalty.checkin import check_in as stepped
from bot.core.loyalty.standing import Standing
from bot.core.turn import Turn

KIND = "checkin"
"""The kind of standing that a streak is kept as, and the source type of what it brings."""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A day that was checked in on, and what it gave."""

    found: CheckedIn
    given: Given


def ladder_of(turn: Turn) -> Checkin:
    """Return the ladder that is for the contact now.

    Raises:
        TellMember: `no_checkin`: the program has none; `not_for_you`.
    """
    ladder = turn.program.checkin
    if ladder is None:
        raise TellMember("no_checkin")
    if refusal_in(turn, ladder) is not None:
        raise TellMember("not_for_you")
    return ladder


def found_in(turn: Turn, ladder: Checkin) -> CheckedIn | TooEarly:
    """Say what checking in comes to now, without doing it."""
    return stepped(ladder, _streak(turn), turn.now, turn.contact.zone)


def check_in(turn: Turn) -> CheckIn:
    """Check the contact in: the day counts, also where fund or cap have nothing left to give.

    Raises:
        TellMember: nothing changed: `no_checkin`; `not_for_you`; `too_early` with `next_at` and `next`.
    """
    ladder = ladder_of(turn)
    found = found_in(turn, ladder)
    if not isinstance(found, CheckedIn):
        raise TellMember("too_early", next_at=found.next_at.isoformat(), next=found.next_minor)
    streak = found.streak
    # The day is in the key: even if the ladder were lost, the books would give no day twice.
    cause = Cause(
        f"checkin/{streak.last_on.isoformat()}",
        actor=f"contact/{turn.contact.id}",
        source_type=KIND,
        source_id=str(streak.step),
    )
    purse = Purse(KIND, ladder.fund, ladder.most_per_day_minor)
    given = give(turn, found.reward_minor, purse, cause, ladder.expiry)
    _keep(turn, streak)
    facts: dict[str, JsonValue] = {"day": streak.step, "days": streak.days, "credit": given.granted_minor}
    turn.track("Checked In", facts)
    return CheckIn(found, given)


def _streak(turn: Turn) -> Streak | None:
    kept = turn.effects.kept.get(("standing", KIND), ...)
    standing = turn.needed("standing", KIND) if kept is ... else kept
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
    turn.keep("standing", KIND, Standing(KIND, str(streak.step), turn.now, facts=facts))
