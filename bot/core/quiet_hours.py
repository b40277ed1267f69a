"""Quiet hours: when not to write where a contact lives, and the first moment after them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.core.local_time import instant_of, local_date, start_of_day, zone_of
from bot.core.public_holidays import holiday_in

_ZONES_APART = timedelta(days=2)
"""Where no hour within it is awake in all zones, there is none: what repeats, repeats daily."""
_DAYS_SHUT = timedelta(days=30)


class Late(StrEnum):
    """What becomes of a message that the gate holds back."""

    SEND = "send"  # it goes as soon as it may
    SKIP = "skip"  # it goes if that is soon enough, otherwise not at all


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When not to write, on the contact's clock: from `starts` (inclusive) to `ends` (exclusive).

    Nor on the holidays of the calendars named, the whole day, for whom they are holidays. With `late` SKIP a
    message that could leave only more than `within` after its time does not leave at all.
    """

    starts: time
    ends: time
    late: Late = Late.SEND
    within: timedelta = timedelta(hours=12)
    holidays: tuple[str, ...] = ()

    def contain(self, clock: time) -> bool:
        """Whether it is quiet at that time of day; the window may span midnight, an empty one never is."""
        if self.starts <= self.ends:
            return self.starts <= clock < self.ends
        return clock >= self.starts or clock < self.ends


# 47 CFR 64.1200(c)(1) says 21:00 to 8:00 where the called party is; some states start at 9:00 only.
# https://www.ecfr.gov/current/title-47/section-64.1200
NIGHT = QuietHours(starts=time(21), ends=time(9))

PREFERRED_HOURS: Mapping[str, QuietHours] = MappingProxyType(
    {
        "mornings": QuietHours(starts=time(12), ends=time(8)),
        "afternoons": QuietHours(starts=time(17), ends=time(12)),
        "evenings": QuietHours(starts=time(21), ends=time(17)),
    }
)
"""What a contact can ask for, as the hours it leaves quiet."""


@dataclass(frozen=True, slots=True)
class Pause:
    """It is quiet until then; `zone` is where it is quiet longest, `holiday` the first on the way there."""

    until: datetime
    zone: str
    holiday: str | None = None


def pause(quiet: QuietHours, zones: tuple[str, ...], at: datetime) -> Pause | None:
    """Return how long it is quiet from `at` on in one of the zones or another; None where it is awake in all.

    Zones so far apart that it is always quiet somewhere leave only the first to ask.
    """
    found = _pause(quiet, zones, at, _DAYS_SHUT if quiet.holidays else _ZONES_APART)
    if found is None or found.until - at <= _ZONES_APART or len(zones) == 1:
        return found
    if quiet.holidays and _meet(quiet, zones, at):
        return found  # a row of holidays
    return _pause(quiet, zones[:1], at, _DAYS_SHUT)


def days_lost(quiet: QuietHours, zones: tuple[str, ...], since: datetime, until: datetime) -> timedelta:
    """Return the days between that were somebody's holiday in one of the zones, where hours were lost to it.

    By so much a message may be later: a holiday delays it by a day, and is no reason not to send it.
    """
    hours, lost = QuietHours(quiet.starts, quiet.ends), set[date]()
    for zone in zones if quiet.holidays else ():
        day = local_date(since, zone)
        while (begins := max(since, start_of_day(day, zone))) < until:
            ends = start_of_day(day + timedelta(days=1), zone)
            if holiday_in(day, quiet.holidays, zone) is not None:
                asleep = _pause_in(hours, zone, begins)
                if asleep is None or asleep.until < ends:
                    lost.add(day)
            day += timedelta(days=1)
    return timedelta(days=len(lost))


def _meet(quiet: QuietHours, zones: tuple[str, ...], at: datetime) -> bool:
    """Whether there is an hour of the day at which it is awake in all zones."""
    hours = QuietHours(quiet.starts, quiet.ends)
    found = _pause(hours, zones, at, _ZONES_APART)
    return found is None or found.until - at <= _ZONES_APART


def _pause(quiet: QuietHours, zones: tuple[str, ...], at: datetime, most: timedelta) -> Pause | None:
    """As `pause`, but gives up once it has lasted longer than `most`."""
    found: Pause | None = None
    awake = at
    while awake - at <= most:
        before = awake
        for zone in zones:
            longer = _pause_in(quiet, zone, awake)
            if longer is not None:
                before_it = found.holiday if found is not None else None
                found, awake = replace(longer, holiday=before_it or longer.holiday), longer.until
        if awake == before:
            break
    return found


def _pause_in(quiet: QuietHours, zone: str, at: datetime) -> Pause | None:
    local = at.astimezone(zone_of(zone))
    if quiet.holidays and (holiday := holiday_in(local.date(), quiet.holidays, zone)) is not None:
        return Pause(start_of_day(local.date() + timedelta(days=1), zone), zone, holiday)
    if not quiet.contain(local.time()):
        return None
    for days in range(3):
        day = local.date() + timedelta(days=days)
        for end in _shown(day, quiet.ends, zone):
            if end > at:
                return Pause(end, zone)
    raise AssertionError("a clock shows every time within two days")


def _shown(day: date, clock: time, zone: str) -> tuple[datetime, ...]:
    """The instants at which a clock there shows it: two where clocks are set back over it."""
    first = instant_of(day, clock, zone)
    again = datetime.combine(day, clock, zone_of(zone)).replace(fold=1).astimezone(UTC)
    return (first, again) if again > first else (first,)
