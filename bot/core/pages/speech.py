"""How our pages speak: sentences in every language we ship, amounts and days as their reader writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from bot.core.contact import JsonValue
from bot.core.dates import in_words, last_moment
from bot.core.money import money, number
from bot.core.quickly import quickly_made
from bot.core.traditional import traditional
from bot.core.turn import Turn

Phrases = Mapping[str, Mapping[str, str]]
"""Sentences by language and key: every key is in `en`, and in the others we write."""

LANGUAGES = ("en", "es", "zh_Hans", "zh_Hant")
WRITTEN = ("en", "es", "zh_Hans")
"""Those we write; traditional characters are made of simplified ones."""
_HANT = "zh_Hant"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_TIMES: Phrases = {
    "en": {
        "day": "1 day",
        "days": "{count} days",
        "hour": "1 hour",
        "hours": "{count} hours",
        "minute": "1 minute",
        "minutes": "{count} minutes",
        "at": "{day} at {time}",
        "and": "{before} and {last}",
    },
    "es": {
        "day": "1 día",
        "days": "{count} días",
        "hour": "1 hora",
        "hours": "{count} horas",
        "minute": "1 minuto",
        "minutes": "{count} minutos",
        "at": "{day} a las {time}",
        "and": "{before} y {last}",
    },
    "zh_Hans": {
        "day": "1天",
        "days": "{count}天",
        "hour": "1小时",
        "hours": "{count}小时",
        "minute": "1分钟",
        "minutes": "{count}分钟",
        "at": "{day}{time}",
        "and": "{before}和{last}",
    },
}
_BETWEEN: Mapping[str, str] = {"en": ", ", "es": ", ", "zh_Hans": "、", _HANT: "、"}


@lru_cache(maxsize=1024)
def language_of(locale: str) -> str:
    """Return which of our languages a locale hears; English where it is none of them."""
    language, *more = locale.replace("-", "_").split("_")
    if language == "zh":
        return _HANT if {"Hant", "TW", "HK", "MO"} & {*more} else "zh_Hans"
    return language if language in LANGUAGES else "en"


def phrase(phrases: Phrases, language: str, key: str) -> str:
    """Return a sentence in one of our languages."""
    return traditional(phrases["zh_Hans"][key]) if language == _HANT else phrases[language][key]


@quickly_made
@dataclass(frozen=True, slots=True)
class Speech:
    """To whom a page speaks: in which language, on which calendar, in which currency."""

    locale: str
    zone: str
    now: datetime
    currency: str
    exponent: int

    def say(self, phrases: Phrases, key: str, **named: str) -> str:
        """Say a sentence with what it names."""
        return phrase(phrases, language_of(self.locale), key).format(**named)

    def money(self, amount_minor: int) -> str:
        """Write minor units as money."""
        return money(amount_minor, self.currency, self.exponent, self.locale)

    def amount(self, amount_minor: int) -> dict[str, JsonValue]:
        """Give minor units as every answer of `/mp` does: the number to count with, the text to show."""
        return {"minor": amount_minor, "text": self.money(amount_minor)}

    def number(self, count: int) -> str:
        """Write a whole number."""
        return number(count, self.locale)

    def day(self, day: date | datetime) -> str:
        """Say a day; a page is read at once, so what is tomorrow is called so."""
        return self._in_words(day, "day")

    def on_day(self, day: date | datetime) -> str:
        """Say when, as in "on Friday"."""
        return self._in_words(day, "on_day")

    def long_day(self, day: date) -> str:
        """Say a day with its year."""
        return self._in_words(day, "long")

    def short_day(self, day: date) -> str:
        """Say a date as short as it goes."""
        return self._in_words(day, "short")

    def last_day(self, end: datetime) -> str:
        """Say the last day before an exclusive end."""
        return self.day(last_moment(end))

    def at(self, instant: datetime) -> str:
        """Say when to the minute, as in "on Friday at 10:00 AM"."""
        return self.say(_TIMES, "at", day=self.on_day(instant), time=self.clock(instant))

    def clock(self, instant: datetime) -> str:
        """Say a time."""
        return self._in_words(instant, "time")

    def lasting(self, span: timedelta) -> str:
        """Say how long, in the largest unit that tells it exactly, minutes at least."""
        for unit, key in ((_DAY, "day"), (_HOUR, "hour")):
            # "24 hours early" is said, "1 day" is not: days begin with two.
            if span >= unit * (2 if unit is _DAY else 1) and not span % unit:
                return self._counted(key, span // unit)
        return self._counted("minute", max(1, span // timedelta(minutes=1)))

    def listed(self, names: list[str]) -> str:
        """Say several names."""
        if len(names) < 2:  # noqa: PLR2004  # one needs no "and"
            return "".join(names)
        before = _BETWEEN[language_of(self.locale)].join(names[:-1])
        return self.say(_TIMES, "and", before=before, last=names[-1])

    def _counted(self, key: str, count: int) -> str:
        return self.say(_TIMES, key if count == 1 else f"{key}s", count=self.number(count))

    def _in_words(self, value: date | datetime, style: str) -> str:
        return in_words(value, style, locale=self.locale, zone=self.zone, now=self.now)


def speech_of(turn: Turn, currency_code: str = "") -> Speech:
    """Speak to the contact of a turn, of amounts in a currency of the program: its own where none is said."""
    contact, program = turn.contact, turn.program
    currency = program.currency_called(currency_code) or program.currency
    return Speech(contact.locale, contact.zone, turn.now, currency.code, currency.exponent)


def stamp(at: datetime) -> str:
    """Write an instant as every answer does."""
    return at.isoformat().replace("+00:00", "Z")
