"""Public holidays of countries and their parts, for policies that ask for them."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from babel.core import get_global
from rapidfuzz import process

if TYPE_CHECKING:
    from holidays import HolidayBase

_NOWHERE = "ZZ"
"""The country of zones that are no place's, as the CLDR says it."""


def holiday_on(day: date, calendars: tuple[str, ...]) -> str | None:
    """Return the name of the holiday that day is in one of the calendars; None on any other day."""
    return _year(calendars, day.year).get(day)


def holiday_in(day: date, calendars: tuple[str, ...], zone: str) -> str | None:
    """The same, for who lives in the zone: calendars of other countries are not theirs.

    Of a zone whose country is not known every calendar is.
    """
    kept = _kept_in(calendars, zone)
    return holiday_on(day, kept) if kept else None


def check_calendar(name: str) -> None:
    """Make sure that a calendar is known: a country like `us`, or a part of one like `us-ca`.

    Raises:
        ValueError: with a sentence that says what to write instead.
    """
    _calendar(name)


@lru_cache(maxsize=1024)
def _kept_in(calendars: tuple[str, ...], zone: str) -> tuple[str, ...]:
    aliases, countries = get_global("zone_aliases"), get_global("zone_territories")
    country = countries.get(aliases.get(zone, zone), _NOWHERE)
    if country == _NOWHERE:
        return calendars
    return tuple(name for name in calendars if name.upper().partition("-")[0] == country)


@lru_cache(maxsize=64)
def _year(calendars: tuple[str, ...], year: int) -> Mapping[date, str]:
    found: dict[date, str] = {}
    for name in reversed(calendars):  # where several have a name for a day, the first calendar's is told
        found.update(_calendar(name, year))
    return found


def _calendar(name: str, year: int | None = None) -> "HolidayBase":
    import holidays  # noqa: PLC0415  0.13 s that only a policy with holidays need pay

    country, _, part = name.upper().partition("-")
    parts = holidays.list_supported_countries()
    if country not in parts:
        raise ValueError(f"'{name}' is no country we know holidays of; write its two letters, like us or de")
    if part and part not in parts[country]:
        near = process.extractOne(part, parts[country], score_cutoff=50)
        hint = f"did you mean {country}-{near[0]}?".lower() if near else f"write {country.lower()} alone"
        raise ValueError(f"'{name}': {country} has no such part; {hint}")
    # In English: it is the operator who reads the name.
    return holidays.country_holidays(country, subdiv=part or None, years=year, expand=False)
