"""Typos: which of many words a misspelt one may be, at the same cost for ten words and for 20,000."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz.distance import DamerauLevenshtein

_FORGIVES_ONE_FROM = 4
_FORGIVES_TWO_FROM = 7
_EDITS_MAX = 2
_LENGTH_MAX = 24  # longer texts are not one mistyped word
_HEAD = 9  # letters whose deletions are stored; what follows is compared, not stored
_POSITION_BITS = 22
_POSITION_MASK = (1 << _POSITION_BITS) - 1
_HASH_MASK = (1 << (63 - _POSITION_BITS)) - 1


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A word and how many edits away it is; a swap of two neighbours is one edit."""

    edits: int
    word: str


def edits_forgiven(word: str) -> int:
    """How many typos a word forgives; none where it is short, or a digit makes it a code."""
    if len(word) < _FORGIVES_ONE_FROM or any(character.isdigit() for character in word):
        return 0
    return 1 if len(word) < _FORGIVES_TWO_FROM else _EDITS_MAX


class Typos:
    """Finds the words within their forgiven edits of a text, by the deletions both have in common.

    Two words at most n edits apart become equal by deleting at most n characters of each. The deletions
    of every word's head are kept as sorted numbers, hash above position: some ten bytes each, found by
    bisection.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if edits_forgiven(word)]
        assert len(self._words) <= _POSITION_MASK
        self._deletions: array[int] | None = None

    def near(self, text: str) -> list[Hit]:
        """Return the words `text` may be a misspelling of, nearest first."""
        if not text or len(text) > _LENGTH_MAX:
            return []
        hits: list[Hit] = []
        for position in self._suspects(text):
            word = self._words[position]
            forgiven = edits_forgiven(word)
            edits = DamerauLevenshtein.distance(text, word, score_cutoff=forgiven)
            if edits <= forgiven:
                hits.append(Hit(edits, word))
        return sorted(hits)

    def _suspects(self, text: str) -> set[int]:
        stored, found = self.prepare(), set[int]()
        for variant in _deletions(text[:_HEAD], _EDITS_MAX):
            key = _key(variant)
            place = bisect_left(stored, key)
            while place < len(stored) and stored[place] & ~_POSITION_MASK == key:
                found.add(stored[place] & _POSITION_MASK)
                place += 1
        return found

    def prepare(self) -> "array[int]":
        """Build what look-ups search, if it is not there yet: half a second of CPU for 20,000 words.

        It happens on first use, so that a process starts without it; a caller that must not wait then
        prepares in a thread.
        """
        if self._deletions is None:
            numbers = [
                _key(variant) | position
                for position, word in enumerate(self._words)
                for variant in _deletions(word[:_HEAD], edits_forgiven(word))
            ]
            self._deletions = array("q", sorted(numbers))
        return self._deletions


def _key(variant: str) -> int:
    return (hash(variant) & _HASH_MASK) << _POSITION_BITS


def _deletions(word: str, most: int) -> set[str]:
    variants = {word}
    for count in range(1, min(most, len(word)) + 1):
        variants.update(map("".join, combinations(word, len(word) - count)))
    return variants
