"""Statistics of a flow as they are shown: of the revision in force, of an older one, or of all of them."""

from datetime import datetime, timedelta

from bot.conversation.published_files import compiled
from bot.core.contact import JsonValue
from bot.core.deeds.goals import window
from bot.core.errors import RegularsError
from bot.core.flow.compiled import Flow
from bot.core.flow_stats import FlowStats, StepStats
from bot.core.local_time import local_date
from bot.core.message_figures import (
    CANCELED,
    CLICKED,
    DELIVERED,
    FAILED,
    HANDED,
    LEFT,
    REFUSED,
    REPLIED,
    SENT,
    UNDELIVERED,
)
from bot.storage import flow_records, flow_stats, revisions
from bot.storage.driver import Connection
from bot.storage.segment_prices import prices


class NoSuchRevision(RegularsError):
    """The flow, or that revision of it, was never published."""


async def stats(
    connection: Connection, name: str, revision: int | None, days: int | None, now: datetime, zone: str
) -> FlowStats:
    """Return figures of the last days (None: of all), today included; drawn as that revision is.

    Raises:
        NoSuchRevision: there is none.
    """
    flow = await _flow(connection, name, revision)
    since = local_date(now - timedelta(days=days - 1), zone) if days is not None else None
    return await flow_stats.of_flow(connection, flow, revision, since, await prices(connection))


async def _flow(connection: Connection, name: str, revision: int | None) -> Flow:
    number = revision if revision is not None else await flow_records.in_force(connection, name)
    stored = await revisions.revision(connection, name, number) if number is not None else None
    flow = compiled(stored) if stored is not None and stored.kind == "flow" else None
    if flow is None:
        said = f"revision {revision} of the flow {name}" if revision is not None else f"a flow {name}"
        raise NoSuchRevision(f"{said} is not published")
    return flow


def as_json(found: FlowStats) -> dict[str, JsonValue]:
    """What `--json` prints and the API answers; money in minor units by currency."""
    flow = found.flow
    goals: list[JsonValue] = [
        {
            "event": goal.event,
            "within_seconds": int(window(goal).total_seconds()),
            "converted": found.whole.converted(number),
            "revenue_minor": dict(found.whole.revenue(number)),
        }
        for number, goal in enumerate(flow.goals)
    ]
    order = {step.id: number for number, step in enumerate(flow.steps)}
    shown = sorted(found.steps, key=lambda step: (order.get(step, len(order)), step))
    return {
        "flow": flow.name,
        "revision": found.revision,
        "drawn_revision": flow.revision,
        "since": str(found.since) if found.since is not None else None,
        "goals": goals,
        "whole": _json(found.whole, flow),
        "steps": [{"step": step, **_json(found.step(step), flow)} for step in shown],
        "variants": {
            arms: [{"step": step, **_json(one, flow)} for step, one in steps.items()]
            for arms, steps in found.variants.items()
        },
        "days": {day: _json(one, flow) for day, one in found.days.items()},
    }


def _json(one: StepStats, flow: Flow) -> dict[str, JsonValue]:
    return {
        **{what: one.times(what) for what in (SENT, HANDED, DELIVERED, CANCELED, REPLIED, CLICKED, LEFT)},
        "segments": one.segments,
        "cost_minor": dict(one.cost_minor),
        "refused": dict(one.by(REFUSED)),
        "failed": dict(one.by(FAILED)),
        "undelivered": dict(one.by(UNDELIVERED)),
        "converted": [one.converted(number) for number in range(len(flow.goals))],
        "revenue_minor": [dict(one.revenue(number)) for number in range(len(flow.goals))],
        "waiting": one.waiting,
        "held": dict(one.held),
        "passed": {
            what: times
            for what, (times, _) in sorted(one.figures.items())
            if ":" not in what and what not in _NAMED
        },
    }


_NAMED = frozenset({SENT, HANDED, DELIVERED, CANCELED, REPLIED, CLICKED, LEFT, "segments"})
