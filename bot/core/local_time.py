"""Civil time: what "10:00", "Friday" and "in 3 days" mean where a person lives, as UTC instants.

A civil time that a clock change skips means the first instant after the gap; one that happens twice
means the first time.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rapidfuzz import process

_MIDNIGHT = time(0)
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
_AMOUNT = re.compile(r"(\d{1,9})\s*([a-z]+)\s*", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `15m`, `2h`, `1d`, `2 weeks`, `1d12h`.

    Raises:
        ValueError: with a sentence that says what to write instead.
    """
    wanted = text.strip().lower()
    total, position = timedelta(), 0
    while position < len(wanted) or not wanted:
        amount = _AMOUNT.match(wanted, position)
        unit = _UNITS.get(amount[2]) if amount else None
        if amount is None or unit is None:
            raise ValueError(_duration_problem(text, amount[2] if amount else ""))
        try:
            total += int(amount[1]) * unit
        except OverflowError as error:
            raise ValueError(f"'{text}' is longer than time itself") from error
        position = amount.end()
    return total


def spelt_duration(span: timedelta) -> str:
    """Write a duration as `parse_duration` reads it, to the second."""
    left, parts = int(span.total_seconds()), []
    for unit in ("d", "h", "m", "s"):
        amount, left = divmod(left, int(_UNITS[unit].total_seconds()))
        parts += [f"{amount}{unit}"] if amount else []
    return "".join(parts) or "0s"


def _duration_problem(text: str, unit: str) -> str:
    if unit.startswith(("mo", "y")):
        return f"'{text}': months and years differ in length; say it in days or weeks, like 30d"
    return f"'{text}' is not a duration; write a number and s, m, h, d or w, like 30s, 15m, 2h, 1d or 1d12h"


def parse_clock(text: str) -> time:
    """Read a civil time on the 24-hour clock, like `10:00` or `9:30`.

    Raises:
        ValueError: with a sentence that says what to write instead.
    """
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        raise ValueError(f"'{text}' is not a time of day; write hours and minutes, like 09:30 or 21:00")
    return time(int(clock[1]), int(clock[2]))


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the IANA zone of that name.

    Raises:
        ValueError: if there is none, with the nearest name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the name of a folder, "America"
        raise ValueError(_zone_problem(name)) from error


def _zone_problem(name: str) -> str:
    names = sorted(available_timezones())
    cities = {known.rpartition("/")[2].lower(): known for known in names if "/" in known}
    wanted = name.strip().lower().replace(" ", "_")
    near = process.extractOne(wanted, {known: known.lower() for known in names}, score_cutoff=75)
    suggestion = cities.get(wanted.rpartition("/")[2]) or (near[2] if near else None)
    hint = f"did you mean {suggestion}?" if suggestion else "write one like America/New_York"
    return f"'{name}' is not a time zone; {hint}"


@lru_cache(maxsize=4096)
def instant_of(day: date, clock: time, zone: str) -> datetime:
    """Return the first UTC instant at which a clock in `zone` shows `clock` or later on `day`."""
    wanted = datetime.combine(day, clock)
    here = zone_of(zone)
    instant = wanted.replace(tzinfo=here).astimezone(UTC)
    if instant.astimezone(here).replace(tzinfo=None) == wanted:
        return instant
    # In a gap: fold=1 reads it with the offset of after the change, which is an instant before it.
    return _end_of_gap(wanted.replace(tzinfo=here, fold=1).astimezone(UTC), instant, here)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    seconds_low, seconds_high = 0, int((after - before).total_seconds())
    while seconds_high - seconds_low > 1:
        middle = (seconds_low + seconds_high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            seconds_low = middle
        else:
            seconds_high = middle
    return before + timedelta(seconds=seconds_high)


def start_of_day(day: date, zone: str) -> datetime:
    """Return the UTC instant at which `day` begins in `zone`; not always at 00:00 there."""
    return instant_of(day, _MIDNIGHT, zone)


def end_of_day_exclusive(day: date, zone: str) -> datetime:
    """Return the UTC instant at which `day` is over in `zone`: the start of the next day."""
    return instant_of(day + timedelta(days=1), _MIDNIGHT, zone)


@lru_cache(maxsize=1024)
def local_date(now: datetime, zone: str) -> date:
    """Return the date on a calendar in `zone`."""
    return now.astimezone(zone_of(zone)).date()


def next_at(clock: time, zone: str, after: datetime) -> datetime:
    """Return the next UTC instant, later than `after`, at which a clock in `zone` shows `clock`."""
    today = local_date(after, zone)
    for days in range(3):
        instant = instant_of(today + timedelta(days=days), clock, zone)
        if instant > after:
            return instant
    raise AssertionError("a clock shows every time within two days")


def add_civil(now: datetime, days: int, zone: str) -> datetime:
    """Return the instant `days` calendar days from `now` at the same civil time in `zone`."""
    local = now.astimezone(zone_of(zone))
    return instant_of(local.date() + timedelta(days=days), local.time().replace(fold=0), zone)


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later (or earlier); the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
