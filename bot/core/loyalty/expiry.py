"""Until when credit is good: the last local day that the program's rule gives it."""

from datetime import date, timedelta
from typing import Literal, Self

from pydantic import model_validator

from bot.core.local_time import add_months
from bot.core.loyalty.fields import Period, Rule

_DAY = timedelta(days=1)


class Expiry(Rule):
    """Until when credit is good: `after` a period, through a fixed day (`on`), or, with neither, for ever.

    The period counts from the local day on which the credit can first be spent. `round_up_to` then moves
    the day to the end of its week (Sunday), month, quarter or year.
    """

    after: Period | None = None
    on: date | None = None
    round_up_to: Literal["day", "week", "month", "quarter", "year"] = "day"

    @model_validator(mode="before")
    @classmethod
    def _never(cls, written: object) -> object:
        return {} if written == "never" else written

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.after is not None and self.on is not None:
            raise ValueError("both `after` and `on` say when credit ends; keep one of them")
        return self

    def expires_on(self, start: date) -> date | None:
        """The last day on which credit that can be spent from `start` is good; never before `start`."""
        if self.after is not None:
            end = self.after.after(start)
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
