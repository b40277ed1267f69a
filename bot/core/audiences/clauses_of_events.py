"""Clauses about what a contact did.

A count rises by itself only when an event comes into its window, and falls only when one leaves: most
verdicts stand until new events come, and are looked at again by then alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.audiences import funnel
from bot.core.audiences.amounts import MILLION, Comparison
from bot.core.audiences.audience import Known, Verdict
from bot.core.audiences.clauses import Clause, earliest
from bot.core.audiences.rule import FIGURE, NOTHING, TraitKind, TraitRule, TraitState
from bot.core.audiences.traits import amount, cell_of, comes_at, value, value_of
from bot.core.audiences.where import Test
from bot.core.contact import JsonValue

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure(Clause):
    """A number made of events is as wanted; of those that are kept apart that of `cell`."""

    rule: TraitRule
    comparison: Comparison
    cell: str | None = None

    @property
    def rules(self) -> tuple[TraitRule, ...]:
        """The figure."""
        return (self.rule,)

    def _state(self, known: Known) -> TraitState:
        state = known.traits.get(self.rule.key, NOTHING)
        return state if self.cell is None else cell_of(state, self.cell)

    def judged(self, known: Known) -> Verdict:
        """Compare it exactly."""
        state = self._state(known)
        found = amount(self.rule.kind, state, known.now)
        holds = self.comparison.sign == "!=" if found is None else self.comparison.holds(*found)
        if self.rule.kind is TraitKind.DAYS_SINCE:
            turns = _days_turn(state, self.comparison, known.now)
            return Verdict(holds, earliest([*turns, state.good_until]))
        if state.good_until is None or self.rule.kind not in {TraitKind.COUNT, TraitKind.UNIQUE_COUNT}:
            return Verdict(holds, state.good_until)
        assert found is not None, "counts are always there"
        return Verdict(holds, self._changes_at(state, found[0], holds=holds))

    def _changes_at(self, state: TraitState, found: int, *, holds: bool) -> datetime | None:
        """Return when a count may cross what is wanted; by itself it rises only when an event comes in."""
        sign, wanted = self.comparison.sign, self.comparison.wanted
        if sign in {"=", "!="}:
            rises, falls = found <= wanted, found >= wanted
            to_nothing = wanted < MILLION
        else:
            falls = holds is (sign in {">", ">="})
            rises = not falls
            to_nothing = self.comparison.holds(MILLION) is holds
        comes = comes_at(state) if rises else None
        begins = self.rule.window.begins if self.rule.window is not None else None
        last = state.last_at if to_nothing else state.first_at
        leaves = last + begins if falls and last is not None and begins is not None else None
        return earliest([comes, leaves])

    def seen(self, known: Known) -> JsonValue:
        """Return the number."""
        return value_of(self.rule.kind, self._state(known), known.now)

    def wanted(self) -> str:
        """Say the comparison."""
        return str(self.comparison)


def _days_turn(state: TraitState, comparison: Comparison, now: datetime) -> list[datetime]:
    """The instants after now at which whole days come to be what they are compared with, and pass it."""
    if state.last_at is None:
        return []
    day = comparison.wanted // MILLION
    turns = []
    for days in (day, day + 1):
        try:
            at = state.last_at + days * _DAY
        except OverflowError:
            continue
        if at > now:
            turns.append(at)
    return turns


@dataclass(frozen=True, slots=True)
class FigureIs(Clause):
    """What is made of events and is no number passes tests; of a number only whether there is one."""

    rule: TraitRule
    tests: tuple[Test, ...]
    """Their paths begin with `FIGURE`."""

    @property
    def rules(self) -> tuple[TraitRule, ...]:
        """The figure."""
        return (self.rule,)

    def judged(self, known: Known) -> Verdict:
        """Test it."""
        state = known.traits.get(self.rule.key, NOTHING)
        values, zone = {FIGURE: value(self.rule, state, known.now)}, known.contact.zone
        holds = all(test.holds(values, known.now, zone) for test in self.tests)
        turns = [test.changes_at(values, known.now, zone) for test in self.tests]
        return Verdict(holds, earliest([*turns, state.good_until]))

    def seen(self, known: Known) -> JsonValue:
        """Return the figure."""
        return value(self.rule, known.traits.get(self.rule.key, NOTHING), known.now)

    def wanted(self) -> str:
        """Say the tests."""
        return " and ".join(" ".join([*test.path[1:], test.wanted]) for test in self.tests)


@dataclass(frozen=True, slots=True)
class Through(Clause):
    """The contact came through a funnel."""

    rule: TraitRule

    @property
    def rules(self) -> tuple[TraitRule, ...]:
        """The funnel."""
        return (self.rule,)

    def judged(self, known: Known) -> Verdict:
        """Return whether a chain of events is whole."""
        passage = self._passage(known)
        return Verdict(passage.is_through, passage.look_at)

    def _passage(self, known: Known) -> funnel.Passage:
        state = known.traits.get(self.rule.key, NOTHING)
        return funnel.judged(self.rule, state, known.now, comes_at(state))

    def seen(self, known: Known) -> JsonValue:
        """Return how far the contact came."""
        passage = self._passage(known)
        return f"{passage.reached} of {len(self.rule.steps)} steps"

    def wanted(self) -> str:
        """Say that all steps are."""
        return f"{len(self.rule.steps)} of {len(self.rule.steps)} steps"
