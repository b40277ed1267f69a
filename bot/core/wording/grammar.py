"""The grammar of revocation: pages of words and patterns, compiled once, and what they find in a sentence.

A **page** (one module per language) says which words are of which kind, and which patterns of kinds mean
something. In words, `_` stands for a space and `mand{ar,en}{me,}` for four spellings. In a pattern a name is
a kind, `a|b` either, `a?` if it is there, `'bus'` a word itself, `^` and `$` the edges of a sentence, and
`...` up to three words that we do not understand, `~` up to eight of any kind but objects (only asked where
no closer pattern met anything); `alone` before it asks that every word of the text is understood. Small
words ("the", "all") may stand between any two.
A **trigger** is a kind without which no text is looked at; each pattern needs one. Kinds the engine knows:

- `small` is skipped everywhere, `lead` at the edges of a sentence ("please", "I want to"), `join` is an edge;
- `if` before a match means that nothing is asked for ("if I text STOP", "did you stop");
- `ask` before a match makes it unclear ("how do I unsubscribe");
- `limit` after the beginning of a match makes it unclear ("after 9 pm", "so many");
- `joke` anywhere in the text takes a bare "stop" back, and so does `praise`; `elsewhere` ("gym") takes back
  all that names no messages; `object` ("order") and `miss` end a `~`;
- `short_code` is a number of four to six digits, `digits` any.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.core.keywords import normalise

UNDERSTOOD_NOT_MAX = 3  # words that `...` may stand for
_FAR, _FAR_MAX, _FAR_UNSPACED_MAX = "~", 8, 14  # how far a piece may be when nothing but its kind counts
_DIGITS = "digits"
_SHORT_CODE = "short_code"
_SHORT_CODE_LENGTHS = range(4, 7)  # digits of a number that only a provider has
_PASSED = "still nobody asked wish can end"  # small words of `~`, which `...` need not understand
_ABOUT = "contact send message content list number receive call"
# Triggers that are everyday words, and what must be in the text too before they are worth a closer look.
_WEAK = "ask take plus not none why only again too_many fewer account isnt who"
_COMPANY = (
    "contact call send message receive thing stop unsub remove cancel content list number off want consent"
)
_BARE = frozenset({"stop", "thing", "please"})


class Verdict(StrEnum):
    """What a text is as a revocation of consent."""

    PLAIN = "plain"  # revoke at once
    UNCLEAR = "unclear"  # a person may have meant it: one clarification
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Page:
    """What a language has of its own; `spaced` where its words stand apart."""

    language: str
    words: Mapping[str, str]
    triggers: str  # the kinds without which nothing is worth a closer look
    plain: tuple[str, ...]
    unclear: tuple[str, ...] = ()
    innocent: tuple[str, ...] = ()
    spaced: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """A pattern met in a sentence: from word `start` to before word `end`, and its pieces, explained."""

    verdict: Verdict
    start: int
    end: int
    because: tuple[str, ...]
    pieces: frozenset[int] = frozenset()  # the words that are pieces, not skipped
    bare: bool = False  # nothing but "stop" or "stop it"
    alone: bool = False  # counts only where every word of the text is understood
    loose: bool = False  # its pieces are near one another, no more
    vague: bool = False  # says nothing of messages, lists or numbers: of what, the rest of the text may tell

    def holds(self, other: "Finding") -> bool:
        """Tell whether the other's pieces are all among these and more: then this is the fuller reading."""
        return self.pieces > other.pieces

    def meets(self, other: "Finding") -> bool:
        """Tell whether the two share a place in the sentence."""
        return self.start < other.end and other.start < self.end


# ------------------------------------------------------------------------------------------ compiling


@dataclass(frozen=True, slots=True)
class _Item:
    name: str
    kinds: int  # bits of the kinds that fit
    optional: bool = False
    gap: bool = False


@dataclass(frozen=True, slots=True)
class _Pattern:
    verdict: Verdict
    items: tuple[_Item, ...]
    opens: bool  # ^
    closes: bool  # $
    alone: bool
    loose: bool  # ~


_BRACES = re.compile(r"\{([^{}]*)\}")


def spelled_out(words: str) -> Iterator[str]:
    """Yield the normalised words of a line: "mand{a,en}{me,}" is four, "opt_out" is "opt out"."""
    for word in words.split():
        pieces = _BRACES.split(word)
        choices = [piece.split(",") if i % 2 else [piece] for i, piece in enumerate(pieces)]
        for spelling in itertools.product(*choices):
            normalised = normalise("".join(spelling).replace("_", " "))
            if normalised:
                yield normalised


@dataclass(slots=True)
class Word:
    """A word of a text: as it was written, as it was understood, and its kinds as bits (0: not ours)."""

    written: str
    kinds: int


@dataclass(slots=True)
class _Sentence:
    words: list[Word]
    opens: list[bool] = field(default_factory=list)  # before this word a sentence begins
    closes: list[bool] = field(default_factory=list)  # before this word (or past the last) one ends


class Grammar:
    """A page compiled: finds its patterns in the words of one sentence."""

    def __init__(self, page: Page) -> None:
        self.language = page.language
        self.spaced = page.spaced
        self._bits: dict[str, int] = {}
        self.lexicon: dict[str, int] = {}
        for kind, line in page.words.items():
            self._add(kind, spelled_out(line))
        self._lines = page.words
        self.triggers = self._of(page.triggers)
        strong = " ".join(kind for kind in page.triggers.split() if kind not in _WEAK.split())
        self.weak = self.triggers - self._of(strong)
        self.company = self._of(_COMPANY)
        self._digits, self._short_code = self._bit(_DIGITS), self._bit(_SHORT_CODE)
        self._quoted = 0  # words that only stand in a pattern
        self._about = self._joined(_ABOUT)
        self._starting: dict[int, list[_Pattern]] = {}
        self._loosely_starting: dict[int, list[_Pattern]] = {}
        for verdict, patterns in (
            (Verdict.PLAIN, page.plain),
            (Verdict.UNCLEAR, page.unclear),
            (Verdict.NONE, page.innocent),
        ):
            for text in patterns:
                self._add_pattern(text, verdict)
        self._small, self._lead, self._join = self._bit("small"), self._bit("lead"), self._bit("join")
        self._message = self._bit("message")
        self._if, self._ask, self._limit = self._bit("if"), self._bit("ask"), self._bit("limit")
        self._edge = self._small | self._lead
        self._barred = self._bit("miss") | self._bit("object") | self._if | self._bit("elsewhere")
        self._far_max = _FAR_MAX if page.spaced else _FAR_UNSPACED_MAX
        self._passed = self._joined(_PASSED) | (
            self._edge | self._limit | self._digits | self._short_code | self._quoted
        )  # by `...`
        # The most words, or characters, that an entry has.
        self.longest = max(len(entry.split(" ") if page.spaced else entry) for entry in self.lexicon)
        self.heads = frozenset(entry.partition(" ")[0] for entry in self.lexicon if " " in entry)
        self.parts = frozenset(part for entry in self.lexicon for part in entry.split(" "))

    def digits(self, written: str) -> int:
        """Return the kinds of a number."""
        return self._digits | (self._short_code if len(written) in _SHORT_CODE_LENGTHS else 0)

    def _joined(self, kinds: str) -> int:
        return sum(self._bit(kind) for kind in kinds.split())

    def _bit(self, kind: str) -> int:
        return self._bits.setdefault(kind, 1 << len(self._bits))

    def _of(self, kinds: str) -> frozenset[str]:
        return frozenset(word for kind in kinds.split() for word in spelled_out(self._lines.get(kind, "")))

    def _add(self, kind: str, words: Iterable[str]) -> None:
        bit = self._bit(kind)
        for word in words:
            self.lexicon[word] = self.lexicon.get(word, 0) | bit

    def _add_pattern(self, text: str, verdict: Verdict) -> None:
        if text.endswith("|$"):  # either more words or the end
            self._add_pattern(text.removesuffix("|$"), verdict)
            text = f"{text[: text.rindex(' ')]} $"
        names = text.split()
        alone = names[0] == "alone"
        names = names[alone:]
        if (first := names[0] == "^") < len(names) and names[first].endswith(
            "?"
        ):  # it is there, or it is not
            self._add_pattern(" ".join(["alone"] * alone + names[:first] + names[first + 1 :]), verdict)
            names[first] = names[first].rstrip("?")
        opens, closes = names[0] == "^", names[-1] == "$"
        items = tuple(map(self._item, names[opens : len(names) - closes]))
        assert items, text
        assert not items[0].optional, text
        pattern = _Pattern(verdict, items, opens, closes, alone, _FAR in names)
        starting = self._loosely_starting if pattern.loose else self._starting
        for bit in _bits_of(items[0].kinds):
            starting.setdefault(bit, []).append(pattern)

    def _item(self, name: str) -> _Item:
        if name in {"...", _FAR}:
            return _Item(name, 0, gap=True)
        optional, kinds = name.endswith("?"), 0
        for kind in name.rstrip("?").split("|"):
            if kind.startswith("'"):
                self._add(kind, spelled_out(kind))
                self._quoted |= self._bit(kind)
            else:
                assert kind in self._bits or kind in {_DIGITS, _SHORT_CODE}, (
                    f"{self.language}: no words of kind {kind}"
                )
            kinds |= self._bit(kind)
        return _Item(name.rstrip("?"), kinds, optional)

    # -------------------------------------------------------------------------------------- finding

    def first(self, words: list[Word], kind: str) -> str:
        """Return the first word of a kind, "" where there is none."""
        bit = self._bits.get(kind, 0)
        return next((word.written for word in words if word.kinds & bit), "")

    def is_only(self, words: list[Word]) -> bool:
        """Tell whether a sentence says what is still welcome: "only order updates"."""
        begun = next((word.kinds for word in words if not word.kinds & self._edge), 0)
        return bool(begun & self._bit("only"))

    def findings(self, words: list[Word]) -> tuple[list[Finding], list[Finding]]:
        """Return what asks to stop in a sentence and what speaks against it."""
        sentence = self._edges(words)
        matched = self._matched(self._starting, sentence)
        asking = [found for found in matched if found.verdict is not Verdict.NONE]
        innocent = [found for found in matched if found.verdict is Verdict.NONE]
        if not asking:
            asking = self._matched(self._loosely_starting, sentence)
        kept: list[Finding] = []
        for found in asking:
            against = next((i for i in innocent if i.meets(found) and not found.holds(i)), None)
            judged = found if against is None else None
            if judged is not None:
                judged, against = self._judged(judged, words)
            if judged is not None:
                kept.append(judged)
            elif against is not None and against not in innocent:
                innocent.append(against)
        return kept, innocent

    def _matched(self, starting: dict[int, list[_Pattern]], sentence: _Sentence) -> list[Finding]:
        return [
            found
            for start, word in enumerate(sentence.words)
            for bit in _bits_of(word.kinds)
            for pattern in starting.get(bit, ())
            if (found := self._match(pattern, sentence, start)) is not None
        ]

    def _judged(self, found: Finding, words: list[Word]) -> tuple[Finding | None, Finding | None]:
        because = found.because
        for at, word in enumerate(words[: found.end]):
            if word.kinds & self._if and at < found.start:
                return None, Finding(Verdict.NONE, at, at + 1, (f"if: {word.written}",))
            if word.kinds & self._ask and at < found.start:
                because = (*because, f"ask: {word.written}")
        after = words[found.start :] if self.spaced else words  # Chinese and Japanese say it before
        because += tuple(f"limit: {word.written}" for word in after if word.kinds & self._limit)
        if because == found.because:
            return found, None
        return replace(found, verdict=Verdict.UNCLEAR, because=because), None

    def _edges(self, words: list[Word]) -> _Sentence:
        sentence, opens = _Sentence(words), True
        for word, following in itertools.pairwise(words):
            if word.kinds & following.kinds & self._message:  # "text messages", "spam texts"
                word.kinds |= self._small
        for word in words:
            sentence.opens.append(opens)
            opens = bool(word.kinds & self._join) or (opens and bool(word.kinds & self._edge))
        closes = True
        sentence.closes.append(closes)
        for word in reversed(words):
            closes = bool(word.kinds & self._join) or (closes and bool(word.kinds & self._edge))
            sentence.closes.append(closes)
        sentence.closes.reverse()
        return sentence

    def _match(self, pattern: _Pattern, sentence: _Sentence, start: int) -> Finding | None:
        if pattern.opens and not sentence.opens[start]:
            return None
        pieces = self._rest(pattern, sentence, start + 1, 1)
        if pieces is None:
            return None
        pieces.append((pattern.items[0].name, start))
        pieces.reverse()
        because = tuple(f"{_kind(name)}: {sentence.words[at].written}" for name, at in pieces)
        bare = all(name in _BARE for name, _ in pieces)
        places = frozenset(at for _, at in pieces)
        vague = not any(sentence.words[at].kinds & self._about for at in places)
        return Finding(
            pattern.verdict,
            start,
            pieces[-1][1] + 1,
            because,
            places,
            bare,
            pattern.alone,
            pattern.loose,
            vague,
        )

    def _rest(
        self, pattern: _Pattern, sentence: _Sentence, at: int, item: int
    ) -> list[tuple[str, int]] | None:
        """Match the items from `item` on at word `at`; return their words, last first."""
        words = sentence.words
        if item == len(pattern.items):
            return [] if not pattern.closes or sentence.closes[at] else None
        wanted = pattern.items[item]
        if wanted.name == _FAR:
            return self._after_anything(pattern, sentence, at, item)
        if wanted.gap:
            return self._after_gap(pattern, sentence, at, item)
        place = at
        while place < len(words):
            kinds = words[place].kinds
            if kinds & wanted.kinds:
                rest = self._rest(pattern, sentence, place + 1, item + 1)
                if rest is not None:
                    rest.append((wanted.name, place))
                    return rest
            if not kinds & self._small:
                break
            place += 1
        return self._rest(pattern, sentence, at, item + 1) if wanted.optional else None

    def _after_gap(
        self, pattern: _Pattern, sentence: _Sentence, at: int, item: int
    ) -> list[tuple[str, int]] | None:
        unknown = 0
        for place in range(at, len(sentence.words)):
            rest = self._rest(pattern, sentence, place, item + 1)
            if rest is not None:
                return rest
            kinds = sentence.words[place].kinds
            if kinds & ~self._passed:
                return None
            unknown += not kinds & self._small
            if unknown > UNDERSTOOD_NOT_MAX:
                return None
        return None

    def _after_anything(
        self, pattern: _Pattern, sentence: _Sentence, at: int, item: int
    ) -> list[tuple[str, int]] | None:
        for place in range(at, min(len(sentence.words), at + self._far_max + 1)):
            rest = self._rest(pattern, sentence, place, item + 1)
            if rest is not None:
                return rest
            if sentence.words[place].kinds & self._barred:
                return None
        return None


def _kind(name: str) -> str:
    return name.replace("'", "")


def _bits_of(kinds: int) -> Iterator[int]:
    while kinds:
        bit = kinds & -kinds
        yield bit
        kinds ^= bit
