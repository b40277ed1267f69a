"""Funnels: events in order, each within its time of the one before, or something that did not follow.

What is kept are marks: when an event of a step happened, its id, and which steps it can be. The latest ones
of a bounded number are kept, so that all orders of adding come to the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from bot.core.audiences.rule import NOTHING, Happened, Step, TraitRule, TraitState
from bot.core.contact import JsonValue

MARKS_MAX = 300
"""How many of a contact's events one funnel looks at: the latest."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MARKS = "marks"
_Mark = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """How far somebody came: through, or to how many of the steps; what time alone changes, and when."""

    is_through: bool
    reached: int
    look_at: datetime | None = None


def mask(steps: Sequence[Step], event: Happened) -> int:
    """Return which steps an event can be, as bits."""
    return sum(
        1 << number
        for number, step in enumerate(steps)
        if step.event == event.name and step.where.holds(event.properties)
    )


def state(steps: Sequence[Step], events: Iterable[Happened]) -> TraitState:
    """Make the state of events, each of which can be a step."""
    return _kept([(_micros(event.at), event.id, mask(steps, event)) for event in events])


def joined(one: TraitState, other: TraitState) -> TraitState:
    """Put the marks of two states together."""
    return _kept([*_marks(one), *_marks(other)])


def judged(rule: TraitRule, of: TraitState, now: datetime, comes_at: datetime | None) -> Passage:
    """Return how far a contact came as of `now`, for which the state has to be good.

    A chain of events is looked for that is in order (of time, then of ids). Its first event is the first to
    leave the window, so of all chains the one that begins last holds longest.
    """
    marks, steps = _marks(of), _segments(rule.steps)
    starts: list[int | None] = []
    reached = 0
    for number, step in enumerate(steps):
        starts = _begun(marks, step) if number == 0 else _continued(marks, step, starts)
        if any(start is not None for start in starts):
            reached = step.number + 1
    through, pending = _ended(marks, _last_absences(rule.steps), starts, _micros(now))
    if through is None:
        instants = [_EPOCH + pending * _MICROSECOND] if pending is not None else []
        return Passage(False, reached, _earliest(instants, comes_at))  # noqa: FBT003  named by the class
    leaves = [_EPOCH + through * _MICROSECOND + rule.window.begins] if rule.window is not None else []
    return Passage(True, len(rule.steps), _earliest(leaves, comes_at))  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class _Segment:
    """A step that has to happen, with what must not have happened since the one before; in microseconds."""

    number: int
    within: int | None
    absences: tuple[tuple[int, int | None], ...]


def _segments(steps: Sequence[Step]) -> list[_Segment]:
    found: list[_Segment] = []
    absences: list[tuple[int, int | None]] = []
    for number, step in enumerate(steps):
        within = None if step.within is None else step.within // _MICROSECOND
        if step.is_absent:
            absences.append((number, within))
        else:
            found.append(_Segment(number, within, tuple(absences)))
            absences = []
    return found


def _last_absences(steps: Sequence[Step]) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int | None]] = []
    for number in range(len(steps) - 1, -1, -1):
        step = steps[number]
        if not step.is_absent:
            break
        found.append((number, None if step.within is None else step.within // _MICROSECOND))
    return found


def _begun(marks: Sequence[_Mark], step: _Segment) -> list[int | None]:
    """Return for each mark when a chain that ends with it began; None where none does."""
    return [at if bits >> step.number & 1 else None for at, _, bits in marks]


def _continued(marks: Sequence[_Mark], step: _Segment, before: Sequence[int | None]) -> list[int | None]:
    """Go on by one step: of all chains that lead to a mark the one that began last."""
    found: list[int | None] = []
    for number, (at, _, bits) in enumerate(marks):
        best: int | None = None
        if bits >> step.number & 1:
            nearest = _Nearest(step.absences)
            for earlier in range(number - 1, -1, -1):
                since, _, between = marks[earlier]
                if nearest.is_final or (step.within is not None and at - since >= step.within):
                    break
                start = before[earlier]
                if start is not None and (best is None or start > best) and not nearest.breaks(since):
                    best = start
                nearest.pass_by(since, between)
        found.append(best)
    return found


class _Nearest:
    """Walks back through marks, and says whether something that must not follow stands in the way."""

    __slots__ = ("_absences", "_at", "is_final")

    def __init__(self, absences: Sequence[tuple[int, int | None]]) -> None:
        self._absences = absences
        self._at: dict[int, int] = {}
        self.is_final = False
        """Nothing further back counts any more."""

    def pass_by(self, at: int, bits: int) -> None:
        for number, within in self._absences:
            if bits >> number & 1:
                self._at[number] = at
                self.is_final = self.is_final or within is None

    def breaks(self, since: int) -> bool:
        """Whether what was passed stands within its time of `since`."""
        return self.is_final or any(
            number in self._at and within is not None and self._at[number] - since < within
            for number, within in self._absences
        )


def _ended(
    marks: Sequence[_Mark],
    absences: Sequence[tuple[int, int | None]],
    starts: Sequence[int | None],
    now: int,
) -> tuple[int | None, int | None]:
    """Return when the latest whole chain began, and when the first that still waits may be whole."""
    through: int | None = None
    pending: int | None = None
    longest = max((within for _, within in absences if within is not None), default=0)
    nearest = _Nearest(absences)
    for (at, _, bits), start in zip(reversed(marks), reversed(starts), strict=True):
        if nearest.is_final:
            break
        if start is not None and not nearest.breaks(at):
            if at + longest <= now:
                through = start if through is None else max(through, start)
            else:
                pending = at + longest if pending is None else min(pending, at + longest)
        nearest.pass_by(at, bits)
    return through, pending


def _kept(marks: list[_Mark]) -> TraitState:
    if not marks:
        return NOTHING
    kept = sorted(marks)[-MARKS_MAX:]
    first, last = (_EPOCH + at * _MICROSECOND for at in (kept[0][0], kept[-1][0]))
    return TraitState(len(kept), 0, first, last, {_MARKS: [list[JsonValue](mark) for mark in kept]})


def _marks(of: TraitState) -> list[_Mark]:
    marks = cast("list[list[JsonValue]]", of.facts.get(_MARKS, []))
    return [cast("_Mark", tuple(mark)) for mark in marks]


def _earliest(instants: list[datetime], other: datetime | None) -> datetime | None:
    return min([*instants, *([other] if other is not None else [])], default=None)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
