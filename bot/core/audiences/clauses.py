"""What conditions are made of: a clause, and clauses of which all, any or none must hold.

`look_at` is never too late, and as late as can be said: while one of several that must hold fails for sure,
the others may change as they like.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.audiences.audience import Explained, Known, Topic, Verdict
from bot.core.audiences.rule import TraitRule
from bot.core.contact import JsonValue


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition as it stands in a file."""

    text: str
    line: int

    @property
    def rules(self) -> tuple[TraitRule, ...]:
        """The figures it looks at."""
        return ()

    @property
    def topics(self) -> frozenset[Topic]:
        """What it looks at beside events and audiences."""
        return frozenset()

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences it names."""
        return frozenset()

    def judged(self, known: Known) -> Verdict:
        """Return whether it holds."""
        raise NotImplementedError

    def seen(self, known: Known) -> JsonValue:
        """Return the value it looked at."""
        raise NotImplementedError

    def wanted(self) -> str:
        """Say what the value must be."""
        raise NotImplementedError

    def explained(self, known: Known) -> Explained:
        """Say why it holds or not."""
        verdict = self.judged(known)
        return Explained(
            self.text, self.line, verdict.is_in, self.seen(known), self.wanted(), verdict.look_at
        )


@dataclass(frozen=True, slots=True)
class Group(Clause):
    """Several clauses."""

    parts: tuple[Clause, ...] = ()

    @property
    def rules(self) -> tuple[TraitRule, ...]:
        """The figures of all parts."""
        return tuple(rule for part in self.parts for rule in part.rules)

    @property
    def topics(self) -> frozenset[Topic]:
        """The topics of all parts."""
        return frozenset(topic for part in self.parts for topic in part.topics)

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences of all parts."""
        return frozenset(name for part in self.parts for name in part.audiences)

    def explained(self, known: Known) -> Explained:
        """Say it of every part."""
        verdict = self.judged(known)
        parts = tuple(part.explained(known) for part in self.parts)
        return Explained(self.text, self.line, verdict.is_in, look_at=verdict.look_at, parts=parts)


@dataclass(frozen=True, slots=True)
class All(Group):
    """All of them hold."""

    def judged(self, known: Known) -> Verdict:
        """Return whether all hold."""
        return _all(part.judged(known) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf(Group):
    """One of them holds."""

    def judged(self, known: Known) -> Verdict:
        """Return whether one holds."""
        return _denied(_all(_denied(part.judged(known)) for part in self.parts))


@dataclass(frozen=True, slots=True)
class NoneOf(Group):
    """None of them holds."""

    def judged(self, known: Known) -> Verdict:
        """Return whether none holds."""
        return _all(_denied(part.judged(known)) for part in self.parts)


def _denied(verdict: Verdict) -> Verdict:
    return Verdict(not verdict.is_in, verdict.look_at)


def _all(verdicts: Iterable[Verdict]) -> Verdict:
    fails_until: datetime | None = None
    holds_until: datetime | None = None
    for verdict in verdicts:
        at = verdict.look_at
        if verdict.is_in:
            holds_until = at if holds_until is None or (at is not None and at < holds_until) else holds_until
        elif at is None:
            return verdict  # whatever becomes of the others
        elif fails_until is None or at > fails_until:
            fails_until = at
    if fails_until is not None:
        return Verdict(is_in=False, look_at=fails_until)
    return Verdict(is_in=True, look_at=holds_until)


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the first instant; None is never."""
    return min((at for at in instants if at is not None), default=None)
