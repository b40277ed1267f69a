"""Experiments on the way of a run."""

from bot.core.deeds.experimenting import meet
from bot.core.flow import compiled
from bot.core.flow.walk import Walk


def take_split(walk: Walk, step: compiled.Split) -> str | None:
    """Go the way of the contact's arm; who takes no part goes the first one's.

    What is published now says who takes part and what is decided, also for a run of an older revision.
    """
    experiment = walk.turn.shop.experiments.get(step.experiment) or step.inline
    if experiment is None:
        walk.count("gone")
        return step.ways[0][1]
    arm = walk.run.arms.get(experiment.name)
    if arm is None:
        arm = meet(walk.turn, experiment, walk.run.id)
        if arm is not None:
            walk.meet(experiment.name, arm)
    way = experiment.way_of(arm)
    walk.count(f"arm {way}")
    return step.way(way)
