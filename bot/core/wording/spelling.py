"""Spelling: which word a misspelt one was meant to be, at the cost of a few look-ups."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

_FORGIVES_ONE_FROM = 5  # "shop", "step" and "spot" are no misspellings of "stop"; those are listed as words
_FORGIVES_TWO_FROM = 9
_LENGTH_MAX = 24
_DRAWN_OUT = re.compile(r"(.)\1+")
_DRAWN_OUT_LONG = re.compile(r"(.)\1{2,}")
_DIGITS_AS_LETTERS = str.maketrans("013457", "oleast")
_CACHED_MAX = 8192
_PLACE_BITS = 16
_PLACE_MASK = (1 << _PLACE_BITS) - 1
_HASH_MASK = (1 << 64 - _PLACE_BITS) - 1


class Spelling:
    """Knows words, and finds the one that a drawn-out, disguised or mistyped spelling means."""

    def __init__(self, words: Iterable[str], ordinary: Iterable[str] = ()) -> None:
        """Take the words to recognise, and the `ordinary` ones that never are misspellings of them."""
        self._words = frozenset(words)
        self._ordinary = frozenset(ordinary)
        self._listed = sorted(self._words)
        # Every word with a letter or two left out, as numbers in order: the upper bits are the hash of what
        # is left, the lower ones the place of the word. A dictionary of the same takes sixteen times as much.
        self._index = array(
            "Q",
            sorted(
                _hashed(shorter) | at
                for at, word in enumerate(self._listed)
                for shorter in _near(word, _forgiven(word))
            ),
        )
        self.meant = lru_cache(_CACHED_MAX)(self._meant)

    def _meant(self, written: str) -> tuple[str, ...]:
        """Return the words that may be meant, nearest first; "stoppp", "st0p", "unsubcribe"."""
        if written in self._words:
            return (written,)
        if written in self._ordinary or len(written) > _LENGTH_MAX * 4:
            return ()
        for spelling in _plainer(written):
            if spelling in self._words:
                return (spelling,)
        return self._mistyped(_DRAWN_OUT_LONG.sub(r"\1", written))

    def _with(self, hashed: int) -> Iterator[str]:
        at = bisect_left(self._index, hashed)
        while at < len(self._index) and self._index[at] >> _PLACE_BITS == hashed >> _PLACE_BITS:
            yield self._listed[self._index[at] & _PLACE_MASK]
            at += 1

    def _mistyped(self, written: str) -> tuple[str, ...]:
        if not _FORGIVES_ONE_FROM <= len(written) <= _LENGTH_MAX or not written.isalpha():
            return ()
        found: dict[str, int] = {}
        for shorter in _near(written, 1):
            for word in self._with(_hashed(shorter)):
                if written[0] != word[0] and len(word) < _FORGIVES_TWO_FROM:
                    continue
                most = _forgiven(word)
                edits = DamerauLevenshtein.distance(written, word, score_cutoff=most)
                if edits <= most:
                    found[word] = edits
        return tuple(sorted(found, key=lambda word: (found[word], word)))


def _hashed(text: str) -> int:
    """Return a hash with room for a place; texts that share it by chance are told apart by distance."""
    return (hash(text) & _HASH_MASK) << _PLACE_BITS


def _forgiven(word: str) -> int:
    if len(word) < _FORGIVES_ONE_FROM or not word.isalpha():
        return 0
    return 1 if len(word) < _FORGIVES_TWO_FROM else 2


def _near(word: str, deletions: int) -> set[str]:
    found = {word} if deletions else set()
    last = {word}
    for _ in range(deletions):
        last = {shorter[:i] + shorter[i + 1 :] for shorter in last for i in range(len(shorter))}
        found |= last
    return found


def _plainer(written: str) -> Iterator[str]:
    if not written.isalpha() and not written.isdigit():
        written = written.translate(_DIGITS_AS_LETTERS)
        yield written
    if "k" in written:  # kiero, kitenme
        yield written.replace("k", "qu")
        yield written.replace("k", "c")
    if _DRAWN_OUT_LONG.search(written):
        yield _DRAWN_OUT_LONG.sub(r"\1", written)
        yield _DRAWN_OUT_LONG.sub(r"\1\1", written)
        yield _DRAWN_OUT.sub(r"\1", written)
