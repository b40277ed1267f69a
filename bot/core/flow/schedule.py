"""When a flow starts by the clock: `daily 12:00`, `weekly mon,thu 09:00`, `monthly 1 09:00`, in a zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.core.local_time import instant_of, local_date, parse_clock

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EXAMPLES = "write daily 12:00, weekly mon 09:00 or monthly 1 09:00"
_PARTS = {"daily": 2, "weekly": 3, "monthly": 3}
_MONTH_DAYS = 31


@dataclass(frozen=True, slots=True)
class Schedule:
    """A civil time on certain days; no weekdays and no month days: every day.

    A month that lacks the day (the 31st) has it on its last.
    """

    clock: time
    weekdays: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()

    def next_after(self, after: datetime, zone: str) -> datetime:
        """Return the first instant later than `after` at which it strikes in `zone`."""
        day = local_date(after, zone)
        while True:
            if self.includes(day):
                instant = instant_of(day, self.clock, zone)
                if instant > after:
                    return instant
            day += timedelta(days=1)

    def includes(self, day: date) -> bool:
        """Whether it strikes on that day."""
        if self.weekdays:
            return day.weekday() in self.weekdays
        if self.month_days:
            is_last = (day + timedelta(days=1)).month != day.month
            return day.day in self.month_days or (is_last and max(self.month_days) > day.day)
        return True


def parse_schedule(text: str) -> Schedule:
    """Read a schedule.

    Raises:
        ValueError: with a sentence that says what is wrong and what to write.
    """
    words = text.lower().split()
    kind = words[0] if words else ""
    if kind not in _PARTS or len(words) != _PARTS[kind]:
        raise ValueError(f"'{text}' is no schedule; {_EXAMPLES}")
    clock = parse_clock(words[-1])
    if kind == "weekly":
        return Schedule(clock, weekdays=frozenset(weekday(word) for word in words[1].split(",")))
    if kind == "monthly":
        return Schedule(clock, month_days=frozenset(_month_day(word) for word in words[1].split(",")))
    return Schedule(clock)


def weekday(word: str) -> int:
    """Return a weekday's number, Monday 0.

    Raises:
        ValueError: with a sentence for the marketer.
    """
    short = word.lower()[:3]
    if short not in WEEKDAYS or not word.isalpha():
        raise ValueError(f"'{word}' is no weekday; write one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(short)


def _month_day(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= _MONTH_DAYS:
        raise ValueError(f"'{word}' is no day of a month; write a number from 1 to 31")
    return int(word)
