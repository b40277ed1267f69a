"""Scores as people write them: "5", "five stars", ★★★★☆, "9 out of 10", "un 8", 十分, 五星好评."""

import re
import unicodedata
from typing import NamedTuple

from bot.core.flow.ordinals import number_of
from bot.core.keywords import normalise, without_courtesy

_STARS = "★⭐🌟✮✭*"
_DRAWN = re.compile(f"[{re.escape(_STARS)}][{re.escape(_STARS)} ]*[☆✩ ]*")
_KEYCAP = str.maketrans({"\ufe0f": "", "\u20e3": "", "🔟": "10"})
_OUT_OF = re.compile(r"(\d{1,2})\s*(?:/|out of|of|de|sur|von|over|sobre)\s*(\d{1,2})(?!\d)")
_RANGE = re.compile(r"\d\s*(?:-|–|—|~|or|o|to|a|或|到|至)\s*\d")
_DECIMAL = re.compile(r"\d[.,:]\d")
_LESS_THAN_NOTHING = re.compile(r"(?<![\w.])[-−]\s?\d")
_ZERO = frozenset({"zero", "cero", "nil", "〇", "零"})
_BEST = frozenset({"满分", "滿分", "打满分", "给满分", "五星好评", "好评满分"})
_BESIDE = frozenset(
    word
    for words in (
        "a an the i id ill im its it is was would say give you u rate rated rating score star stars",
        "point points out of my answer number definitely absolutely easily solid strong full about i think",
        "un una el la le les doy mi nota puntos punto estrella estrellas de diria seria muy claro creo",
        "que es fue como pongo calificacion por supuesto",
        "分 星 颗星 顆星 级",
    )
    for word in words.split()
)
"""Words that may stand beside a score without changing what it says."""
_PRAISE = frozenset(
    word
    for words in (
        "great good excellent amazing awesome perfect love loved lovely nice best wonderful fantastic super",
        "bad poor terrible awful ok okay fine meh slow cold because but",
        "excelente bueno buena muy genial perfecto perfecta encanta me todo malo mala lento pero porque",
    )
    for word in words.split()
)
"""Words that may follow a score at once: what comes after them says why."""
_IN_CHINESE = re.compile(
    r"(?:我)?(?:觉得|覺得|认为|会)?(?:打|给|給|评|評)?(?:你们|你們|你|您|个|個)?"
    r"(\d{1,2}|[零〇一二两兩三四五六七八九十])(?:分|颗星|顆星|星级|星級|星|个星|個星)?(?:好评|好評|吧|啊|呀|哦)?"
)
_LEADING = re.compile(
    r"\s*(\d{1,2})(?:\s*/\s*\d{1,2})?\s*(?:stars?|points?|estrellas?|puntos?|分|星)?(.*)", re.DOTALL
)
_WORD_LEADING = re.compile(r"\s*([^\W\d_]+)\s+(?:stars?|points?|estrellas?|puntos?)\b(.*)", re.DOTALL)
_SEPARATED = re.compile(r"\s*(?:[,.;:!。，！；：、\n–—]|-\s)+\s*(.+)", re.DOTALL)


class Score(NamedTuple):
    """A score, and what was written beside it."""

    value: int
    words: str = ""


def read_score(text: str, low: int, high: int) -> Score | None:
    """Return the score from `low` to `high` that a text gives; None where it gives none, or not a sure one.

    Halves, ranges and numbers that count something else ("10 minutes late") are none: who wrote them is
    asked again. What follows the score is kept as the reason.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_KEYCAP)).strip()
    stars = _stars(plain, high)
    if stars is not None:
        return stars if low <= stars.value <= high else None
    if _LESS_THAN_NOTHING.search(plain):
        return None
    found = _alone(plain, high) or _leading(plain, high)
    return found if found is not None and low <= found.value <= high else None


def _stars(text: str, high: int) -> Score | None:
    """Stars, counted: the filled ones, where there are as many places as the scale has, or no empty ones."""
    run = _DRAWN.match(text)
    if run is None:
        return None
    places = run[0].replace(" ", "")
    filled = sum(character in _STARS for character in places)
    rest = text[run.end() :].strip(" ,.;:!-–—，。！")
    if rest[:1].isdigit() or (filled != len(places) != high) or ("*" in places and rest):
        return None
    return Score(filled, rest)


def _alone(text: str, high: int) -> Score | None:
    """A text that is nothing but a score."""
    lower = text.lower()
    out_of = _OUT_OF.search(lower)
    if out_of is not None:
        if int(out_of[2]) != high:
            return None
        # "11/10" is how people say that nothing could be better.
        lower = lower.replace(out_of[0], f" {min(int(out_of[1]), high)} ", 1)
    if _RANGE.search(lower) or _DECIMAL.search(lower):
        return None
    word = without_courtesy(normalise(lower))
    if word in _BEST:
        return Score(high)
    chinese = _IN_CHINESE.fullmatch(word)
    if chinese is not None:
        value = _number(chinese[1])
        return Score(value) if value is not None else None
    words = word.split()
    numbers = [number for each in words if (number := _number(each)) is not None]
    others = [each for each in words if _number(each) is None]
    # "a 5, the best one": an article in one language is a number in another.
    if len(numbers) > 1 and numbers.count(1) == len(numbers) - 1:
        ones = [each for each in words if _number(each) == 1]
        if all(each in _BESIDE for each in ones):
            numbers = [number for number in numbers if number != 1]
    if len(numbers) != 1 or any(each not in _BESIDE for each in others):
        return None
    return Score(numbers[0])


def _leading(text: str, high: int) -> Score | None:
    """A score with its reason behind it: "9 - love it", "5 great service"."""
    spelled = _WORD_LEADING.match(text)
    if spelled is not None and (value := _number(normalise(spelled[1]))) is not None:
        return _with_reason(value, spelled[2])
    found = _LEADING.match(text)
    if found is None or _RANGE.match(text.lower()) or _DECIMAL.match(text):
        return None
    out_of = _OUT_OF.match(text.lower())
    if out_of is not None and int(out_of[2]) != high:
        return None
    return _with_reason(int(found[1]), found[2])


def _with_reason(value: int, rest: str) -> Score | None:
    separated = _SEPARATED.fullmatch(rest)
    if separated is not None:
        return Score(value, separated[1].strip())
    first, *_ = [*normalise(rest).split(), ""]
    return Score(value, rest.strip()) if first in _PRAISE else None


def _number(word: str) -> int | None:
    if word in _ZERO or word == "0":
        return 0
    if word == "兩":
        return 2
    return number_of(word)


def drawn(value: int, high: int) -> str:
    """Draw a rating as stars."""
    return "★" * value + "☆" * (high - value)
