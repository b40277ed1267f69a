"""Which of our messages is which in the provider's list: one to one, in order, known names left out."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
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

    An entry is compared by its whole text, then by its words alone (a provider may replace signs), then by
    time alone where the provider keeps no texts. What certainly left takes its entry first, since it must
    be in the list; of equal texts, those go together that are nearest in time.
    """
    known = {name for one in ours for name in (one.provider_id, *one.earlier_ids)}
    free = [one for one in theirs if one.provider_id not in known]
    nameless = [one for one in ours if one.is_nameless]
    left = [one for one in nameless if one.state in _LEFT]
    doubted = [one for one in nameless if one.state not in _LEFT]
    found: dict[str, Listed] = {}
    for is_same in (_by_text, _by_words, _by_time):
        for some in (left, doubted):
            _pair(found, some, free, is_same)
    return found


def is_contested(one: Handed, ours: Sequence[Handed]) -> bool:
    """Whether an equal text is being handed over just now, so that an entry may be of either."""
    return any(other.state is OutboxState.SENDING and _are_equal(one, other) for other in ours)


def is_hidden(one: Handed, ours: Sequence[Handed], found: Collection[str]) -> bool:
    """Whether the list says nothing of a message that it does not have.

    That is so when an equal one that certainly left is missing too: the list is not complete yet.
    """
    return any(
        other.is_nameless and other.id not in found and other.state in _LEFT and _are_equal(one, other)
        for other in ours
    )


def _pair(
    found: dict[str, Listed],
    ours: Sequence[Handed],
    free: list[Listed],
    is_same: Callable[[Handed, Listed], bool],
) -> None:
    """Take entries out of `free` into `found`, our own sender's first, then the nearest in time."""
    pairs = [
        (one.sender not in entry.senders, abs(entry.created_at - one.handed_at), one.id, entry.provider_id)
        for one in ours
        for entry in free
        if one.id not in found and _is_in_time(one, entry) and is_same(one, entry)
    ]
    by_name = {entry.provider_id: entry for entry in free}
    for _, _, id_, name in sorted(pairs):
        if id_ not in found and name in by_name:
            found[id_] = by_name.pop(name)
            free.remove(found[id_])


def _are_equal(one: Handed, other: Handed) -> bool:
    return one.id != other.id and _words(one.body) == _words(other.body)


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
