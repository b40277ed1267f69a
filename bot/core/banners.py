"""Banners: messages that stand on top of our pages until they end; they stay in the inbox like all others."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.core.local_time import instant_of, local_date, next_at

SHOWN_MAX = 3
"""How many stand there at once: the newest."""
USUAL = timedelta(days=7)
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Banner:
    """Until when it stands: for a time, until a clock that is next, of a weekday (Monday 0) or a day."""

    within: timedelta = USUAL
    clock: time | None = None
    weekday: int | None = None
    day: date | None = None

    def ends_at(self, now: datetime, zone: str) -> datetime:
        """Return the instant of its end, on the contact's own clock."""
        if self.clock is None:
            return now + self.within
        if self.day is not None:
            return instant_of(self.day, self.clock, zone)
        if self.weekday is None:
            return next_at(self.clock, zone, now)
        today = local_date(now, zone)
        day = today + timedelta(days=(self.weekday - today.weekday()) % _WEEK)
        ends_at = instant_of(day, self.clock, zone)
        return ends_at if ends_at > now else instant_of(day + timedelta(days=_WEEK), self.clock, zone)
