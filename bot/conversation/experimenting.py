"""Experiments as operators see them: read out, and decided where everybody sees it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.conversation.kinds import EXPERIMENTS, VARIABLES
from bot.conversation.publication import Publication
from bot.conversation.publishing import checksum_of
from bot.core.errors import FlowError
from bot.core.experiments.experiment import HOLDOUT, Experiment
from bot.core.experiments.intervals import Moments
from bot.core.experiments.reading import OPTED_OUT, REVENUE, Observed, ReadOut, Verdict, read_out, verdict
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Split
from bot.core.flow.deciding import decided_in_file, decided_in_flow, decided_in_variables
from bot.core.flow.experiments_file import read_experiments
from bot.core.flow.reader import read
from bot.core.flow.variables_file import read_variables
from bot.core.ids import new_id
from bot.storage import audit, experiments, revisions
from bot.storage.driver import Connection, Database
from bot.storage.experiments import Note, Seen
from bot.storage.revisions import Revision

HYPOTHESIS, DECISION, LEARNING = "hypothesis", "decision", "learning"
"""The kinds of notes."""
BY_RULE = "winner rule"
"""Who decides where nobody does."""


@dataclass(frozen=True, slots=True)
class Result:
    """An experiment as it stands."""

    read: ReadOut
    verdict: Verdict
    first_at: datetime | None
    last_at: datetime | None
    held_out: Observed
    otherwise: int
    """How many met it under other shares than now: they keep their arm and are not compared."""


def flows_of(publication: Publication, name: str) -> list[str]:
    """The flows that go its arms' ways."""
    return [
        flow.name
        for flow in publication.flows.values()
        if any(isinstance(step, Split) and step.experiment == name for step in flow.steps)
    ]


async def result(database: Database, publication: Publication, name: str, now: datetime) -> Result:
    """Read an experiment out."""
    experiment = publication.shop.experiments[name]
    goals = {
        (flow, number): goal.event
        for flow in flows_of(publication, name)
        for number, goal in enumerate(publication.flows[flow].goals)
    }
    names = [goal.event for goal in experiment.goals] or list(dict.fromkeys(goals.values()))
    found, otherwise = await database.query(lambda c: experiments.seen(c, experiment, goals))
    observed = {arm: _observed(arm, seen, names) for arm, seen in found.items()}
    made = read_out(experiment, {arm: one for arm, one in observed.items() if arm != HOLDOUT})
    times = [seen for seen in found.values() if seen.first_at is not None]
    return Result(
        read=made,
        verdict=verdict(made, now),
        first_at=min((seen.first_at for seen in times if seen.first_at), default=None),
        last_at=max((seen.last_at for seen in times if seen.last_at), default=None),
        held_out=observed.get(HOLDOUT, Observed(HOLDOUT, 0)),
        otherwise=otherwise,
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """An arm that everybody shall go, by whom, why, and what was known of it then."""

    experiment: str
    arm: str
    actor: str
    because: str
    facts: Mapping[str, str]


async def decide(database: Database, publication: Publication, decision: Decision, now: datetime) -> Revision:
    """Put an arm in force for everybody: a revision of the file that declares it, a note, an audit line.

    Raises:
        FlowError: the file cannot be changed by us; it says what to write.
    """
    experiment = publication.shop.experiments[decision.experiment]
    assert experiment.has(decision.arm), "callers look"

    async def put(connection: Connection) -> Revision:
        await revisions.lock(connection)
        stored = _declares(await revisions.published(connection), experiment)
        changed = _decided(stored, experiment, decision.arm)
        if changed == stored.source:
            return stored  # another process was first
        (published,) = await revisions.publish(
            connection,
            [
                replace(
                    stored,
                    source=changed,
                    checksum=checksum_of(changed, stored.translations),
                    published_at=now,
                    published_by=decision.actor,
                )
            ],
            new_id(now, 0, os.urandom),
        )
        await experiments.write(
            connection,
            Note(
                id=new_id(now, 0, os.urandom),
                experiment=experiment.name,
                kind=DECISION,
                at=now,
                actor=decision.actor,
                words=decision.because,
                facts={**decision.facts, "arm": decision.arm, "hypothesis": experiment.hypothesis},
            ),
        )
        subject = f"{experiment.name}={decision.arm}"
        await audit.write(
            connection, audit.deed(now, decision.actor, "experiment.decide", subject, decision.because)
        )
        return published

    return await database.transact(put)


async def learn(database: Database, experiment: str, actor: str, words: str, now: datetime) -> None:
    """Keep what was learnt."""
    note = Note(new_id(now, 0, os.urandom), experiment, LEARNING, now, actor, words, {})
    await database.transact(lambda c: experiments.write(c, note))


def told(made: ReadOut) -> dict[str, str]:
    """What a decision keeps of a read-out: how many there were, and what the first goal came to."""
    facts = {f"contacts {one.arm}": str(one.contacts) for one in made.observed}
    for effect in made.effects:
        if effect.measure == made.primary and effect.always_valid is not None:
            interval = effect.always_valid
            facts[f"{effect.measure} {effect.arm}"] = (
                f"{effect.difference:+.4f} ({interval.low:+.4f} to {interval.high:+.4f}, always valid)"
            )
    return facts


def _observed(arm: str, seen: Seen, goals: list[str]) -> Observed:
    measures = {goal: seen.moments(goal) for goal in goals}
    measures[REVENUE] = Moments(seen.contacts, seen.revenue, seen.revenue_squared)
    measures[OPTED_OUT] = Moments(seen.contacts, seen.opted_out, seen.opted_out)
    return Observed(arm, seen.contacts, measures, seen.segments)


def _declares(published: list[Revision], experiment: Experiment) -> Revision:
    wanted = experiment.flow or EXPERIMENTS
    found = next((one for one in published if one.flow == wanted), None)
    if found is None:
        raise FlowError(f"{wanted}.yaml", 1, 1, "it is not published any more", "publish it again")
    return found


def _decided(stored: Revision, experiment: Experiment, arm: str) -> str:
    """The file with the decision in it, read again before anybody trusts it."""
    if experiment.flow == VARIABLES:
        source = decided_in_variables(stored.source, stored.file, experiment.name, arm)
        again = read_variables(read(source, stored.file)).experiments[experiment.name].decided
    elif experiment.flow is None:
        source = decided_in_file(stored.source, stored.file, experiment.name, arm)
        again = read_experiments(read(source, stored.file)).experiments[experiment.name].decided
    else:
        flow = compile_flow(read(stored.source, stored.file))
        source = decided_in_flow(stored.source, flow, experiment.name, arm)
        steps = compile_flow(read(source, stored.file)).steps
        again = next(
            step.inline.decided
            for step in steps
            if isinstance(step, Split) and step.experiment == experiment.name and step.inline is not None
        )
    if again != arm:
        raise FlowError(
            stored.file, 1, 1, "the decision cannot be written into it", f"write `decided: {arm}`"
        )
    return source
