"""Why a contact got a step of a flow, or did not: what is on record, put into one verdict, pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.audiences.audience import Explained
from bot.core.contact import JsonValue
from bot.core.flow import compiled
from bot.core.flow.compiled import Flow, Step
from bot.core.flow.evaluations import DOOR, WAITS, Evaluation
from bot.core.flow.records import Record, Walked, Written
from bot.core.flow.run import RunStatus, WaitKind
from bot.core.flow.way_there import way_there
from bot.core.flow.where import values_at
from bot.core.keywords import normalise
from bot.core.messages import OutboxState

_WAITING = frozenset({OutboxState.QUEUED, OutboxState.HELD})
_STOPS = {
    WaitKind.REPLY: "for an answer",
    WaitKind.EVENT: "for an event",
    WaitKind.INBOUND: "for a message",
    WaitKind.ANY: "for one of several things",
    WaitKind.TIME: "for its time",
    WaitKind.HANDED: "for its message to be handed over",
}


@dataclass(frozen=True, slots=True)
class Why:
    """One sentence, and what it rests on: `starters` as of then, `conditions` on the way to the step."""

    verdict: str
    record: Record
    starters: tuple[Explained, ...] = ()
    conditions: tuple[Explained, ...] = ()


def why(flow: Flow, record: Record, starters: Sequence[Explained], step: Step | None = None) -> Why:
    """Say where a contact stands to a flow, or to one of its steps."""
    conditions = () if step is None else tuple(way_there(flow, record, step))
    if step is None:
        verdict = _of_flow(record, starters)
    else:
        verdict = _of_step(flow, record, step, starters, conditions)
    return Why(verdict, record, tuple(starters), conditions)


def started_by(
    flow: Flow, record: Record, audiences: Mapping[str, Explained], now: datetime, shop_zone: str
) -> list[Explained]:
    """Say of each starter whether it has ever reached this contact, and by which value.

    `audiences` explains those that the flow names, as they are at `now`: the instant that is asked about.
    """
    return [
        _scheduled(starter, record, audiences, now, shop_zone)
        if isinstance(starter, compiled.ScheduleStarter)
        else _starter(starter, record)
        for starter in flow.starters
    ]


# A verdict


def _of_flow(record: Record, starters: Sequence[Explained]) -> str:
    if record.runs:
        return _of_run(record.runs[0], record)
    if record.messages:
        last = record.messages[0]
        return f"went through it at once; its last message came at step {last.step}: {_became(last)}"
    return _never(record, starters)


def _never(record: Record, starters: Sequence[Explained]) -> str:
    door = record.evaluated(DOOR)
    if door is not None:
        return f"was at its door on {_on(door.seen_at)}: {door.verdict}"
    failing = [one for one in starters if not one.holds]
    if starters and len(failing) == len(starters):
        return f"never came to its door: {'; '.join(_failing(one) for one in failing)}"
    ahead = min((one.look_at for one in starters if one.holds and one.look_at is not None), default=None)
    if ahead is not None:
        return f"has not come to its door: its schedule comes next on {_on(ahead)} for this contact"
    return "is not in it, and no run or message of it is on record"


def _of_run(walked: Walked, record: Record) -> str:
    run = walked.run
    if walked.is_later:
        stood = next((one for one in record.evaluations if one.step and one.at >= run.started_at), None)
        known = f", at step {stood.step}: {_decided(stood)}" if stood is not None else ""
        return f"was in it since {_on(run.started_at)}{known}"
    if run.is_waiting and run.wait is not None:
        until = f" until {_on(run.wait.until)}" if run.wait.until else ""
        return f"is in it: waits at step {run.wait.step} {_stops(run.wait.kind)}{until}"
    at = run.frames[-1].step if run.frames else "?"
    if run.status is RunStatus.FAILED:
        reason = (run.failure or "").strip().splitlines()
        return f"the run failed at step {at} on {_on(walked.changed_at)}: {reason[-1] if reason else '?'}"
    if run.status is RunStatus.ENDED:
        return f"the run was stopped at step {at} on {_on(walked.changed_at)}"
    return f"went through it, last at step {at}, on {_on(walked.changed_at)}"


def _stops(kind: WaitKind) -> str:
    return _STOPS.get(kind, f"({kind.value})")


def _of_step(
    flow: Flow, record: Record, step: Step, starters: Sequence[Explained], conditions: Sequence[Explained]
) -> str:
    messages = [one for one in record.messages if one.step == step.id]
    if messages:
        return _became(messages[0])
    now = [one.run for one in record.runs[:1] if not one.is_later]
    if any(run.is_waiting and run.wait is not None and run.wait.step == step.id for run in now):
        return f"stands there: {_of_run(record.runs[0], record)}"
    recorded = record.evaluated(step.id)
    if recorded is not None:
        return _decided(recorded)
    if not record.runs and not record.messages:
        return f"not reached: {_never(record, starters)}"
    run = record.runs[0].run if record.runs else None
    failing = [one for one in conditions if not one.holds]
    if failing:
        return f"left out: {failing[0].text} [{flow.file}:{failing[0].line}]: {_seen(failing[0])}"
    if run is None:
        return "nothing is on record of this step: runs that begin and end at once leave their messages alone"
    if run.is_waiting or record.runs[0].is_later:
        return f"not reached yet: {_of_run(record.runs[0], record)}"
    return f"nothing is on record of this step: {_of_run(record.runs[0], record)}"


def _decided(one: Evaluation) -> str:
    """What was decided, in words: since when, and by which values."""
    if one.verdict == WAITS:
        until = one.facts.get("until")
        most = f", until {_on(datetime.fromisoformat(until))} at most" if isinstance(until, str) else ""
        return f"waited since {_on(one.seen_at)}{most}"
    since = f", so since {_on(one.at)}" if one.at != one.seen_at else ""
    facts = ", ".join(f"{name} was {_said(value)}" for name, value in one.facts.items())
    return f"{one.verdict} on {_on(one.seen_at)}{since}{f': {facts}' if facts else ''}"


def _became(message: Written) -> str:
    """What became of a message, in words."""
    said = f": {message.explanation}" if message.explanation else ""
    reason = f" ({message.reason})" if message.reason else ""
    if message.handed_at is not None:
        return f"handed over on {_on(message.handed_at)}, {message.state.value} since{reason}{said}"
    if message.state in _WAITING:
        return f"{message.state.value}{reason} until {_on(message.due_at)}{said}"
    return f"{message.state.value}{reason} on {_on(message.state_at)}{said}"


# Starters


def _scheduled(
    starter: compiled.ScheduleStarter,
    record: Record,
    audiences: Mapping[str, Explained],
    now: datetime,
    shop_zone: str,
) -> Explained:
    """Whether a schedule is for this contact, and when it comes next on its clock or the shop's."""
    line, contact = starter.mark.line, record.contact
    if starter.audience is not None and starter.audience in audiences:
        audience = audiences[starter.audience]
        told = Explained(f"schedule, audience {starter.audience}", line, audience.holds, parts=(audience,))
    else:
        is_member = contact.enrolled_at is not None and contact.enrolled_at <= now
        told = Explained("schedule, every member", line, is_member, seen=_member(is_member=is_member))
    strike = starter.schedule.strike_after(now, shop_zone if starter.by_shop_clock else contact.zone)
    when = f"next on {_on(strike.at)}" if strike is not None else "over"
    return replace(told, text=f"{told.text}, {when}", look_at=strike.at if strike is not None else None)


def _starter(starter: compiled.Starter, record: Record) -> Explained:
    line = starter.mark.line
    if isinstance(starter, compiled.EventStarter):
        return _of_event(starter, record)
    if isinstance(starter, compiled.KeywordStarter):
        return _of_keyword(starter, record)
    # Nothing is kept of how often these were tried: only a run or a message shows it.
    name = type(starter).__name__.removesuffix("Starter").lower()
    may_be = bool(record.runs or record.messages)
    return Explained(name, line, may_be, seen=None if may_be else "no trace of it")


def _of_event(starter: compiled.EventStarter, record: Record) -> Explained:
    found = record.events.get(starter.event)
    text, line = f"event {starter.event}", starter.mark.line
    if found is None:
        return Explained(text, line, holds=False, seen="it never happened")
    at, properties = found
    parts = tuple(
        Explained(
            f"{'.'.join(clause.path)} {clause.sign} {clause.operand}",
            line,
            clause.holds(properties),
            seen=_of(properties, clause.path),
        )
        for clause in starter.where.clauses
    )
    if not parts:
        return Explained(text, line, holds=True, seen=f"last on {_on(at)}")
    return Explained(f"{text}, last on {_on(at)}", line, starter.where.holds(properties), parts=parts)


def _of_keyword(starter: compiled.KeywordStarter, record: Record) -> Explained:
    words = {normalise(word) for word in starter.words}
    named = ", ".join(starter.words) or f"the words of {starter.category}"
    texted = next((at for at, text in record.texts if normalise(text) in words), None)
    if not words or texted is not None:
        seen = f"texted on {_on(texted)}" if texted is not None else None
        return Explained(f"keyword {named}", starter.mark.line, holds=True, seen=seen)
    seen = f"not among the {len(record.texts)} latest texts" if record.texts else "never texted"
    return Explained(f"keyword {named}", starter.mark.line, holds=False, seen=seen)


def _of(properties: Mapping[str, JsonValue], path: tuple[str, ...]) -> JsonValue:
    """What an event's property was; of a list's things all that there were."""
    found = [*values_at(dict(properties), path)]
    return found[0] if len(found) == 1 else ", ".join(_said(one) for one in found) or None


def _member(*, is_member: bool) -> str:
    return "a member" if is_member else "no member"


def _failing(one: Explained) -> str:
    """The clause that failed, with what was seen."""
    while one.parts:
        failing = next((part for part in one.parts if not part.holds), None)
        if failing is None:
            break
        one = failing
    return f"{one.text} (line {one.line}): {_seen(one)}"


def _seen(one: Explained) -> str:
    if isinstance(one.seen, dict):
        return ", ".join(f"{name} was {_said(value)}" for name, value in one.seen.items())
    wanted = f", wanted {one.wanted}" if one.wanted else ""
    return f"{_said(one.seen)}{wanted}"


def _said(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else str(value)


def _on(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
