"""The check-in ladder: once each day of one's own, a reward that rises with the days one after another.

A day is one of the contact's calendar. Who travels, or changes the zone, has no day twice: the day checked in
on must be over where it was checked in on, and the calendar here must show a later one.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from bot.core.local_time import end_of_day_exclusive, local_date, start_of_day
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Minor, Rule

_DAY = timedelta(days=1)


class StepBack(Rule):
    """Each missed day takes the ladder back so many steps, never below the first."""

    step_back: int = Field(ge=1)


class Checkin(Benefit):
    """What checking in brings: `rewards` of the first day, the second and so on; the last one repeats.

    `missed` says what a missed day costs: everything (`reset`), or so many steps back. `fund` is what pays
    for it, and `most_per_day` what all members together may be given on one day of the shop.
    """

    rewards: Annotated[tuple[Minor, ...], Field(min_length=1)]
    missed: Literal["reset"] | StepBack = "reset"
    fund: str | None = None
    most_per_day_minor: Minor | None = Field(default=None, alias="most_per_day")
    expiry: Expiry | None = None

    def reward_minor(self, step: int) -> int:
        """What a step brings, counted from 1; beyond the top the top repeats."""
        return self.rewards[min(step, len(self.rewards)) - 1]


@dataclass(frozen=True, slots=True)
class Streak:
    """Where a contact stands on the ladder: the last day it checked in on, a day in `zone`.

    `step` is the step that day brought, at most the ladder's top; `days` are those one after another.
    """

    step: int
    days: int
    last_on: date
    zone: str


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A day checked in on, what it brings, and how many days were missed before it."""

    streak: Streak
    reward_minor: int
    next_minor: int
    """What the next day brings if it is not missed."""
    missed_days: int


@dataclass(frozen=True, slots=True)
class TooEarly:
    """This day was checked in on before; `next_at` is when the next one begins."""

    streak: Streak
    next_at: datetime
    next_minor: int


def check_in(ladder: Checkin, before: Streak | None, now: datetime, zone: str) -> CheckedIn | TooEarly:
    """Check in now, in `zone`; pure, so that a turn decided twice decides the same."""
    today = local_date(now, zone)
    if before is None:
        return _checked_in(ladder, Streak(1, 1, today, zone), missed_days=0)
    next_at = next_check_in_at(before, zone)
    if now < next_at:
        return TooEarly(before, next_at, ladder.reward_minor(before.step + 1))
    # The day on which it could first have been done again: a day that no calendar showed is not missed.
    missed_days = (today - local_date(next_at, zone)) // _DAY
    step = min(before.step, len(ladder.rewards)) + 1
    if missed_days:
        step = 1 if ladder.missed == "reset" else max(1, step - missed_days * ladder.missed.step_back)
    days = 1 if missed_days else before.days + 1
    return _checked_in(ladder, Streak(min(step, len(ladder.rewards)), days, today, zone), missed_days)


def next_check_in_at(streak: Streak, zone: str) -> datetime:
    """When one may check in again in `zone`: the last day is over there and where it was checked in on."""
    return max(end_of_day_exclusive(streak.last_on, streak.zone), start_of_day(streak.last_on + _DAY, zone))


def _checked_in(ladder: Checkin, streak: Streak, missed_days: int) -> CheckedIn:
    return CheckedIn(
        streak, ladder.reward_minor(streak.step), ladder.reward_minor(streak.step + 1), missed_days
    )
