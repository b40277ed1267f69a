"""Rows of turns: triggers, the runs they move, events, and calls to the shop."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from bot.core.contact import Event
from bot.core.effects import OutsideCall
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.triggers import Trigger
from bot.storage.rows.values import RowValues, loaded, stored, to_json


def trigger_row(  # one argument for each thing that is stored beside the trigger
    contact_id: str,
    trigger: Trigger,
    *,
    state: str,
    due_at: datetime | None = None,
    attempts: int = 0,
    failure: str | None = None,
) -> RowValues:
    """Values of `trigger`."""
    return (
        bucket_of(contact_id),
        contact_id,
        trigger.key,
        trigger.kind.value,
        state,
        microseconds(trigger.at),
        microseconds(due_at or trigger.at),
        to_json(dict(trigger.payload)),
        attempts,
        failure,
        None,
        trigger.digest,
    )


def run_row(contact_id: str, run: Run, now: datetime) -> RowValues:
    """Values of `run`."""
    wait = run.wait if run.is_waiting else None
    state: dict[str, object] = {
        "channel": run.channel,
        "frames": [[frame.flow, frame.revision, frame.step] for frame in run.frames],
        "variables": dict(run.variables),
        "asked_at": stored(run.asked_at),
        "suspended_at": stored(run.suspended_at),
    }
    if run.arms:
        state["arms"] = dict(run.arms)
    if wait is not None:
        state["wait"] = [wait.kind.value, wait.step, stored(wait.until), dict(wait.facts)]
    return (
        bucket_of(contact_id),
        contact_id,
        run.id,
        run.flow,
        run.revision,
        run.status.value,
        wait.step if wait else (run.frames[-1].step if run.frames else ""),
        stored(wait.until) if wait else None,
        run.version,
        to_json(state),
        microseconds(run.started_at),
        microseconds(now),
        run.failure,
        stored(run.goals_until),
    )


def run_from(row: Sequence[Any]) -> Run:
    """Read (id, flow, revision, status, version, state, started_at, failure, goals_until)."""
    state: dict[str, Any] = orjson.loads(row[5])
    wait = state.get("wait")
    return Run(
        id=row[0],
        flow=row[1],
        revision=row[2],
        status=RunStatus(row[3]),
        version=row[4],
        started_at=instant(row[6]),
        failure=row[7],
        channel=state["channel"],
        frames=tuple(Frame(*frame) for frame in state["frames"]),
        variables=state["variables"],
        wait=Wait(WaitKind(wait[0]), wait[1], loaded(wait[2]), wait[3]) if wait else None,
        asked_at=loaded(state["asked_at"]),
        suspended_at=loaded(state["suspended_at"]),
        arms=state.get("arms", {}),
        goals_until=loaded(row[8]),
    )


def event_row(contact_id: str, event_id: str, event: Event, source: str = "") -> RowValues:
    """Values of `event`; without a source it is one of ours."""
    return (
        bucket_of(contact_id),
        contact_id,
        event_id,
        event.name,
        microseconds(event.at),
        to_json(dict(event.properties)),
        source,
    )


def call_row(contact_id: str, call: OutsideCall, now: datetime) -> RowValues:
    """Values of `call`."""
    at = microseconds(now)
    payload = to_json(dict(call.payload))
    return (bucket_of(contact_id), contact_id, call.key, call.kind, payload, "queued", at, at, 0, None)
