"""Quiet hours, holidays and caps of `flows/policy.yaml`, worked out once more and in another way."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from bot.core.messages import MessageClass
from tests.lives.phone import Entry

COUNTED = (MessageClass.SERVICE, MessageClass.MARKETING)
_QUIET = {
    MessageClass.MARKETING: (time(20), time(9)),
    MessageClass.SERVICE: (time(21), time(8, 30)),
}
_CAPS: tuple[tuple[str, str, int, int], ...] = (
    ("message_class", "marketing", 1, 1),
    ("message_class", "marketing", 4, 7),
    ("tag", "sale", 2, 3),
    ("any", "", 3, 1),
)
_US = holidays.country_holidays("US")
_ZONES = (files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines()
_IN_THE_US = frozenset(line.split("\t")[2] for line in _ZONES if line.startswith("US\t"))


@lru_cache(maxsize=64)
def zones_of(number: str) -> tuple[str, ...]:
    """Every zone a number may be in."""
    found = time_zones_for_number(phonenumbers.parse(number))
    return tuple(zone for zone in found if zone != "Etc/Unknown")


def why_quiet(message_class: MessageClass, zones: tuple[str, ...], at: datetime) -> str | None:
    """Say why nothing of the class may come now to who lives in one of the zones, the likeliest first."""
    if message_class not in COUNTED:
        return None
    if not _have_an_hour(message_class, zones, at.date()):
        zones = zones[:1]
    for zone in zones:
        local = at.astimezone(ZoneInfo(zone))
        if not _is_awake(message_class, zone, at):
            return f"{local:%H:%M} in {zone}"
        if message_class is MessageClass.MARKETING and zone in _IN_THE_US and local.date() in _US:
            return f"{_US.get(local.date())} in {zone}"
    return None


def over_cap(arrived: Iterable[Entry]) -> str | None:
    """Say which cap the messages that arrived at one contact exceed."""
    entries = [one for one in arrived if one.message_class in COUNTED]
    for name, value, most, days in _CAPS:
        covered = [one for one in entries if name == "any" or getattr(one, name) == value]
        by_day = Counter(date.fromisoformat(one.day) for one in covered)
        for first in by_day:
            sent = sum(by_day[first + timedelta(days=ahead)] for ahead in range(days))
            if sent > most:
                return f"{sent} of {value or 'all'} in {days} days from {first}, {most} is the most"
    return None


def _is_awake(message_class: MessageClass, zone: str, at: datetime) -> bool:
    starts, ends = _QUIET[message_class]
    return ends <= at.astimezone(ZoneInfo(zone)).time() < starts


@lru_cache(maxsize=1024)
def _have_an_hour(message_class: MessageClass, zones: tuple[str, ...], day: date) -> bool:
    """Whether there is a quarter of an hour around that day at which all of them are awake."""
    begins = datetime.combine(day, time(0), ZoneInfo("UTC"))
    quarters = (begins + timedelta(minutes=15 * number) for number in range(2 * 96))
    return any(all(_is_awake(message_class, zone, at) for zone in zones) for at in quarters)
