"""Until when credit is good: the last local day that the program's rule gives it, and what moves that day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.core.local_time import add_months
from bot.core.loyalty.fields import Period, Rule, Span

_DAY = timedelta(days=1)
_RENEWAL = re.compile(r"(\d+)mo(\d+)d/(\w+):([a-z,]+)")

Rounding = Literal["day", "week", "month", "quarter", "year"]


class Activity(StrEnum):
    """What a member does that starts the clock of inactivity anew."""

    PURCHASE = "purchase"
    EARN = "earn"
    REDEEM = "redeem"


@dataclass(frozen=True, slots=True)
class Renewal:
    """By what the end of credit is moved, and how far; frozen into every lot as text."""

    span: Span
    round_up_to: str
    activities: frozenset[Activity]

    def expires_on(self, active_on: date) -> date:
        """The last day on which credit is good whose owner was last active on that day."""
        return max(active_on, _round_up(self.span.after(active_on), self.round_up_to))

    def __str__(self) -> str:
        """As a lot keeps it, like `12mo0d/month:earn,purchase`."""
        activities = ",".join(sorted(self.activities))
        return f"{self.span.months}mo{self.span.days}d/{self.round_up_to}:{activities}"


@lru_cache(maxsize=256)
def renewal_of(kept: str) -> Renewal:
    """Read what a lot keeps."""
    found = _RENEWAL.fullmatch(kept)
    assert found is not None, f"{kept} is no renewal"
    months, days, rounding, activities = found.groups()
    known = frozenset(Activity(activity) for activity in activities.split(","))
    return Renewal(Span(int(months), int(days)), rounding, known)


class Expiry(Rule):
    """Until when credit is good: `after` a period, through a fixed day (`on`), or, with neither, for ever.

    The period counts from the local day on which the credit can first be spent. With `inactive_for` it begins
    anew whenever the member does something of `restarted_by`. `round_up_to` then moves the day to the end of
    its week (Sunday), month, quarter or year.
    """

    after: Period | None = None
    on: date | None = None
    inactive_for: Period | None = None
    restarted_by: tuple[Activity, ...] = Field(default=tuple(Activity), min_length=1)
    round_up_to: Rounding = "day"

    @model_validator(mode="before")
    @classmethod
    def _never(cls, written: object) -> object:
        return {} if written == "never" else written

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = {"after": self.after, "on": self.on, "inactive_for": self.inactive_for}
        written = [f"`{name}`" for name, way in ways.items() if way is not None]
        if len(written) > 1:
            raise ValueError(f"both {' and '.join(written)} say when credit ends; keep one of them")
        if self.inactive_for is None and "restarted_by" in self.model_fields_set:
            raise ValueError("`restarted_by` needs a clock to restart; add `inactive_for`, or take it out")
        return self

    @property
    def is_never(self) -> bool:
        """Whether credit is good for ever."""
        return self.after is None and self.on is None and self.inactive_for is None

    @property
    def renewal(self) -> Renewal | None:
        """What moves the end; None where nothing does."""
        if self.inactive_for is None:
            return None
        return Renewal(self.inactive_for, self.round_up_to, frozenset(self.restarted_by))

    def expires_on(self, start: date) -> date | None:
        """The last day on which credit that can be spent from `start` is good; never before `start`."""
        period = self.after or self.inactive_for
        if period is not None:
            end = period.after(start)
        elif self.on is not None:
            end = self.on
        else:
            return None
        return max(start, _round_up(end, self.round_up_to))


def _round_up(day: date, unit: str) -> date:
    if unit == "week":
        return day + timedelta(days=6 - day.weekday())
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if months is None:
        return day
    first = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return add_months(first, months) - _DAY
