"""Goals: what a contact does within a time of an entry counts once for it, and for the step that told of it.

What a flow is for stands in its `goals`. Each entry (a run) can reach each of them once; revenue is that of
the order that did it, less what came back since.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bot.core.contact import Event, JsonValue
from bot.core.experiments.experiment import Experiment
from bot.core.flow.compiled import Flow, Goal, Split
from bot.core.flow.run import Run, RunStatus
from bot.core.flow.walk import FlowSource
from bot.core.ids import bucket_of, derived_id
from bot.core.local_time import local_date
from bot.core.triggers import TriggerKind
from bot.core.turn import Turn

USUAL_WINDOW = timedelta(days=3)
"""How long after the entry a goal counts that does not say."""
ENTRIES, PASSED, COMPLETED, ENDED, BROKEN = "entries", "passed", "completed", "ended", "broken"
"""What runs count as, at no step; `passed` are entries that were over in the turn they began in."""
CONVERTED, REVENUE = "converted:", "revenue:"
"""What goals count as; the goal's number follows, and with revenue the currency."""
CONVERSION = "conversion"
"""The table."""
ENTERED, OF_ORDER = "goal_entries", "conversions_of"
"""What is needed, by name: entries whose goals may still be reached, and the conversions of an order."""
_BACK = frozenset({"Order Refunded", "Order Canceled"})
_ENDS = {RunStatus.DONE: COMPLETED, RunStatus.ENDED: ENDED, RunStatus.FAILED: BROKEN}


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a run that was handed over."""

    at: datetime
    flow: str
    step: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A run whose goals may be reached: which were, and what was received of it."""

    run: Run
    reached: frozenset[int] = frozenset()
    received: tuple[Received, ...] = ()

    def reaches(self, goals: Sequence[Goal], event: Event) -> list[int]:
        """Return which goals an event reaches now, by their numbers: in time, and none a second time."""
        return [
            number
            for number, goal in enumerate(goals)
            if goal.event == event.name
            and number not in self.reached
            and self.run.started_at <= event.at <= self.run.started_at + window(goal)
        ]

    def step_before(self, at: datetime) -> str:
        """Return the step whose message came last before then; empty: none did, or a called flow's."""
        before = [one for one in self.received if one.at <= at]
        last = max(before, key=lambda one: one.at, default=None)
        return last.step if last is not None and last.flow == self.run.flow else ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A goal that an entry reached; `cause` is what told of it, `revenue_minor` net of what came back."""

    run: str
    goal: int
    at: datetime
    cause: str
    flow: str
    revision: int
    step: str
    variant: str
    order_id: str = ""
    revenue_minor: int = 0
    currency: str = ""


def window(goal: Goal) -> timedelta:
    """Return how long after the entry a goal counts."""
    return goal.within if goal.within is not None else USUAL_WINDOW


def goal_events(flows: Iterable[Flow]) -> frozenset[str]:
    """Return the events that are goals of some flow."""
    return frozenset(goal.event for flow in flows for goal in flow.goals)


def note_runs(turn: Turn, flows: FlowSource) -> None:
    """Count entries and how runs ended; from now on an entry's goals are listened for."""
    known = {run.id: run for run in turn.snapshot.runs}
    for run in tuple(turn.effects.runs.values()):
        if run.id not in known:
            turn.count(run.flow, run.revision, "", ENTRIES)
            flow = flows.flow(run.flow, run.revision)
            if flow is not None and flow.goals:
                until = run.started_at + max(map(window, flow.goals))
                turn.put_run(replace(run, goals_until=until))
        if run.status in _ENDS:
            turn.count(run.flow, run.revision, "", _ENDS[run.status], run.variant)


def hear_goals(turn: Turn, flows: FlowSource, heard: frozenset[str]) -> None:
    """Count what this turn's events reach; `heard` are all events that are goals.

    Raises:
        NeedsMore: the entries are not loaded yet, or the conversions of an order that comes back.
    """
    trigger = turn.trigger
    if trigger.kind is TriggerKind.EVENT and trigger.event is not None and trigger.event.name in heard:
        # Whom it let in now did not do it because of what they are yet to be told.
        _reach(turn, flows, trigger.event, _entries(turn, with_new=False))
    for event in turn.effects.events:
        if event.name in heard:
            _reach(turn, flows, event, _entries(turn, with_new=True))
        if event.name in _BACK and heard:
            _give_back(turn, event)


def _entries(turn: Turn, *, with_new: bool) -> list[Entry]:
    found = turn.needed(ENTERED)
    assert isinstance(found, tuple), "entries are listed"
    entries = {entry.run.id: entry for entry in found}
    known = {run.id for run in turn.snapshot.runs}
    for run in turn.effects.runs.values():
        if run.id in entries:
            entries[run.id] = replace(entries[run.id], run=run)
        elif with_new and run.id not in known and run.goals_until is not None:
            entries[run.id] = Entry(run)
    return list(entries.values())


def _reach(turn: Turn, flows: FlowSource, event: Event, entries: Iterable[Entry]) -> None:
    for entry in entries:
        run = entry.run
        if run.goals_until is None or event.at > run.goals_until:
            continue
        flow = flows.flow(run.flow, run.revision)
        for goal in entry.reaches(flow.goals if flow is not None else (), event):
            if (CONVERSION, _key(run.id, goal)) not in turn.effects.kept:
                _convert(turn, entry, goal, event)


def _convert(turn: Turn, entry: Entry, goal: int, event: Event) -> None:
    run, (revenue_minor, currency) = entry.run, _revenue(turn, event)
    conversion = Conversion(
        run=run.id,
        goal=goal,
        at=event.at,
        cause=derived_id(turn.trigger.key, bucket_of(turn.contact.id)),
        flow=run.flow,
        revision=run.revision,
        step=entry.step_before(event.at),
        variant=run.variant,
        order_id=str(event.properties.get("order_id") or ""),
        revenue_minor=revenue_minor,
        currency=currency,
    )
    turn.keep(CONVERSION, _key(run.id, goal), conversion)
    _count(turn, conversion, f"{CONVERTED}{goal}", 1, 0)
    if currency:
        _count(turn, conversion, f"{REVENUE}{goal}:{currency}", 1, revenue_minor)


def _give_back(turn: Turn, event: Event) -> None:
    """Take what came back of an order off the revenue that it was counted as."""
    order = str(event.properties.get("order_id") or "")
    found = turn.needed(OF_ORDER, order)
    assert isinstance(found, tuple), "conversions are listed"
    now = {_key(one.run, one.goal): one for one in found}
    now |= {key: one for (table, key), one in turn.effects.kept.items() if table == CONVERSION}
    back = event.properties.get("refunded")
    is_all = bool(event.properties.get("is_all")) or event.name == "Order Canceled"
    for key, one in now.items():
        assert isinstance(one, Conversion), "as it was kept"
        if one.order_id != order or not one.currency:
            continue
        left = 0 if is_all else max(0, one.revenue_minor - (back if isinstance(back, int) else 0))
        if left != one.revenue_minor:
            turn.keep(CONVERSION, key, replace(one, revenue_minor=left))
            what = f"{REVENUE}{one.goal}:{one.currency}"
            _count(turn, one, what, 0, left - one.revenue_minor)


def _count(turn: Turn, one: Conversion, what: str, times: int, amount: int) -> None:
    day = str(local_date(one.at, turn.shop.zone))
    turn.count(one.flow, one.revision, one.step, what, one.variant, times=times, amount=amount, on_day=day)


def _key(run: str, goal: int) -> str:
    return f"{run}/{goal}"


def _revenue(turn: Turn, event: Event) -> tuple[int, str]:
    """What an event brought, in minor units and in which currency; none where it says nothing of money."""
    facts = event.properties
    default = turn.program.currency.code
    currency = str(facts.get("currency") or default)
    cash = facts.get("cash_minor")
    if isinstance(cash, int):
        return cash, currency
    revenue = _number(facts.get("revenue"))
    if revenue is None:
        return 0, ""
    known = next((one for one in turn.program.currencies if one.code == currency), turn.program.currency)
    minor = (revenue * 10**known.exponent).quantize(Decimal(1), ROUND_HALF_UP)
    return int(minor), currency


def _number(value: JsonValue) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return Decimal(str(value))


def with_windows(tried: Mapping[str, Experiment], flows: Iterable[Flow]) -> dict[str, Experiment]:
    """Experiments that count the goals of their flows, with how long those count after an entry."""
    longest: dict[str, timedelta] = {}
    for flow in flows:
        within = max((goal.within or USUAL_WINDOW for goal in flow.goals), default=timedelta())
        for step in flow.steps:
            if isinstance(step, Split):
                longest[step.experiment] = max(within, longest.get(step.experiment, timedelta()))
    return {
        name: one if one.goals or name not in longest else replace(one, flows_count_for=longest[name])
        for name, one in tried.items()
    }
