"""Keywords: how a text is normalised, and which keyword it means among thousands, exactly or by a typo."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bot.core.typos import Typos

# ------------------------------------------------------------------------------------------ normalising

# Marks that are accents; the marks of Thai, Devanagari or kana spell, and stay.
_ACCENTS = (range(0x0300, 0x0370), range(0x0591, 0x05C8), range(0x0610, 0x061B), range(0x064B, 0x0660))
_LETTERS = {
    # Arabic letters that people type for one another, and the Persian forms of two of them; those with a
    # hamza decompose to the letter and an accent.
    "ٱ": "ا",
    **dict.fromkeys("ىی", "ي"),
    "ة": "ه",
    "ک": "ك",
    "ـ": None,  # tatweel only stretches the word
    "ٰ": None,
    # Latin letters that Unicode does not decompose.
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
}
_APOSTROPHES = "'’ʼ‘`´＇"  # inside words: "can't" is one word
_EMOJI_PLANE = range(0x1F000, 0x1FB00)  # younger emoji than Python's tables are unassigned there
_SKIN_TONES = range(0x1F3FB, 0x1F400)
# Between two letters of these scripts a space means nothing.
_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_GAP = re.compile(f"(?<=[{_CJK}]) (?=[{_CJK}])")
_HAS_CJK = re.compile(f"[{_CJK}]")
_FOLDS_MAX = 20_000
_TEXTS_KEPT = 256
"""A turn looks at its text half a dozen times, and most texts are keywords that others wrote a moment ago."""


class _Folding(dict[int, str | None]):
    """What becomes of each character, worked out when it is first met; for `str.translate`."""

    def __missing__(self, codepoint: int) -> str | None:
        folded = _fold(chr(codepoint))
        if len(self) < _FOLDS_MAX:  # a sender of every character there is must not fill the memory
            self[codepoint] = folded
        return folded


def _fold(character: str) -> str | None:
    codepoint = ord(character)
    if character in _LETTERS:
        return _LETTERS[character]
    if character in _APOSTROPHES or codepoint in _SKIN_TONES or any(codepoint in marks for marks in _ACCENTS):
        return None
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category[0] in "LN" or category == "Mc":
        return character
    if category == "Mn":
        return None if 0xFE00 <= codepoint <= 0xFE0F else character  # noqa: PLR2004  variation selectors
    if category in {"Me", "Cf", "Cs", "Co"}:
        return None
    return " "


_FOLDING = _Folding()
_ASCII_FOLDING = {code: _fold(chr(code).lower()) for code in range(128)}


@lru_cache(maxsize=_TEXTS_KEPT)
def normalise(text: str) -> str:
    """Reduce a text to what matters for telling keywords apart.

    Case, width, accents, punctuation, emoji, zero-width characters and repeated spaces do not matter, nor
    do spaces between Chinese characters. An emoji alone is itself. Doing it twice changes nothing.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII_FOLDING).split())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    words = " ".join(folded.translate(_FOLDING).split())
    if not words:
        return _emoji_alone(text)
    words = unicodedata.normalize("NFC", words)
    return _CJK_GAP.sub("", words) if " " in words else words


def _emoji_alone(text: str) -> str:
    kept = "".join(character for character in text if _is_emoji(character) or character == "\u200d")
    return kept.strip("\u200d")


def _is_emoji(character: str) -> bool:
    codepoint = ord(character)
    if codepoint in _SKIN_TONES:
        return False
    return codepoint in _EMOJI_PLANE or unicodedata.category(character) == "So"


# ------------------------------------------------------------------------------------------ courtesy

_COURTESIES = frozenset(
    normalise(phrase)
    for phrase in (
        *(
            "please",
            "pls",
            "plz",
            "kindly",
            "thanks",
            "thank you",
            "thank u",
            "thx",
            "ty",
            "now",
            "ok thanks",
        ),
        *("thank you very much", "many thanks", "hi", "hello", "hey"),
        *("por favor", "gracias", "muchas gracias", "ya", "ahora", "hola"),
        *("s'il vous plaît", "s'il te plaît", "svp", "merci", "maintenant", "bonjour"),
        *("bitte", "danke", "vielen dank", "jetzt", "hallo"),
        *("obrigado", "obrigada", "agora", "ola"),
    )
)
_COURTESY_WORDS_MAX = max(phrase.count(" ") + 1 for phrase in _COURTESIES)
_CJK_COURTESY = re.compile(
    "^(?:你好|您好|请问|請問|请|請|麻烦|麻煩|我要|我想|帮我|幫我)+|(?:谢谢您?|謝謝您?|多谢|多謝|吧|一下|"
    "お願いします|おねがいします|してください|して下さい|ください|下さい|ありがとう)+$"
)


# What asks to see something: "查余额" is about 余额.
_CJK_ASKING = re.compile("^(?:查询|查詢|查一下|查看|查|看看|看)")


@lru_cache(maxsize=_TEXTS_KEPT)
def without_courtesy(normalised: str) -> str:
    """Take "please", "thank you" and their like off both ends; a text of nothing else stays as it is."""
    if " " in normalised:
        words = normalised.split(" ")
        first, last = _after_greeting(words), len(words)
        last = _before_thanks(words, first)
        if first < last:
            normalised = " ".join(words[first:last])
    if not normalised.isascii():
        return _CJK_COURTESY.sub("", normalised).strip() or normalised
    return normalised


def _after_greeting(words: list[str]) -> int:
    first = 0
    while first < len(words):
        for count in range(_COURTESY_WORDS_MAX, 0, -1):
            if " ".join(words[first : first + count]) in _COURTESIES:
                first += count
                break
        else:
            return first
    return len(words)


def _before_thanks(words: list[str], first: int) -> int:
    last = len(words)
    while last > first:
        for count in range(min(_COURTESY_WORDS_MAX, last - first), 0, -1):
            if " ".join(words[last - count : last]) in _COURTESIES:
                last -= count
                break
        else:
            return last
    return first


# ------------------------------------------------------------------------------------------ the index


class KeywordKind(StrEnum):
    """How much of a message a keyword asks for."""

    EXACT = "exact"  # the whole message; also its first word, which is the weaker match
    PREFIX = "prefix"  # the beginning of it
    CONTAINS = "contains"  # anywhere in it, as whole words


class How(StrEnum):
    """How a keyword was met, strongest first."""

    EXACT = "exact"  # the whole message, courtesy aside
    PREFIX = "prefix"  # it begins with a `prefix` keyword
    FIRST_WORD = "first_word"  # it begins with an `exact` keyword and goes on
    CONTAINS = "contains"
    NEAR = "near"  # by a typo


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word as a marketer wrote it; `target` is what it selects, `place` where it is written."""

    text: str
    target: str
    language: str = ""
    kind: KeywordKind = KeywordKind.EXACT
    place: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The keyword a message means, how it was met, and the words that came after it (normalised)."""

    keyword: Keyword
    how: How
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    """The keywords a message may be a typo of, nearest first; `match` only where exactly one is near."""

    candidates: tuple[Keyword, ...] = ()
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Collision:
    """Two places that claim the same word for different targets."""

    text: str
    first: Keyword
    second: Keyword


def collisions(entries: Iterable[Keyword]) -> tuple[Collision, ...]:
    """Return every keyword that two targets claim; a keyword that normalises to nothing claims nothing."""
    claimed: dict[str, Keyword] = {}
    found: list[Collision] = []
    for entry in entries:
        first = claimed.setdefault(normalise(entry.text), entry)
        if first.target != entry.target:
            found.append(Collision(text=normalise(entry.text), first=first, second=entry))
    return tuple(found)


class KeywordIndex:
    """All keywords of the published flows, built once; a look-up costs the same for ten and for 20,000."""

    def __init__(self, entries: Iterable[Keyword], legal_words: Iterable[str] = ()) -> None:
        """Index `entries`; where two claim a word the first has it (`collisions` tells).

        `legal_words` are never met by a typo, nor is a text that is as near to one of them as to a keyword.
        """
        self._whole: dict[str, Keyword] = {}
        for entry in entries:
            word = normalise(entry.text)
            if word:
                self._whole.setdefault(word, entry)
        contained = {word: entry for word, entry in self._whole.items() if entry.kind is KeywordKind.CONTAINS}
        self._openings = _Phrases({w: entry for w, entry in self._whole.items() if _may_open(w, entry)})
        self._contained = _Phrases(contained)
        self._legal_words = frozenset(normalise(word) for word in legal_words)
        self._typos = Typos({*self._whole, *self._legal_words})

    def __len__(self) -> int:
        return len(self._whole)

    def prepare(self) -> None:
        """Make the first `near` as quick as the next; worth a thread where there are thousands."""
        self._typos.prepare()

    def exact(self, text: str) -> Match | None:
        """Return the keyword the message states, the most specific one: whole, then begun, then contained.

        A caller with an open question at hand may want `How.EXACT` only: its answer comes before the rest.
        """
        words = normalise(text)
        keyword = self._whole.get(words)
        if keyword is not None:
            return Match(keyword, How.EXACT)
        bare = without_courtesy(words)
        keyword = self._whole.get(bare) or self._whole.get(_CJK_ASKING.sub("", bare))
        if keyword is not None:
            return Match(keyword, How.EXACT)
        return self._begun(words) or self._begun(bare) or self._within(bare)

    def _begun(self, words: str) -> Match | None:
        for keyword, _, end in self._openings.at_start(words):
            how = How.PREFIX if keyword.kind is KeywordKind.PREFIX else How.FIRST_WORD
            return Match(keyword, how, rest=words[end:].strip())
        return None

    def _within(self, words: str) -> Match | None:
        found = max(self._contained.anywhere(words), key=lambda hit: hit[2] - hit[1], default=None)
        return None if found is None else Match(found[0], How.CONTAINS, rest=words[found[2] :].strip())

    def near(self, text: str) -> Near:
        """Return the keywords the whole message may be a typo of: 1 edit from 4 letters on, 2 from 7 on."""
        words = without_courtesy(normalise(text))
        if words in self._legal_words:
            return Near()
        hits = self._typos.near(words)
        # One edit from STOP may well be a STOP: a keyword must be clearly nearer to be meant.
        legal = min((hit.edits for hit in hits if hit.word in self._legal_words), default=len(words))
        meant = [hit.word for hit in hits if hit.word not in self._legal_words and hit.edits < legal]
        candidates = tuple(self._whole[word] for word in meant)
        is_one = len({keyword.target for keyword in candidates}) == 1
        return Near(candidates[:_CANDIDATES_MAX], Match(candidates[0], How.NEAR) if is_one else None)


def _may_open(word: str, keyword: Keyword) -> bool:
    # "1 more thing" is not the keyword 1: what is offered so short is meant as the whole answer.
    if keyword.kind is KeywordKind.EXACT:
        return len(word) > 1 and not word.isdigit()
    return keyword.kind is KeywordKind.PREFIX


_Hit = tuple[Keyword, int, int]  # a keyword, where it starts and where it ends
_CANDIDATES_MAX = 8  # more are no help to choose from
_SPOTS_MAX = 60  # words of a message that are looked at; a keyword further on is not what it is about


class _Phrases:
    """Finds keywords inside a text: spelled with spaces by words, Chinese and Japanese by characters."""

    def __init__(self, keywords: dict[str, Keyword]) -> None:
        self._keywords = keywords
        self._word_counts = _descending(w.count(" ") + 1 for w in keywords if not _HAS_CJK.match(w))
        self._lengths = _descending(len(w) for w in keywords if _HAS_CJK.match(w))

    def at_start(self, text: str) -> Iterator[_Hit]:
        """Yield the keywords the text begins with, the longest first."""
        return self._at(text, 0)

    def anywhere(self, text: str) -> Iterator[_Hit]:
        """Yield the longest keyword at each place."""
        if not self._keywords:
            return
        starts = [0, *(gap.end() for gap in re.finditer(" ", text))][:_SPOTS_MAX]
        if self._lengths:
            starts = sorted(
                {*starts, *(place.start() for place in _HAS_CJK.finditer(text, 0, _SPOTS_MAX * 2))}
            )
        for start in starts:
            yield from self._at(text, start)

    def _at(self, text: str, start: int) -> Iterator[_Hit]:
        if self._lengths and _HAS_CJK.match(text, start):
            for length in self._lengths:
                keyword = self._keywords.get(text[start : start + length])
                if keyword is not None:
                    yield keyword, start, min(start + length, len(text))
            return
        ends = _word_ends(text, start, self._word_counts[0] if self._word_counts else 0)
        for count in self._word_counts:
            if count <= len(ends):
                keyword = self._keywords.get(text[start : ends[count - 1]])
                if keyword is not None:
                    yield keyword, start, ends[count - 1]


def _descending(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers), reverse=True))


def _word_ends(text: str, start: int, most: int) -> list[int]:
    ends: list[int] = []
    while len(ends) < most and start < len(text):
        end = text.find(" ", start)
        ends.append(len(text) if end < 0 else end)
        start = ends[-1] + 1
    return ends
