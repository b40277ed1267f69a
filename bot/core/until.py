"""Until when: "2 weeks", "hasta el lunes", "到下周一" and "Dec 24" as an instant on somebody's clock.

English, Spanish and Chinese words are understood whatever the contact's language is, and the names of days
and months in that language too. What is left over means that it was not understood.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import product

from babel.dates import get_day_names

from bot.core.flow.answers import YEAR_UNKNOWN, read_date
from bot.core.keywords import normalise
from bot.core.local_time import add_months, instant_of, local_date, start_of_day, zone_of
from bot.core.money import babel_locale

_LANGUAGES = ("en", "es", "zh_Hans")
_DAYS_OF_WEEK = 7
_LEAP_YEARS_APART = 8  # around 2100


@dataclass(frozen=True, slots=True)
class Until:
    """An instant somebody named; `is_day` where they named a day, which is then the day's beginning."""

    at: datetime
    is_day: bool


def read_until(text: str, *, now: datetime, zone: str, locale: str) -> Until | None:
    """Read a period from now or a day or date to come; None where it is neither, or has passed."""
    plain = normalise(text)
    words = _within(plain)
    today = local_date(now, zone)
    at = _after(words, now, zone)
    if at is not None:
        return Until(at, is_day=False) if at > now else None
    day = _day(words, today, locale) or _dated(text, words, today, locale)
    return Until(start_of_day(day, zone), is_day=True) if day is not None and day > today else None


# ------------------------------------------------------------------------------------------ around it

_BEFORE = re.compile(
    r"^(?:(?:until|till|til|for|to|the|another|hasta|por|durante|el|la|los|las|a) "
    r"|(?:all|my|your|these|todos|todo|sus|mis|tus) "
    r"|(?:texts?|messages?|msgs?|sms|everything|mensajes?|textos?)(?: |$)"
    r"|短信|消息|一直|直到|到|至)+"
)
_BEHIND = re.compile(
    r"(?:(?: (?:from now|please|thanks|mas|por favor|gracias))|之?前|为止|以后|之后|后|再说)+$"
)


def _within(plain: str) -> str:
    """What is left without "until the" and its like."""
    return _BEHIND.sub("", _BEFORE.sub("", plain)).strip()


# ------------------------------------------------------------------------------------------ periods

_NUMBERS: Mapping[str, int] = {
    **dict.fromkeys(("a", "an", "one", "un", "una", "uno", "一"), 1),
    **dict.fromkeys(("two", "couple", "a couple of", "couple of", "dos", "二", "两"), 2),
    **dict.fromkeys(("three", "tres", "三"), 3),
    **dict.fromkeys(("four", "cuatro", "四"), 4),
    **dict.fromkeys(("five", "cinco", "五"), 5),
    **dict.fromkeys(("six", "seis", "六"), 6),
    **dict.fromkeys(("seven", "siete", "七"), 7),
    **dict.fromkeys(("eight", "ocho", "八"), 8),
    **dict.fromkeys(("nine", "nueve", "九"), 9),
    **dict.fromkeys(("ten", "diez", "十"), 10),
    **dict.fromkeys(("eleven", "once", "十一"), 11),
    **dict.fromkeys(("twelve", "doce", "十二"), 12),
}
_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuto", "minutos", "分钟"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "hora", "horas", "小时", "个小时", "个钟头"), "hour"),
    **dict.fromkeys(("d", "day", "days", "dia", "dias", "天", "日"), "day"),
    **dict.fromkeys(
        ("w", "wk", "wks", "week", "weeks", "semana", "semanas", "周", "星期", "个星期", "礼拜", "个礼拜"),
        "week",
    ),
    **dict.fromkeys(("fortnight", "quincena"), "fortnight"),
    **dict.fromkeys(("month", "months", "mes", "meses", "个月"), "month"),
    **dict.fromkeys(("y", "year", "years", "ano", "anos", "年"), "year"),
}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_PERIOD = re.compile(
    rf"(?P<number>\d{{1,6}}|{_any_of(_NUMBERS)})? ?(?P<unit>{_any_of(_UNITS)})(?![a-z])"
    r"(?: ?(?:and|y|和)(?![a-z]))? ?"
)
_CLOCK_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_DAY_UNITS = {"day": 1, "week": _DAYS_OF_WEEK, "fortnight": 2 * _DAYS_OF_WEEK}
_MONTH_UNITS = {"month": 1, "year": 12}


def _after(words: str, now: datetime, zone: str) -> datetime | None:
    """The end of a period from now: days and months on the contact's clock, hours as they pass."""
    position, days, months, passing = 0, 0, 0, timedelta()
    while position < len(words):
        part = _PERIOD.match(words, position)
        if part is None:
            return None
        said, unit = part["number"], part["unit"]
        number = 1 if said is None else int(said) if said.isdigit() else _NUMBERS[said]
        passing += number * _CLOCK_UNITS.get(_UNITS[unit], timedelta())
        days += number * _DAY_UNITS.get(_UNITS[unit], 0)
        months += number * _MONTH_UNITS.get(_UNITS[unit], 0)
        position = part.end()
    if not words:
        return None
    local = now.astimezone(zone_of(zone))
    try:
        day = add_months(local.date(), months) + timedelta(days=days)
        moved = instant_of(day, local.time().replace(fold=0), zone) if days or months else now
        return moved + passing
    except (OverflowError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


# ------------------------------------------------------------------------------------------ days to come

_TOMORROW = {"tomorrow": 1, "manana": 1, "day after tomorrow": 2, "pasado manana": 2, "明天": 1, "后天": 2}
_NEXT_WEEK = frozenset(
    {
        "next week",
        "proxima semana",
        "semana que viene",
        "semana proxima",
        "下周",
        "下星期",
        "下个星期",
        "下礼拜",
    }
)
_NEXT_MONTH = frozenset({"next month", "proximo mes", "mes que viene", "mes proximo", "下个月", "下月"})
_NEXT_YEAR = frozenset({"next year", "proximo ano", "ano que viene", "明年"})
_OF_NEXT_WEEK = re.compile(r"^(?:下周|下个?星期|下个?礼拜)(?P<day>.)$")
_NEXT = re.compile(r"^(?:next |this |proximo |este )|(?: que viene| proximo)$")


def _day(words: str, today: date, locale: str) -> date | None:
    """A day named by how near it is, or by its name: the next one of that name."""
    if words in _TOMORROW:
        return today + timedelta(days=_TOMORROW[words])
    monday = today + timedelta(days=_DAYS_OF_WEEK - today.weekday())
    if words in _NEXT_WEEK:
        return monday
    if words in _NEXT_MONTH:
        return add_months(today.replace(day=1), 1)
    if words in _NEXT_YEAR:
        return date(today.year + 1, 1, 1)
    names = _weekdays(locale)
    if (named := _OF_NEXT_WEEK.match(words)) is not None:
        weekday = names.get(f"周{named['day']}")
        return None if weekday is None else monday + timedelta(days=weekday)
    weekday = names.get(_NEXT.sub("", words))
    if weekday is None:
        return None
    return today + timedelta(days=(weekday - today.weekday() - 1) % _DAYS_OF_WEEK + 1)


@lru_cache(maxsize=64)
def _weekdays(locale: str) -> Mapping[str, int]:
    names: dict[str, int] = {}
    for each in (*_LANGUAGES, locale):
        for width in ("wide", "abbreviated"):
            found = get_day_names(width, locale=babel_locale(each))
            names.update({normalise(name): number for number, name in found.items()})
    for number, character in enumerate("一二三四五六日"):
        names |= dict.fromkeys((f"周{character}", f"星期{character}", f"礼拜{character}"), number)
    return names | dict.fromkeys(("周天", "星期天", "礼拜天"), 6)


# ------------------------------------------------------------------------------------------ dates

_OF = re.compile(r"\b(?:of|de|del|the)\b|(?<=\d)(?:st|nd|rd|th)\b")


def _dated(text: str, words: str, today: date, locale: str) -> date | None:
    """A date; one without a year is the next one."""
    raw = re.sub(r"(?i)^\s*(?:until|till|til|hasta|to|el|on|the|直到|到|至|\s)+", "", text)
    spellings = (raw, words, " ".join(_OF.sub(" ", words).split()))
    for spelling, language in product(spellings, (locale, *_LANGUAGES)):
        day = read_date(spelling, language, year_optional=True)
        if day is not None:
            return day if day.year != YEAR_UNKNOWN else _next_of(day, today)
    return None


def _next_of(day: date, today: date) -> date | None:
    coming = (_in_year(day, today.year + ahead) for ahead in range(_LEAP_YEARS_APART + 1))
    return next((on for on in coming if on is not None and on > today), None)


def _in_year(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:  # February 29
        return None
