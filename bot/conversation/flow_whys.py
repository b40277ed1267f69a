"""Says of a contact and a flow, or one of its steps, why something happened or did not."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.conversation import audience_looks
from bot.conversation.published_files import compiled
from bot.core.audiences.audience import Explained
from bot.core.contact import JsonValue
from bot.core.errors import RegularsError
from bot.core.flow.compiled import EventStarter, Flow, ScheduleStarter
from bot.core.flow.records import Walked, Written
from bot.core.flow.whys import Why, started_by, why
from bot.core.turn import Shop
from bot.storage import contacts, flow_records, members, revisions
from bot.storage.driver import Connection
from bot.storage.members import Membership


class NoSuchFlow(RegularsError):
    """No flow of this name is published, or it no longer compiles."""


class NoSuchStep(RegularsError):
    """The flow has no step of this name."""


@dataclass(frozen=True, slots=True)
class FlowWhy:
    """Why, and of which revision in force it is said."""

    contact_id: str
    flow: Flow
    step: str | None
    why: Why


@dataclass(frozen=True, slots=True)
class Question:
    """Which flow is asked about, which of its steps (None: the flow), and as of when (None: now)."""

    flow: str
    step: str | None = None
    at: datetime | None = None


async def flow_why(
    connection: Connection, shop: Shop, contact_id: str, question: Question, now: datetime
) -> FlowWhy:
    """Explain from what is recorded. Raises NoSuchFlow, NoSuchStep."""
    name, step, at = question.flow, question.step, question.at
    flow = await _flow(connection, name)
    wanted = flow.by_id.get(step) if step is not None else None
    if step is not None and wanted is None:
        raise NoSuchStep(f"{name} has no step {step}; it has {', '.join(one.id for one in flow.steps)}")
    contact = await contacts.known(connection, contact_id)
    assert contact is not None, "it was found"
    events = {starter.event for starter in flow.starters if isinstance(starter, EventStarter)}
    record = await flow_records.record(connection, contact, name, events, step, at=at)
    audiences: dict[str, Explained] = {}
    for starter in flow.starters:
        audience = starter.audience if isinstance(starter, ScheduleStarter) else None
        if audience is not None and audience in shop.figures.audiences.audiences:
            found = await audience_looks.explain(connection, shop, audience, contact.id, now)
            if found is not None:
                audiences[audience] = found[0]
            if found is not None and at is not None:
                then = await members.standing_at(connection, contact.id, audience, at)
                audiences[audience] = as_recorded(found[0], then, at)
    told = why(flow, record, started_by(flow, record, audiences, at or now, shop.zone), wanted)
    halt = shop.halted.get(name)
    if halt is not None and at is None:
        told = replace(told, verdict=f"{told.verdict} (the flow is {halt.value} now)")
    return FlowWhy(contact.id, flow, step, told)


def as_recorded(now: Explained, then: Membership | None, at: datetime) -> Explained:
    """Say where a contact stood to an audience then; where nothing tells, its clauses as they are now."""
    if then is None:
        return replace(now, text=f"{now.text}, as it is now: nothing tells how it was then")
    moved = "came in" if then.is_in else "came in only" if then.since_at > at else "left"
    seen = f"{moved} on {then.since_at:%Y-%m-%d %H:%M} UTC"
    return Explained("in it then, by what was recorded", now.line, then.is_in, seen=seen)


async def _flow(connection: Connection, name: str) -> Flow:
    number = await flow_records.in_force(connection, name)
    stored = await revisions.revision(connection, name, number) if number is not None else None
    flow = compiled(stored) if stored is not None and stored.kind == "flow" else None
    if flow is None:
        raise NoSuchFlow(f"no flow {name} is published")
    return flow


def as_json(found: FlowWhy) -> dict[str, JsonValue]:
    """What `--json` prints and the API answers; instants in ISO 8601, UTC."""
    told, record = found.why, found.why.record
    return {
        "contact": found.contact_id,
        "flow": found.flow.name,
        "revision": found.flow.revision,
        "step": found.step,
        "at": _utc(record.at) if record.at is not None else None,
        "verdict": told.verdict,
        "recorded": [
            {
                "step": one.step,
                "at": _utc(one.seen_at),
                "since": _utc(one.at),
                "verdict": one.verdict,
                "facts": dict(one.facts),
            }
            for one in record.evaluations
        ],
        "runs": [_run(walked) for walked in record.runs],
        "messages": [_message(one) for one in record.messages if found.step in {None, one.step}],
        "conditions": [_clause(one) for one in told.conditions],
        "starters": [_clause(one) for one in told.starters],
    }


def _run(walked: Walked) -> dict[str, JsonValue]:
    run = walked.run
    return {
        "id": run.id,
        "revision": run.revision,
        "status": run.status.value,
        "step": run.frames[-1].step if run.frames else None,
        "started_at": _utc(run.started_at),
        "changed_at": _utc(walked.changed_at),
        "waits_until": _utc(run.wait.until) if run.wait is not None and run.wait.until is not None else None,
        "variant": run.variant,
        "failure": run.failure.strip().splitlines()[-1] if run.failure and run.failure.strip() else None,
    }


def _message(one: Written) -> dict[str, JsonValue]:
    return {
        "id": one.id,
        "step": one.step,
        "channel": one.channel,
        "state": one.state.value,
        "reason": one.reason,
        "explanation": one.explanation,
        "created_at": _utc(one.created_at),
        "due_at": _utc(one.due_at),
        "handed_at": _utc(one.handed_at) if one.handed_at is not None else None,
        "state_at": _utc(one.state_at),
    }


def _clause(one: Explained) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {"clause": one.text, "line": one.line, "holds": one.holds}
    if one.parts:
        return {**told, "parts": [_clause(part) for part in one.parts]}
    return {**told, "seen": one.seen, "wanted": one.wanted}


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
