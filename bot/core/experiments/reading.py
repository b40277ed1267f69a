"""The read-out: what the arms of an experiment came to, and what of it may be said.

Where the arms did not get the contacts that their shares promise, nothing is said at all: whoever is missing
in one arm is not missing by chance, and every comparison would be of different people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.experiments.experiment import Experiment, When
from bot.core.experiments.intervals import (
    ALPHA,
    PLANNED,
    SRM_BLOCKS_BELOW,
    Interval,
    Moments,
    always_valid,
    contacts_needed,
    fixed,
    sample_ratio,
)

REVENUE, OPTED_OUT = "revenue", "opted_out"
"""What is compared beside the goals."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the contacts of an arm came to; `measures` by name, the first goal first."""

    arm: str
    contacts: int
    measures: Mapping[str, Moments] = field(default_factory=dict)
    segments: int = 0
    """What their messages were billed as, all together."""


@dataclass(frozen=True, slots=True)
class Effect:
    """How much more an arm came to than the baseline, for each contact; no interval where too few are."""

    measure: str
    arm: str
    difference: float
    lift: float | None
    """The difference as a share of what the baseline came to; None where that is nothing."""
    fixed: Interval | None
    always_valid: Interval | None


@dataclass(frozen=True, slots=True)
class ReadOut:
    """What an experiment came to so far; `effects` is empty where it is blocked."""

    experiment: Experiment
    observed: tuple[Observed, ...]
    sample_ratio: float
    """The chance of so uneven arms."""
    effects: tuple[Effect, ...]
    needed: int | None = None
    """How many contacts each arm needs to find the smallest effect that matters; None: unknown."""

    @property
    def is_blocked(self) -> bool:
        """Whether the arms got other contacts than their shares promise."""
        return self.sample_ratio < SRM_BLOCKS_BELOW

    @property
    def primary(self) -> str | None:
        """The measure that decides."""
        return next(iter(self.observed[0].measures), None) if self.observed else None

    def of(self, arm: str, measure: str) -> Effect | None:
        """The effect of an arm on a measure."""
        return next((one for one in self.effects if (one.arm, one.measure) == (arm, measure)), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an experiment is decided, and why; `arm` None: not yet."""

    arm: str | None
    why: str


_KINDS = {When.ALWAYS_VALID: "always-valid", When.AT_END: "fixed-horizon"}


def read_out(experiment: Experiment, observed: Mapping[str, Observed]) -> ReadOut:
    """Compare the arms with the first; `observed` by arm, an arm that nobody met may be missing."""
    arms = tuple(observed.get(arm.name, Observed(arm.name, 0)) for arm in experiment.arms)
    chance = sample_ratio([arm.contacts for arm in arms], [arm.share for arm in experiment.arms])
    if chance < SRM_BLOCKS_BELOW:
        return ReadOut(experiment, arms, chance, ())
    baseline = arms[0]
    alpha = ALPHA / max(1, len(arms) - 1)  # each of several arms could win by chance: Bonferroni
    effects = tuple(
        _effect(name, arm, baseline, alpha, experiment.planned or PLANNED)
        for name in baseline.measures
        for arm in arms[1:]
        if name in arm.measures
    )
    return ReadOut(experiment, arms, chance, effects, _needed(experiment, baseline))


def verdict(read: ReadOut, now: datetime) -> Verdict:
    """Ask the experiment's rule for its winner."""
    experiment, rule, primary = read.experiment, read.experiment.winner, read.primary
    if experiment.decided is not None:
        return Verdict(experiment.decided, "it is decided")
    if rule is None:
        return Verdict(None, "it has no `winner:` rule; a person decides")
    if read.is_blocked:
        return Verdict(None, "the arms did not get the contacts their shares promise: find out why first")
    is_settled = experiment.is_settled(now)
    if rule.when is When.ALWAYS_VALID:
        intervals = {one.arm: one.always_valid for one in read.effects if one.measure == primary}
        found = _clear(experiment.baseline, intervals)
    elif is_settled:
        intervals = {one.arm: one.fixed for one in read.effects if one.measure == primary}
        found = _clear(experiment.baseline, intervals)
    else:
        has_ended = experiment.is_over(now)
        return Verdict(None, "who met it last has time yet" if has_ended else "it has not ended")
    if found is not None:
        harm = read.of(found, OPTED_OUT)
        if harm is not None and any(
            one is not None and one.is_above for one in (harm.fixed, harm.always_valid)
        ):
            return Verdict(None, f"`{found}` does better, but more opt out: a person decides")
        return Verdict(found, f"the {_KINDS[rule.when]} interval of `{primary}` is clear of zero")
    if is_settled and rule.otherwise is not None:
        return Verdict(rule.otherwise, "it ended and nothing was clear: the rule's `else`")
    return Verdict(None, "nothing is clear" if is_settled else "nothing is clear yet")


def _effect(name: str, arm: Observed, baseline: Observed, alpha: float, planned: int) -> Effect:
    theirs, usual = arm.measures[name], baseline.measures[name]
    is_share = name != REVENUE
    difference = theirs.mean - usual.mean
    return Effect(
        measure=name,
        arm=arm.arm,
        difference=difference,
        lift=difference / usual.mean if usual.mean else None,
        fixed=fixed(theirs, usual, is_share=is_share, alpha=alpha),
        always_valid=always_valid(theirs, usual, is_share=is_share, alpha=alpha, planned=planned),
    )


def _clear(baseline: str, intervals: Mapping[str, Interval | None]) -> str | None:
    """The best of the arms that are clearly better; the baseline where all others are clearly worse."""
    better = [(one.estimate, arm) for arm, one in intervals.items() if one is not None and one.is_above]
    if better:
        return max(better)[1]
    if intervals and all(one is not None and one.is_below for one in intervals.values()):
        return baseline
    return None


def _needed(experiment: Experiment, baseline: Observed) -> int | None:
    usual = next(iter(baseline.measures.values()), None)
    if experiment.minimum_effect is None or usual is None or not 0 < usual.mean < 1:
        return None
    arms = max(1, len(experiment.arms) - 1)
    return contacts_needed(usual.mean, experiment.minimum_effect, alpha=ALPHA / arms)
