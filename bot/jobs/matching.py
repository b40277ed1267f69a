"""Which of our messages is which in the provider's list: one to one, in order, known names left out."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from bot.channels.channel import Listed
from bot.core.messages import OutboxState
from bot.storage.unknown import Handed

SKEW = timedelta(minutes=5)
"""How far our clock and the provider's may be apart."""

_NO_WORD = re.compile(r"[\W_]+")
_LEFT = {OutboxState.SENT, OutboxState.DELIVERED, OutboxState.UNDELIVERED}


def match(ours: Sequence[Handed], theirs: Iterable[Listed]) -> dict[str, Listed]:
    """Return the listed messages by our ids; both come in order of time.

    What certainly left takes its entry first, since it must be in the list; of two equal texts, the one
    handed over first takes the entry made first. An entry is compared by its whole text, then by its words
    alone (a provider may replace signs), then by time alone where the provider keeps no texts.
    """
    known = {name for one in ours for name in (one.provider_id, *one.earlier_ids)}
    free = [one for one in theirs if one.provider_id not in known]
    nameless = [one for one in ours if one.is_nameless]
    nameless.sort(key=lambda one: one.state not in _LEFT)  # stable: in order of time within each
    found: dict[str, Listed] = {}
    for is_same in (_by_text, _by_words, _by_time):
        for one in nameless:
            if one.id not in found and (entry := _first(one, free, is_same)) is not None:
                found[one.id] = entry
                free.remove(entry)
    return found


def is_hidden(one: Handed, ours: Sequence[Handed], found: Iterable[str]) -> bool:
    """Whether the list says nothing of a message that it does not have.

    That is so while an equal one is being handed over, or when an equal one that certainly left is
    missing too: the list is not complete yet.
    """
    matched = set(found)
    return any(
        other.id != one.id
        and other.is_nameless
        and other.id not in matched
        and (other.state in _LEFT or other.state is OutboxState.SENDING)
        and _words(other.body) == _words(one.body)
        for other in ours
    )


def _first(one: Handed, free: Sequence[Listed], is_same: Callable[[Handed, Listed], bool]) -> Listed | None:
    """Return the first entry that may be ours; one of our sender's goes before others."""
    fitting = [entry for entry in free if _is_in_time(one, entry) and is_same(one, entry)]
    fitting.sort(key=lambda entry: one.sender not in entry.senders)
    return fitting[0] if fitting else None


def _is_in_time(one: Handed, entry: Listed) -> bool:
    until = one.doubted_at or one.handed_at
    return one.created_at - SKEW <= entry.created_at <= max(until, one.handed_at) + SKEW


def _by_text(one: Handed, entry: Listed) -> bool:
    return one.body == entry.body and (bool(one.body) or one.media == entry.media)


def _by_words(one: Handed, entry: Listed) -> bool:
    return bool(entry.body) and _words(one.body) == _words(entry.body)


def _by_time(one: Handed, entry: Listed) -> bool:
    return bool(one.body) and not entry.body and one.media == entry.media


def _words(text: str) -> str:
    return _NO_WORD.sub("", text).casefold() or "".join(text.split())
