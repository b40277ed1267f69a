"""Grants: +1 for each accept of a popup, -1 for each subscribe message, none left after a refusal.

One accept is told twice: by the mini program, which sees what the popup returned, and by a push of the
platform. They carry no common name, so that a report counts nothing where the other source has told of an
accept shortly before that no report was paired with yet. Where a report got lost this counts too few at
worst, never too many; what is not granted goes by SMS.
https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PAIRED_WITHIN = timedelta(minutes=10)
"""How far apart the two reports of one accept may come; pushes are tried again for a few seconds only."""


class Source(StrEnum):
    """Where a change of a grant came from."""

    CLIENT = "client"  # the mini program: what the popup returned
    PUSH = "push"  # the platform told of the popup
    REFUSED = "refused"  # by the contact: in the popup, in its settings, or so the platform answered
    SENT = "sent"
    GIVEN_BACK = "given_back"  # for a message that the platform did not take after all


class Answer(StrEnum):
    """What a contact, or the platform, said to one template of a popup."""

    ACCEPT = "accept"
    REJECT = "reject"
    BAN = "ban"  # the platform has switched the template off
    FILTER = "filter"  # another template of the popup has the same title: it was not asked about


def answer_of(word: str) -> Answer | None:
    """Read an answer as the platform spells it (`acceptWithAudio` is an accept); None: a word not known."""
    if word.startswith("accept"):
        return Answer.ACCEPT
    return next((answer for answer in Answer if answer.value == word), None)


@dataclass(frozen=True, slots=True)
class GrantEntry:
    """One line of the ledger; `change` may be 0 (a report that was paired). `key` counts each cause once."""

    key: str
    address: str
    template: str
    change: int
    left_after: int
    source: Source
    at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """How many messages of one template may still go to one address, and its latest entries, oldest first."""

    address: str
    template: str
    left: int = 0
    entries: tuple[GrantEntry, ...] = ()

    def answered(self, answer: Answer, source: Source, key: str, at: datetime) -> "Grant":
        """Hear of a popup from one of the two who tell of it."""
        if answer is Answer.FILTER:
            return self
        if answer is not Answer.ACCEPT:
            return self.refused(key, at)
        other = Source.PUSH if source is Source.CLIENT else Source.CLIENT
        is_told = bool(_unpaired(self.entries, other, source, at))
        return self._with(key, 0 if is_told else 1, source, at)

    def refused(self, key: str, at: datetime) -> "Grant":
        """Hear that the contact wants none of these messages."""
        return self._with(key, -self.left, Source.REFUSED, at)

    def sent(self, key: str, at: datetime) -> "Grant":
        """Spend one; there must be one left."""
        assert self.left > 0, "nothing is sent without a grant"
        return self._with(key, -1, Source.SENT, at)

    def given_back(self, key: str, at: datetime) -> "Grant":
        """Take back what was spent on a message that the platform did not take."""
        return self._with(key, 1, Source.GIVEN_BACK, at)

    def _with(self, key: str, change: int, source: Source, at: datetime) -> "Grant":
        if any(entry.key == key for entry in self.entries):
            return self
        left = self.left + change
        entry = GrantEntry(key, self.address, self.template, change, left, source, at)
        return Grant(self.address, self.template, left, (*self.entries, entry))


def _unpaired(
    entries: Iterable[GrantEntry], one: Source, other: Source, at: datetime
) -> Sequence[GrantEntry]:
    """The accepts of late that `one` told of and `other` has not yet.

    A report that counted nothing belongs to the oldest of these that there was when it came.
    """
    waiting: dict[Source, list[GrantEntry]] = {one: [], other: []}
    for entry in entries:
        if entry.source not in waiting:
            continue
        opposite = waiting[other if entry.source is one else one]
        if entry.change:
            waiting[entry.source].append(entry)
        else:
            first = next((told for told in opposite if told.at >= entry.at - PAIRED_WITHIN), None)
            if first is not None:
                opposite.remove(first)
    return [told for told in waiting[one] if told.at >= at - PAIRED_WITHIN]
