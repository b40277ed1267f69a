"""Funds: how much credit a campaign may cost in a day, week, month, year or at all; never more.

What is left of a fund is a counter that everybody takes from (see `Turn.take`); this module says which.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from bot.core.local_time import local_date, start_of_day
from bot.core.loyalty.fields import Minor, Rule

FundPeriod = Literal["day", "week", "month", "year", "all"]
"""After which a fund is full again; a week begins on Monday."""
Take = Callable[[str, int, int], int]
"""Takes so many minor units of a counter with that limit; returns how many it got, 0 to all of them."""


class Fund(Rule):
    """At most `limit` of credit is granted out of it `per` period."""

    limit_minor: Minor = Field(alias="limit")
    per: FundPeriod = "all"

    def counter(self, name: str, today: date) -> str:
        """Return the name of the counter of the period that `today`, a day of the shop, is in."""
        return f"budget/{name}/{period_of(self.per, today)}"


def period_of(per: FundPeriod, day: date) -> str:
    """Return the name of the period a day is in: `2026-11-23`, `2026-W48`, `2026-11`, `2026` or `all`."""
    if per == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return {"day": day.isoformat(), "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}.get(per, "all")


def period_start(per: str, now: datetime, zone: str) -> datetime | None:
    """Return when the shop's day, week, month or year began; None for what has no beginning."""
    today = local_date(now, zone)
    if per == "week":
        today = date.fromordinal(today.toordinal() - today.weekday())
    elif per == "month":
        today = today.replace(day=1)
    elif per == "year":
        today = today.replace(month=1, day=1)
    elif per != "day":
        return None
    return start_of_day(today, zone)
