"""What an answer means: the words a question offers, and numbers, dates, addresses in free text."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from babel.core import UnknownLocaleError
from babel.dates import get_month_names
from rapidfuzz.distance import DamerauLevenshtein

from bot.core.contact import JsonValue
from bot.core.flow.ordinals import ordinal
from bot.core.flow.scores import read_score
from bot.core.flow.wording import NO, SKIP, YES
from bot.core.keywords import normalise, without_courtesy
from bot.core.money import babel_locale
from bot.core.names import read_name
from bot.core.typos import edits_forgiven

YEAR_UNKNOWN = 1904
"""The year of a birthday that was given without one; a leap year, so that February 29 is a day of it."""

SKIPPED = "skip"
_OF = "@"
_TEXT_MAX = 1000
_EMAIL = re.compile(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"().\d]{2,}")
_NUMBER = re.compile(r"[-+]?\d[\d.,' ]*")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年 ]\s*(\d{1,2})\s*[-/.月 ]\s*(\d{1,2})\s*日?\Z")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})(?:\s*[-/. ]\s*(\d{4}|\d{2}))?\Z")
_MONTH_DAY = re.compile(r"(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer; `key` is the option it chose, if the question offers options."""

    value: JsonValue
    key: str | None = None
    is_skip: bool = False
    words: str = ""
    """What was written beside a score."""


def offered(facts: Mapping[str, JsonValue], text: str) -> str | None:
    """Return which of the answers an open question offers a text is, exactly; None if it is none.

    `facts` are the wait's. It is an option's key, `yes`, `no` or `skip`.
    """
    word = without_courtesy(normalise(text))
    if not word:
        return None
    offers = facts.get("offers")
    if isinstance(offers, dict):
        for key, words in offers.items():
            if isinstance(words, list) and word in words:
                return key
    if facts.get("expect") == "yes_no":
        if word in YES:
            return "yes"
        if word in NO:
            return "no"
    return SKIPPED if word in _skip_words(facts) else None


def tap_of(facts: Mapping[str, JsonValue], key: str) -> str:
    """Return what an option of this question is known by where it can be tapped; {}: of no question."""
    return f"{key}{_OF}{facts.get('asked', '')}"


def is_tap(tap: str) -> bool:
    """Whether what was tapped is an option of a question of ours."""
    return bool(tap.partition(_OF)[2])


def is_keyword_tap(tap: str) -> bool:
    """Whether what was tapped is a keyword of ours, which answers no question."""
    return tap.endswith(_OF)


def tapped(facts: Mapping[str, JsonValue], tap: str) -> str | None:
    """Return what tapping an option says to the open question; None where it is another question's."""
    key, _, asked = tap.partition(_OF)
    if not asked or asked != facts.get("asked"):
        return None
    if offered(facts, key) == key:
        return key
    offers = facts.get("offers")
    words = offers.get(key) if isinstance(offers, dict) else None
    return str(words[0]) if isinstance(words, list) and words else None


def takes_only_answers(facts: Mapping[str, JsonValue]) -> bool:
    """Whether an open question takes other flows' keywords for answers."""
    return facts.get("only_answers") is True


def understand(facts: Mapping[str, JsonValue], text: str, locale: str, *, has_media: bool) -> Answer | None:
    """Return what a text means as an answer to an open question; None if it is no usable one."""
    key = offered(facts, text)
    if key == SKIPPED and not isinstance(facts.get("offers"), dict):
        return Answer(None, is_skip=True)
    expect = facts.get("expect")
    if expect == "choice":
        chosen = key or _offered_by_order(facts, text) or _nearly_offered(facts, text)
        return None if chosen is None else Answer(None, key=chosen, is_skip=chosen == SKIPPED)
    if expect == "score":
        return _score(facts, key, text)
    if expect == "yes_no":
        return None if key is None else Answer(key == "yes")
    return _free(str(expect), text.strip()[:_TEXT_MAX], locale, has_media=has_media)


def _score(facts: Mapping[str, JsonValue], key: str | None, text: str) -> Answer | None:
    """Read a score: its scale is what the question offers."""
    if key == SKIPPED:
        return Answer(None, is_skip=True)
    offers = facts.get("offers")
    scale = [int(each) for each in offers] if isinstance(offers, dict) else []
    found = read_score(text[:_TEXT_MAX], min(scale), max(scale)) if scale else None
    return None if found is None else Answer(found.value, key=str(found.value), words=found.words)


def _free(expect: str, text: str, locale: str, *, has_media: bool) -> Answer | None:
    if expect == "any":
        return Answer(text) if text or has_media else None
    if not text:
        return None
    value: JsonValue = text
    if expect == "name":
        value = read_name(text)
    elif expect == "number":
        value = read_number(text, locale)
    elif expect in {"date", "birthday"}:
        day = read_date(text, locale, year_optional=expect == "birthday")
        value = day.isoformat() if day else None
    elif expect == "email":
        found = _EMAIL.search(text)
        value = found.group().rstrip(".").lower() if found else None
    return None if value is None else Answer(value)


def _skip_words(facts: Mapping[str, JsonValue]) -> Iterable[JsonValue]:
    skip = facts.get("skip")
    if skip is True:
        return SKIP
    return skip if isinstance(skip, list) else ()


def _offered_by_order(facts: Mapping[str, JsonValue], text: str) -> str | None:
    """Return the option that "the second one" means; where there is but one, YES means it too.

    Only of `choose`, whose options have places: words to be chosen among may be numbers themselves.
    """
    offers = facts.get("offers")
    if not isinstance(offers, dict) or not all(isinstance(w, list) and key in w for key, w in offers.items()):
        return None
    word = without_courtesy(normalise(text))
    if len(offers) == 1 and word in YES:
        return next(iter(offers))
    place = str(ordinal(word) or "")
    return place if place in offers else None


def _nearly_offered(facts: Mapping[str, JsonValue], text: str) -> str | None:
    """Return the one option whose word is in the text, or is a typo away."""
    word = without_courtesy(normalise(text))
    offers = facts.get("offers")
    if not word or not isinstance(offers, dict):
        return None
    words = [(key, str(each)) for key, many in offers.items() if isinstance(many, list) for each in many]
    inside = {key for key, each in words if f" {each} " in f" {word} " and not each.isdigit()}
    if len(inside) == 1:
        return inside.pop()
    near = {
        key
        for key, each in words
        if (forgiven := edits_forgiven(each))
        and DamerauLevenshtein.distance(word, each, score_cutoff=forgiven) <= forgiven
    }
    return near.pop() if len(near) == 1 else None


def read_number(text: str, locale: str) -> int | float | None:
    """Read a number written as people of a locale write it: `1,234.50`, `1.234,50`, `12 oz`."""
    found = _NUMBER.search(unicodedata.normalize("NFKC", text))
    if found is None:
        return None
    digits = found.group().replace(" ", "").replace("'", "").rstrip(".,")
    comma, point = digits.rfind(","), digits.rfind(".")
    decimal = "," if _writes_decimal_comma(locale) else "."
    if comma >= 0 and point >= 0:
        decimal = "," if comma > point else "."
    elif max(comma, point) >= 0:
        sign = "," if comma >= 0 else "."
        is_grouped = sign != decimal and re.fullmatch(rf"[-+]?\d{{1,3}}(?:\{sign}\d{{3}})+", digits)
        decimal = decimal if is_grouped else sign
    grouping = "." if decimal == "," else ","
    try:
        number = float(digits.replace(grouping, "").replace(decimal, "."))
    except ValueError:
        return None
    if abs(number) >= 1e15:  # noqa: PLR2004  beyond what a float holds exactly
        return None
    return int(number) if number.is_integer() else number


def read_date(text: str, locale: str, *, year_optional: bool = False) -> date | None:
    """Read a date as people of a locale write it; a year left out (where it may be) is `YEAR_UNKNOWN`."""
    plain = unicodedata.normalize("NFKC", text).strip().rstrip(".!")
    if found := _YEAR_FIRST.match(plain):
        return _date(*map(int, found.groups()))
    if found := _MONTH_DAY.match(plain):
        return _date(YEAR_UNKNOWN, int(found[1]), int(found[2])) if year_optional else None
    if found := _YEAR_LAST.match(plain):
        if found[3] is None and not year_optional:
            return None
        first, second = int(found[1]), int(found[2])
        year = _full_year(found[3])
        if first > 12 or (not _writes_month_first(locale) and second <= 12):  # noqa: PLR2004  months
            first, second = second, first
        return _date(year, first, second)
    return _date_in_words(plain, locale, year_optional=year_optional)


def _date_in_words(text: str, locale: str, *, year_optional: bool) -> date | None:
    words = re.findall(r"\d+|[^\W\d_]+", normalise(text))
    numbers = [int(word) for word in words if word.isdigit()]
    months = {month for word in words if (month := _months(locale).get(word) or _months("en").get(word))}
    if len(months) != 1 or not 1 <= len(numbers) <= 2:  # noqa: PLR2004  a day, and perhaps a year
        return None
    numbers.sort()
    if len(numbers) == 1 and not year_optional:
        return None
    year = numbers[1] if len(numbers) > 1 else YEAR_UNKNOWN
    return _date(_full_year(str(year)), months.pop(), numbers[0])


@lru_cache(maxsize=64)
def _months(locale: str) -> Mapping[str, int]:
    known: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        try:
            names = get_month_names(width, locale=locale.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return known
        known.update({normalise(name): number for number, name in names.items() if not name.isdigit()})
    return known


def _full_year(year: str | None) -> int:
    if year is None:
        return YEAR_UNKNOWN
    number = int(year)
    if len(year) > 2:  # noqa: PLR2004  already full
        return number
    return number + (1900 if number >= 30 else 2000)  # noqa: PLR2004  people's birthdays


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _writes_month_first(locale: str) -> bool:
    """Whether 5/6 is May 6: in the United States, in China, in Puerto Rico in Spanish too."""
    pattern = str(babel_locale(locale).date_formats["short"].pattern)
    return pattern.find("M") < pattern.find("d")


def _writes_decimal_comma(locale: str) -> bool:
    language, _, region = locale.replace("-", "_").partition("_")
    if language == "es" and region in {"MX", "US", "PR", "GT", "HN", "NI", "PA", "PE", "SV", "DO"}:
        return False
    return language in {"es", "fr", "de", "pt", "it", "pl", "nl", "ru", "sv", "da", "nb", "tr", "id", "vi"}
