"""When a flow starts by the clock: `daily 12:00`, `weekly mon,thu 09:00`, `once 2026-12-24 10:00`, in a zone.

A strike belongs to a civil date, and a contact has each date's strike once, whichever zones it lived in.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.core.ids import EPOCH
from bot.core.local_time import instant_of, local_date, parse_clock, start_of_day

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EXAMPLES = "write daily 12:00, weekly mon 09:00 or monthly 1 09:00"
_EXAMPLES_ONCE = "write daily 12:00, weekly mon 09:00, monthly 1 09:00 or once 2026-12-24 10:00"
_PARTS = {"daily": 2, "weekly": 3, "monthly": 3}
_ONCE_PARTS = 3
_MONTH_DAYS = 31
_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Strike:
    """One time that a schedule strikes: the instant, and the civil date it is for."""

    at: datetime
    on: date


@dataclass(frozen=True, slots=True)
class Schedule:
    """A civil time on certain days; no weekdays and no month days: every day; `once`: on that day alone.

    A month that lacks the day (the 31st) has it on its last.
    """

    clock: time
    weekdays: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    once: date | None = None

    def __str__(self) -> str:
        """Write it as a marketer does."""
        clock = f"{self.clock:%H:%M}"
        if self.once is not None:
            return f"once {self.once} {clock}"
        if self.weekdays:
            return f"weekly {','.join(WEEKDAYS[day] for day in sorted(self.weekdays))} {clock}"
        if self.month_days:
            return f"monthly {','.join(map(str, sorted(self.month_days)))} {clock}"
        return f"daily {clock}"

    def next_after(self, after: datetime, zone: str) -> datetime:
        """Return the first instant later than `after` at which a schedule that repeats strikes in `zone`."""
        found = self.strike_after(after, zone)
        assert found is not None, "it strikes again and again"
        return found.at

    def strike_after(self, after: datetime, zone: str) -> Strike | None:
        """Return the first strike later than `after` in `zone`; None where there is none any more."""
        if self.once is not None:
            found = Strike(instant_of(self.once, self.clock, zone), self.once)
            return found if found.at > after and _is_there(self.once, zone) else None
        day = local_date(after, zone) - _DAY  # a strike that a clock change moves may be on the next date
        while True:
            if self.includes(day) and _is_there(day, zone):
                at = instant_of(day, self.clock, zone)
                if at > after:
                    return Strike(at, day)
            day += _DAY

    def latest(self, since: datetime, until: datetime, zone: str) -> Strike | None:
        """Return the last strike in `zone` later than `since`, up to `until`; None where there is none."""
        first, day = local_date(since, zone) - _DAY, local_date(until, zone)
        if self.once is not None:
            first = day = self.once
        while day >= first:
            if self.includes(day) and _is_there(day, zone):
                at = instant_of(day, self.clock, zone)
                if at <= since:
                    return None
                if at <= until:
                    return Strike(at, day)
            day -= _DAY
        return None

    def may_strike(self, since: datetime, until: datetime) -> bool:
        """Whether it may strike in some zone later than `since`, up to `until`.

        All zones are whole quarters of an hour from UTC, and their clocks change at such.
        """
        return any(
            (since - EPOCH - minutes) // _QUARTER < (until - EPOCH - minutes) // _QUARTER
            for minutes in (timedelta(), timedelta(minutes=self.clock.minute))
        )

    def passed_over(self, left: str, came_to: str, at: datetime) -> Strike | None:
        """Return the strike that somebody misses who moves from one zone to another at that instant.

        Where they are now it has struck already, where they were it had not yet. Of several only the last.
        """
        strike = self.latest(at - 2 * _DAY, at, came_to)  # no two zones are further apart
        if strike is None or not _is_there(strike.on, left) or instant_of(strike.on, self.clock, left) <= at:
            return None
        return strike

    def includes(self, day: date) -> bool:
        """Whether it strikes on that day."""
        if self.once is not None:
            return day == self.once
        if self.weekdays:
            return day.weekday() in self.weekdays
        if self.month_days:
            is_last = (day + _DAY).month != day.month
            return day.day in self.month_days or (is_last and max(self.month_days) > day.day)
        return True


def parse_schedule(text: str) -> Schedule:
    """Read a schedule that repeats.

    Raises:
        ValueError: with a sentence that says what is wrong and what to write.
    """
    return _parsed(text, _EXAMPLES)


def parse_schedule_or_once(text: str) -> Schedule:
    """Read a schedule, or a single time as `once 2026-12-24 10:00`.

    Raises:
        ValueError: with a sentence that says what is wrong and what to write.
    """
    words = text.lower().split()
    if not words or words[0] != "once":
        return _parsed(text, _EXAMPLES_ONCE)
    if len(words) != _ONCE_PARTS:
        raise ValueError(f"'{text}' is no schedule; {_EXAMPLES_ONCE}")
    try:
        day = date.fromisoformat(words[1])
    except ValueError as error:
        raise ValueError(f"'{words[1]}' is no date; write it like once 2026-12-24 10:00") from error
    return Schedule(parse_clock(words[2]), once=day)


def weekday(word: str) -> int:
    """Return a weekday's number, Monday 0.

    Raises:
        ValueError: with a sentence for the marketer.
    """
    short = word.lower()[:3]
    if short not in WEEKDAYS or not word.isalpha():
        raise ValueError(f"'{word}' is no weekday; write one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(short)


def _parsed(text: str, examples: str) -> Schedule:
    words = text.lower().split()
    kind = words[0] if words else ""
    if kind not in _PARTS or len(words) != _PARTS[kind]:
        raise ValueError(f"'{text}' is no schedule; {examples}")
    clock = parse_clock(words[-1])
    if kind == "weekly":
        return Schedule(clock, weekdays=frozenset(weekday(word) for word in words[1].split(",")))
    if kind == "monthly":
        return Schedule(clock, month_days=frozenset(_month_day(word) for word in words[1].split(",")))
    return Schedule(clock)


def _is_there(day: date, zone: str) -> bool:
    """Whether there is such a date: zones that cross the date line leave one out."""
    return start_of_day(day, zone) < start_of_day(day + _DAY, zone)


def _month_day(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= _MONTH_DAYS:
        raise ValueError(f"'{word}' is no day of a month; write a number from 1 to 31")
    return int(word)
