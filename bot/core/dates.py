"""Days and times in words, as a locale says them and as the contact's own zone sees them."""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from babel.dates import format_date, format_datetime, format_skeleton, format_time

from bot.core.local_time import zone_of
from bot.core.money import babel_locale
from bot.core.segments import plain_spaces, segment

STYLES = ("short", "long", "weekday", "day", "on_day", "relative", "time")
"""What the `date` filter offers; each is shown in `tests/core/test_dates.py`."""

# What Babel writes for each letter of a strftime-like pattern; no others are allowed.
_LETTERS = {
    "%A": "EEEE", "%a": "EEE", "%B": "MMMM", "%b": "MMM", "%d": "dd", "%-d": "d", "%e": "d",
    "%m": "MM", "%-m": "M", "%Y": "yyyy", "%y": "yy",
    "%H": "HH", "%-H": "H", "%I": "hh", "%-I": "h", "%M": "mm", "%p": "a",
}  # fmt: skip
# Babel leaves CLDR's words for today and tomorrow out; a language that is not here hears the weekday.
_NEAR = {
    "de": ("heute", "morgen"),
    "en": ("today", "tomorrow"),
    "es": ("hoy", "mañana"),
    "fr": ("aujourd'hui", "demain"),
    "it": ("oggi", "domani"),
    "ja": ("今日", "明日"),
    "ko": ("오늘", "내일"),
    "pt": ("hoje", "amanhã"),
    "zh": ("今天", "明天"),
}
# How a day is said that something happens on; other languages say the day alone.
_ON = {"de": "am {}", "en": "on {}", "es": "el {}"}
_PIECE = re.compile(r"%-?.|.", re.DOTALL)
_A_WEEK = timedelta(days=7)


def in_words(  # what is said, and all it depends on
    value: datetime | date,
    style: str,
    *,
    locale: str,
    zone: str,
    now: datetime,
    is_read_at_once: bool = True,
) -> str:
    """Say an instant or a date in one of `STYLES` or by a pattern like `%d.%m.%Y`.

    An instant is said as the day and time it is in `zone`; `now` is what "tomorrow" is reckoned from.
    `short` names the year only when it is not the current one. `day` says today, tomorrow, the weekday
    within a week, otherwise the short date; `on_day` the same as "on Friday" and "today". In what may be
    read later (not `is_read_at_once`) both say the weekday for tomorrow, because a message that waits for
    the morning would promise a day too much; `relative` says tomorrow all the same.

    Raises:
        ValueError: The style is none of `STYLES` and has no `%` (see `is_style`).
    """
    local = value.astimezone(zone_of(zone)) if isinstance(value, datetime) else None
    day = local.date() if local else _as_date(value)
    if "%" in style:
        return _by_pattern(datetime.combine(day, local.time() if local else time()), style, locale)
    if style == "time":
        return _time(local.hour, local.minute, locale) if local else ""
    today = _today(now, zone)
    if style in {"day", "on_day", "relative"}:
        says_tomorrow = is_read_at_once or style == "relative"
        return _near(day, today, locale, is_on=style == "on_day", says_tomorrow=says_tomorrow)
    if style == "short" and day.year != today.year:
        return _day(day, "short_with_year", locale)
    return _day(day, style, locale)


def is_style(style: str) -> bool:
    """Whether `in_words` understands the style or pattern."""
    if "%" not in style:
        return style in STYLES
    try:
        _babel_pattern(style)
    except ValueError:
        return False
    return True


def last_moment(end: datetime) -> datetime:
    """Turn an exclusive end into the last instant before it, whose day is the one to promise.

    Credit that ends at the midnight which starts Saturday is good through Friday: say Friday.
    """
    return end - timedelta(microseconds=1)


@lru_cache(maxsize=256)
def _today(now: datetime, zone: str) -> date:
    """Return the day it is in a zone; the turns of a batch share their instant."""
    return now.astimezone(zone_of(zone)).date()


def _as_date(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


@lru_cache(maxsize=8192)
def _near(day: date, today: date, locale: str, *, is_on: bool, says_tomorrow: bool) -> str:
    ahead = (day - today).days
    language = babel_locale(locale).language
    words = _NEAR.get(language)
    if words is not None and (ahead == 0 or (ahead == 1 and says_tomorrow)):
        return words[ahead]
    said = _far(day, today, locale)
    return _ON.get(language, "{}").format(said) if is_on else said


def _far(day: date, today: date, locale: str) -> str:
    short = _day(day, "short" if day.year == today.year else "short_with_year", locale)
    if timedelta(0) < day - today < _A_WEEK:
        weekday = _day(day, "weekday", locale)
        # The á of "sábado" alone makes an SMS dear; where the date is as dear, the weekday is kinder.
        return weekday if segment(weekday).encoding is segment(short).encoding else short
    return short


@lru_cache(maxsize=8192)
def _day(day: date, style: str, locale: str) -> str:
    known = babel_locale(locale)
    if style == "long":
        return plain_spaces(format_date(day, "long", locale=known))
    if style == "weekday":
        return plain_spaces(format_date(day, "EEEE", locale=known))
    if style == "short":
        return plain_spaces(format_skeleton("MMMd", day, locale=known))
    if style == "short_with_year":
        return plain_spaces(format_skeleton("yMMMd", day, locale=known))
    raise ValueError(style)


@lru_cache(maxsize=8192)
def _time(hour: int, minute: int, locale: str) -> str:
    return plain_spaces(format_time(time(hour, minute), "short", locale=babel_locale(locale)))


@lru_cache(maxsize=8192)
def _by_pattern(moment: datetime, pattern: str, locale: str) -> str:
    return plain_spaces(format_datetime(moment, _babel_pattern(pattern), locale=babel_locale(locale)))


@lru_cache(maxsize=256)
def _babel_pattern(pattern: str) -> str:
    """Translate a strftime-like pattern to CLDR's letters; everything else is quoted."""
    babel, literal = [], ""
    for piece in _PIECE.findall(pattern):
        if not piece.startswith("%") or piece == "%%":
            literal += piece[-1]
            continue
        if piece not in _LETTERS:
            raise ValueError(piece)
        babel += [_quoted(literal), _LETTERS[piece]]
        literal = ""
    return "".join([*babel, _quoted(literal)])


def _quoted(literal: str) -> str:
    return "'" + literal.replace("'", "''") + "'" if literal else ""
