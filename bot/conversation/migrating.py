"""What a newer revision means for the runs that wait in older ones: counted before, carried out after."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.conversation.published_files import compiled
from bot.core.errors import FlowError
from bot.core.flow.check import handlers_gone
from bot.core.flow.compiled import Flow
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.migration import Fate, Migration, StepFate, end, migrate, plan_migration
from bot.core.flow.run import Run
from bot.core.ids import BUCKETS
from bot.storage import revisions, waiting_runs
from bot.storage.driver import Database
from bot.storage.waiting_runs import Place

_CHUNK = 200
INSIDE = ""
"""The step of a run that is inside a flow it called: no declared move is meant for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to the runs in an older revision of a flow."""

    old: Flow
    migration: Migration


async def plan(database: Database, flows: Mapping[str, Flow], unchanged: Mapping[str, int]) -> list[Plan]:
    """Count the runs that wait in older revisions of these flows, and say what becomes of them.

    `unchanged` names flows that are in force already, with their revision: of them only what an interrupted
    publication has left behind is planned.
    """
    plans = []
    for (name, number), counts in (await _waiting(database)).items():
        new = flows.get(name)
        if new is None or unchanged.get(name) == number or (name in unchanged and not _declares(new)):
            continue
        old = await _flow(database, name, number)
        if old is not None:
            exact = await _counted(database, name, number) if _declares(new) else counts
            plans.append(Plan(old, plan_migration(old, new, exact)))
    return plans


async def stranded(database: Database, handlers: Mapping[str, HandlerSpec]) -> list[FlowError]:
    """What today's program lacks and runs that wait in published revisions need."""
    flows, errors = [], []
    for name, number in await _waiting(database):
        flow = await _flow(database, name, number)
        if flow is not None:
            flows.append(flow)
            continue
        problem = f"runs wait in revision {number}, which cannot be read any more"
        errors.append(FlowError(f"{name}@{number}", 1, 1, problem, "publish with the version that wrote it"))
    return [*errors, *handlers_gone(flows, handlers)]


async def carry_out(database: Database, old: Flow, new: Flow, now: datetime) -> int:
    """Move and end runs of `old` as `new` declares, chunk by chunk; may be done again. Returns how many."""
    if not _declares(new):
        return 0
    done = 0
    decide = _Decide(old, new, now)
    async for chunk in _chunks(database, old.name, old.revision):
        affected = [place for place, run in chunk if decide(run) is not run]
        work = partial(waiting_runs.change, places=affected, known=chunk[0][1], decide=decide, now=now)
        done += await database.transact(work)
    return done


@dataclass(frozen=True, slots=True)
class _Decide:
    """What becomes of one run; also of those that came to a step after the runs were counted."""

    old: Flow
    new: Flow
    now: datetime
    fates: dict[str, StepFate] = field(default_factory=dict)

    def __call__(self, run: Run) -> Run:
        step = _step(run)
        if step not in self.fates:
            (self.fates[step],) = plan_migration(self.old, self.new, {step: 1}).steps
        fate = self.fates[step]
        if fate.fate is Fate.STAY:
            return run
        if fate.fate is Fate.END or fate.target is None:
            return end(run)
        return migrate(run, self.new, fate.target, self.now)


def _declares(new: Flow) -> bool:
    return new.on_publish.ends or bool(new.on_publish.moves)


def _step(run: Run) -> str:
    return run.wait.step if run.wait is not None and len(run.frames) == 1 else INSIDE


async def _waiting(database: Database) -> dict[tuple[str, int], Mapping[str, int]]:
    found: dict[tuple[str, int], dict[str, int]] = {}
    for name, number, step, runs in await database.query(revisions.waiting):
        found.setdefault((name, number), {})[step] = runs
    return dict(found)


async def _counted(database: Database, name: str, number: int) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    async for chunk in _chunks(database, name, number):
        counts.update(_step(run) for _, run in chunk)
    return counts


async def _chunks(database: Database, name: str, number: int) -> AsyncIterator[Sequence[tuple[Place, Run]]]:
    for bucket in range(BUCKETS):
        after: Place = ("", "")
        while chunk := await database.query(
            partial(waiting_runs.listed, bucket=bucket, flow=name, revision=number, after=after, most=_CHUNK)
        ):
            yield chunk
            after = chunk[-1][0]


async def _flow(database: Database, name: str, number: int) -> Flow | None:
    stored = await database.query(partial(revisions.revision, flow=name, number=number))
    return compiled(stored) if stored is not None else None
