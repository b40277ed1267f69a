"""Reads out what people answered: the questions of published flows with what was answered to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.conversation.publication import Publication
from bot.core.experiments.experiment import HOLDOUT, Experiment
from bot.core.feedback import OTHER
from bot.core.feedback_figures import OfArm, Question, Said, by_arm
from bot.core.flow import compiled
from bot.core.flow.compiled import Flow
from bot.core.local_time import local_date
from bot.storage import feedback_figures
from bot.storage.driver import Connection, Database
from bot.storage.feedback_figures import Counted


async def read_out(
    database: Database,
    publication: Publication,
    flow: str | None,
    since: datetime,
    until: datetime,
    *,
    words_max: int,
) -> tuple[Question, ...]:
    """Return what was answered to every question, of one flow or all, as they stand there."""

    async def look(connection: Connection) -> tuple[Question, ...]:
        names = [flow] if flow is not None else await feedback_figures.flows(connection)
        found: list[Question] = []
        for name in names:
            found += await _of_flow(connection, publication, name, since, until, words_max)
        return tuple(found)

    return await database.query(look)


async def read_out_by_arm(
    database: Database,
    publication: Publication,
    flow: str | None,
    experiment: Experiment,
    since: datetime,
    until: datetime,
) -> Mapping[tuple[str, str], tuple[OfArm, ...]]:
    """Return what each arm's contacts answered since they met it, by flow and step; the first arm first."""
    arms = [arm.name for arm in experiment.arms]

    async def look(connection: Connection) -> dict[tuple[str, str], tuple[OfArm, ...]]:
        names = [flow] if flow is not None else await feedback_figures.flows(connection)
        found: dict[tuple[str, str], tuple[OfArm, ...]] = {}
        for name in names:
            counted = await feedback_figures.counted_by_arm(connection, name, experiment, since, until)
            days = _days(publication, since, until)
            asked = await feedback_figures.asked_by_arm(connection, name, experiment.name, *days)
            published = publication.flows.get(name)
            together = {step: one for by_step in counted.values() for step, one in by_step.items()}
            for step in _in_order(published, together):
                found[name, step] = by_arm(
                    {
                        arm: _question(
                            published,
                            name,
                            step,
                            counted.get(arm, {}).get(step, Counted()),
                            asked.get((arm, step), 0),
                            (),
                        )
                        for arm in (*arms, *([HOLDOUT] if HOLDOUT in counted else []))
                    }
                )
        return found

    return await database.query(look)


def _days(publication: Publication, since: datetime, until: datetime) -> tuple[str, str]:
    zone = publication.shop.zone
    return local_date(since, zone).isoformat(), local_date(until, zone).isoformat()


async def _of_flow(
    connection: Connection, publication: Publication, name: str, since: datetime, until: datetime, most: int
) -> list[Question]:
    days = _days(publication, since, until)
    counted = await feedback_figures.counted(connection, name, since, until)
    asked = await feedback_figures.asked(connection, name, *days)
    flow = publication.flows.get(name)
    questions = []
    for step in _in_order(flow, counted):
        one = counted.get(step, Counted())
        said = await feedback_figures.words(connection, name, step, since, until, most)
        questions.append(_question(flow, name, step, one, asked.get(step, 0), said))
    return questions


def _in_order(flow: Flow | None, counted: Mapping[str, Counted]) -> list[str]:
    """The steps that are asked for answers, as they stand in the flow; those that are gone last."""
    known = [
        step.id
        for step in (flow.steps if flow is not None else ())
        if isinstance(step, compiled.Question) and (step.feedback or step.id in counted)
    ]
    return [*known, *sorted(set(counted) - set(known))]


def _question(
    flow: Flow | None, name: str, step_id: str, one: Counted, asked: int, said: Sequence[Said]
) -> Question:
    found = flow.by_id.get(step_id) if flow is not None else None
    step = found if isinstance(found, compiled.Question) else None
    return Question(
        flow=name,
        step=step_id,
        kind=step.kind if step is not None and one.kind == OTHER else one.kind,
        text=step.wording.source.source if step is not None else "",
        asked=asked,
        scores=one.scores,
        choices=one.choices,
        answered=one.answered,
        others=one.others,
        words=said,
        labels=_labels(step),
    )


def _labels(step: compiled.Step | None) -> tuple[str, ...]:
    match step:
        case compiled.Rate():
            return tuple(str(value) for value in range(step.low, step.high + 1))
        case compiled.Choose():
            return tuple(str(option.value) for option in step.options)
        case compiled.Ask():
            return step.choices
        case _:
            return ()
