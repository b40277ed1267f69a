"""What becomes of waiting runs when a flow's new revision is published, counted before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.compiled import Flow, Step
from bot.core.flow.parse import suggestion
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind, hearing
from bot.core.flow.take.early import that_hears
from bot.core.flow.take.hearing import still_best
from bot.core.flow.take.waits import wait_of


class Fate(StrEnum):
    """What happens to the runs at one step."""

    STAY = "stay"  # in the revision they are in
    MOVE = "move"
    END = "end"


@dataclass(frozen=True, slots=True)
class StepFate:
    """What happens to the `runs` that wait at `step`; `target` is where they move."""

    step: str
    runs: int
    fate: Fate
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """The plan for every step at which runs wait, and what is wrong with it."""

    steps: tuple[StepFate, ...]
    complaints: tuple[FlowError, ...] = ()

    def of(self, step: str) -> StepFate | None:
        """Return what happens at a step; None where no run was counted."""
        return next((fate for fate in self.steps if fate.step == step), None)

    def count(self, fate: Fate) -> int:
        """Return how many runs meet a fate."""
        return sum(each.runs for each in self.steps if each.fate is fate)


def plan_migration(old: Flow, new: Flow, waiting: Mapping[str, int]) -> Migration:
    """Plan what `new`'s `on_publish` means for runs in `old`.

    `waiting` counts them by the step of their innermost frame, which is the flow they are in now.
    """
    declared = new.on_publish
    fates = []
    for step, runs in waiting.items():
        target = declared.moves.get(step)
        if declared.ends or target == "end":
            fates.append(StepFate(step, runs, Fate.END))
        elif target is not None:
            fates.append(StepFate(step, runs, Fate.MOVE, target))
        else:
            fates.append(StepFate(step, runs, Fate.STAY))
    return Migration(tuple(fates), tuple(_complaints(old, new)))


def migrate(run: Run, new: Flow, target: str, now: datetime) -> Run:
    """Move a waiting run to a step of the new revision; its id, variables and start stay.

    A run that waits in the same manner there keeps its wait: what was asked stays asked, and its time runs
    on. Otherwise the run wakes at once and enters the step. Of a run inside a called flow only the place in
    that flow moves; the flows around it stay in their revisions.
    """
    assert run.wait is not None
    assert run.frames[-1].flow == new.name
    step = new.by_id[target]
    frame = Frame(new.name, new.revision, target)
    if _waits_alike(run.wait, step):
        wait = _kept(run.wait, new, step)
    else:
        wait = Wait(WaitKind.TIME, target, now, {"enter": True})
    outer = run.frames[:-1]
    if not outer:
        wait = hearing(wait, {one.event for one in new.exits})
    revision = run.revision if outer else new.revision
    return replace(run, revision=revision, frames=(*outer, frame), wait=wait, version=run.version + 1)


def _kept(wait: Wait, new: Flow, step: Step) -> Wait:
    """Return a wait that is kept, as it stands at a step of the new revision, hearing what that waits for."""
    if isinstance(step, compiled.WaitFor):
        return still_best(wait_of(step, wait.until), wait)
    wait = replace(wait, step=step.id)
    return that_hears(wait, [(new, step.next)]) if wait.kind is WaitKind.HANDED else wait


def end(run: Run) -> Run:
    """End a waiting run because its flow's new revision says so."""
    return replace(run, status=RunStatus.ENDED, wait=None, suspended_at=None, version=run.version + 1)


def _waits_alike(wait: Wait, step: Step) -> bool:
    match wait.kind:
        case WaitKind.REPLY:
            expect = _EXPECTS.get(type(step)) or getattr(step, "expect", None)
            offers = wait.facts.get("offers")
            return (
                isinstance(step, compiled.Question)
                and wait.facts.get("expect") == expect
                and (not isinstance(offers, dict) or len(offers) == _options(step))
            )
        case WaitKind.TIME:
            timed = (compiled.Wait, compiled.WaitUntil, compiled.WaitUntilDate, compiled.WaitForBestTime)
            return isinstance(step, timed) and not wait.facts.get("enter")
        case WaitKind.EVENT:
            return isinstance(step, compiled.WaitFor) and step.events == {wait.facts.get("event")}
        case WaitKind.INBOUND:
            return isinstance(step, compiled.WaitFor) and not step.events
        case WaitKind.ANY:
            return isinstance(step, compiled.WaitFor) and wait.facts.get("wanted") == len(step.wanted)
        case WaitKind.HANDED:
            return isinstance(step, compiled.Sends)


_EXPECTS: Mapping[type[Step], str] = {compiled.Choose: "choice", compiled.Rate: "score"}


def _options(step: Step) -> int | None:
    if isinstance(step, compiled.Rate):
        return len(step.labels)
    if isinstance(step, compiled.Choose):
        return len(step.options)
    return len(step.choices) if isinstance(step, compiled.Ask) else None


def _complaints(old: Flow, new: Flow) -> list[FlowError]:
    complaints = []
    for step, target in new.on_publish.moves.items():
        line, column = new.on_publish.mark
        if target != "end" and target not in new.by_id:
            meant = suggestion(target, new.by_id)
            remedy = f"did you mean '{meant}'?" if meant else "name a step by its id, or write `end`"
            problem = f"runs would move to '{target}', which is no step of this revision"
            complaints.append(FlowError(new.file, line, column, problem, remedy))
        if step not in old.by_id:
            meant = suggestion(step, old.by_id)
            remedy = f"did you mean '{meant}'?" if meant else "remove the line"
            problem = f"runs would move from '{step}', which revision {old.revision} does not have"
            complaints.append(FlowError(new.file, line, column, problem, remedy))
    return complaints
