"""The door of a flow: who may start it now, and why somebody may not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.contact import JsonValue
from bot.core.control_group import Side
from bot.core.deeds.figures import is_in
from bot.core.flow.compiled import CALENDAR, NEVER, Flow, ScheduleStarter, Starter
from bot.core.flow.evaluations import DOOR, EVALUATION, Evaluation, key_of
from bot.core.flow.halts import Halt
from bot.core.ids import bucket_of, derived_id
from bot.core.local_time import local_date
from bot.core.messages import MessageClass
from bot.core.turn import NeedsMore, Turn

ENTERED = "entered"
"""What a turn asks for by this name: flow → when the contact last started it."""
RUN_THERE = "run_there"
"""Asked for by this name, a flow and a key: whether there is such a run of whoever the contact was."""
_OF_ORDERS = "order"


class Reason(StrEnum):
    """What is decided at the door."""

    ENTERED = "entered"
    PAUSED = "paused"
    DRAINING = "draining"
    CONTROL = "control"
    NOT_IN_AUDIENCE = "not_in_audience"
    NO_MEMBER = "no_member"
    REENTRY = "reentry"
    CAP_DAY = "cap_day"
    CAP_TOTAL = "cap_total"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about a contact at a door, and by which values; `key` is what it enters for."""

    reason: Reason
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    key: str = ""

    @property
    def is_in(self) -> bool:
        """Whether a run may start."""
        return self.reason is Reason.ENTERED


def admitted(turn: Turn, flow: Flow, starter: Starter | None, variables: Mapping[str, JsonValue]) -> Verdict:
    """Say whether a contact may start a flow now; the cheapest questions come first, places are taken last.

    Raises:
        NeedsMore: when the contact entered before, where re-entry is limited; what its audience looks at.
        NeedsUnits: a place, where the flow has a cap on entries.
    """
    halted = turn.shop.halted.get(flow.name)
    if halted is not None:
        return Verdict(Reason.PAUSED if halted is Halt.PAUSED else Reason.DRAINING)
    answers = turn.answers is not None
    if not answers and flow.message_class is MessageClass.MARKETING and _is_held_back(turn):
        return Verdict(Reason.CONTROL)
    if isinstance(starter, ScheduleStarter):
        if starter.audience is not None and not is_in(turn, starter.audience):
            return Verdict(Reason.NOT_IN_AUDIENCE, {"audience": starter.audience})
        if starter.audience is None and not turn.contact.is_member:
            return Verdict(Reason.NO_MEMBER)
    key = _key(turn, flow, variables)
    again = _was_there(turn, flow, key)
    return again or _place(turn, flow, key)


def evaluated(turn: Turn, flow: Flow, starter: Starter | None, verdict: Verdict) -> None:
    """Keep a verdict on record, unless the turn answers the contact or there was nothing to decide."""
    is_asked = flow.has_door or (isinstance(starter, ScheduleStarter) and starter.audience is not None)
    if turn.answers is not None or (verdict.is_in and not is_asked):
        return
    one = Evaluation(flow.name, DOOR, turn.now, verdict.reason.value, verdict.facts)
    turn.keep(EVALUATION, key_of(flow.name, DOOR), one)


def run_id(contact_id: str, flow: str, key: str) -> str:
    """Return the id of the run that a contact has of a flow for one key: it is there once."""
    return derived_id(f"run/{contact_id}/{flow}/{key}", bucket_of(contact_id))


# Below: how


def _is_held_back(turn: Turn) -> bool:
    control = turn.shop.policy.control
    return control is not None and control.side(turn.contact.id) is Side.CONTROL


def _key(turn: Turn, flow: Flow, variables: Mapping[str, JsonValue]) -> str:
    """Return for what the contact enters, where it may once for each such thing; empty: for nothing."""
    per = flow.reentry_per
    if per is None or per in CALENDAR:
        return ""
    event = turn.trigger.event
    known = {**variables, **(event.properties if event is not None else {})}
    names = ("order_id", "order", "id") if per == _OF_ORDERS else (per,)
    found = next((known[name] for name in names if known.get(name) not in {None, ""}), None)
    return f"{per}/{found}" if isinstance(found, str | int) else ""


def _was_there(turn: Turn, flow: Flow, key: str) -> Verdict | None:
    """Say that the contact went through before, if that keeps it out."""
    if key:
        is_there = run_id(turn.contact.id, flow.name, key) in turn.runs
        if is_there or turn.needed(RUN_THERE, f"{flow.name}/{key}"):
            return Verdict(Reason.REENTRY, {"per": flow.reentry_per, "key": key})
        return None
    if not flow.reentry and flow.reentry_per not in CALENDAR:
        return None
    last = _last_entered(turn, flow)
    if last is None:
        return None
    if flow.reentry_per is not None:
        is_out = _same(flow.reentry_per, last, turn)
    else:
        is_out = flow.reentry is NEVER or turn.now - last < flow.reentry
    facts: dict[str, JsonValue] = {"last": last.isoformat()}
    if is_out and flow.reentry_per is None and flow.reentry is not NEVER:
        facts["again_at"] = (last + flow.reentry).isoformat()
    return Verdict(Reason.REENTRY, facts) if is_out else None


def _last_entered(turn: Turn, flow: Flow) -> datetime | None:
    own = [run.started_at for run in turn.runs.values() if run.flow == flow.name]
    if own and flow.reentry is NEVER:
        return max(own)
    if ENTERED not in turn.snapshot.more:
        raise NeedsMore(ENTERED)
    entered = turn.snapshot.more[ENTERED]
    assert isinstance(entered, Mapping), "entries are by flow"
    last = entered.get(flow.name)
    return max([*own, *([last] if last is not None else [])], default=None)


def _same(per: str, last: datetime, turn: Turn) -> bool:
    """Whether the last entry was on the same day, in the same week (from Monday), month or year."""
    then, today = (local_date(at, turn.contact.zone) for at in (last, turn.now))
    if per == "week":
        then, today = (day - timedelta(days=day.weekday()) for day in (then, today))
    elif per == "month":
        then, today = then.replace(day=1), today.replace(day=1)
    elif per == "year":
        then, today = (day.replace(month=1, day=1) for day in (then, today))
    return then >= today


def _place(turn: Turn, flow: Flow, key: str) -> Verdict:
    """Take one of the places there are."""
    day = str(local_date(turn.now, turn.shop.zone))
    of_day = f"entry:{flow.name}:{day}"
    if flow.entries_per_day is not None and not turn.take(of_day, 1, of=flow.entries_per_day):
        return Verdict(Reason.CAP_DAY, {"cap": flow.entries_per_day, "day": day})
    if flow.entries_total is not None and not turn.take(f"entry:{flow.name}", 1, of=flow.entries_total):
        if flow.entries_per_day is not None:
            turn.give_back(of_day, 1)
        return Verdict(Reason.CAP_TOTAL, {"cap": flow.entries_total})
    return Verdict(Reason.ENTERED, {"key": key} if key else {}, key)
