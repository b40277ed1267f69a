"""Which arm of an experiment a turn's contact is in, written down when it is met for the first time."""

from collections.abc import Iterable, Mapping

from bot.core.deeds.figures import is_in
from bot.core.experiments.experiment import Experiment
from bot.core.experiments.exposure import EXPOSURE, Exposure
from bot.core.loyalty.eligibility import ARM
from bot.core.turn import Turn

MET = "arm"
"""What is read of the past: `arm/EXPERIMENT`, the arm that the contact met before, None if none."""


def arms_of(turn: Turn, needs: Iterable[str]) -> Mapping[str, str]:
    """Return whose way the contact goes in the experiments that conditions need, as `Eligibility.needs` says.

    Whoever is judged by an arm has met it. In an experiment that is not published nobody goes any way.
    """
    names = [need.removeprefix(ARM) for need in needs if need.startswith(ARM)]
    tried = {name: turn.shop.experiments[name] for name in names if name in turn.shop.experiments}
    return {name: one.way_of(meet(turn, one)) for name, one in tried.items()} if tried else {}


def meet(turn: Turn, experiment: Experiment, run: str = "") -> str | None:
    """Return the contact's arm, None where it takes no part; the first time it is kept as an exposure.

    What it met before goes before the hash: neither changed shares nor leaving the audience move anybody.
    """
    if experiment.decided is not None:
        return None
    kept = turn.effects.kept.get((EXPOSURE, experiment.name))
    if isinstance(kept, Exposure):
        return kept.arm
    met = turn.needed(MET, experiment.name)
    if isinstance(met, str):
        return met
    if experiment.audience is not None and not is_in(turn, experiment.audience):
        return None
    arm = experiment.arm_of(turn.contact.id, now=turn.now)
    if arm is not None:
        turn.keep(EXPOSURE, experiment.name, Exposure(experiment.name, arm, turn.now, experiment.shares, run))
    return arm
