"""Variables of apps and pages: named values that marketers set, by audience and by experiment.

They are what Leanplum calls variables and variants. Who takes part in an experiment always sees the same
variant of it, as long as its shares stay as they are: a hash of the experiment and of who asks says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.contact import JsonValue
from bot.core.experiments.experiment import PARTS, Arm, ExperimentGoal, place_among
from bot.core.experiments.experiment import Experiment as Tried

PERCENT = 100


@dataclass(frozen=True, slots=True)
class ForAudience:
    """The value of a variable for an audience."""

    audience: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Variable:
    """A named value; `by_audience` in the order in which they are tried."""

    name: str
    value: JsonValue
    by_audience: tuple[ForAudience, ...] = ()

    def value_for(self, audiences: frozenset[str]) -> JsonValue:
        """Return its value for who is in these audiences."""
        return next((one.value for one in self.by_audience if one.audience in audiences), self.value)


@dataclass(frozen=True, slots=True)
class Variant:
    """One side of an experiment: which share of those who take part sees it, and the values it sets.

    `percent` None: experiments.yaml says.
    """

    name: str
    percent: int | None
    values: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Variants that are tried on an audience, or on everyone; who gets none sees what all others see."""

    name: str
    variants: tuple[Variant, ...]
    audience: str | None = None
    goals: tuple[ExperimentGoal, ...] = ()

    @property
    def tried(self) -> Tried | None:
        """How it is read out as an experiment; None where experiments.yaml says."""
        shares = self._shares
        if not shares:
            return None
        arms = tuple(Arm(one.name, share) for one, share in zip(self.variants, shares, strict=True))
        return Tried(self.name, arms, audience=self.audience, goals=self.goals, flow=VARIABLES)

    def variant_of(self, who: str) -> Variant | None:
        """Return the variant that somebody sees, always the same one; None for the share that has none."""
        number = place_among(self._shares, self.name, who)
        return None if number is None else self.variants[number]

    def called(self, name: str | None) -> Variant | None:
        """Return the variant of a name."""
        return next((one for one in self.variants if one.name == name), None)

    @property
    def _shares(self) -> list[int]:
        return [one.percent * PARTS // PERCENT for one in self.variants if one.percent is not None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody sees: every variable's value, and their variants as `experiment.variant`."""

    values: Mapping[str, JsonValue]
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variables:
    """All variables and the experiments on them."""

    variables: tuple[Variable, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    def shown_to(self, who: str, audiences: frozenset[str], arms: Mapping[str, str] | None = None) -> Shown:
        """Return what somebody sees; an experiment's value goes before an audience's.

        `who` is the contact's id, or whatever else tells people apart; `arms` are those that a contact goes
        by experiment, None: nobody we know.
        """
        values = {one.name: one.value_for(audiences) for one in self.variables}
        variants = []
        for experiment in self.experiments:
            if arms is not None:
                variant = experiment.called(arms.get(experiment.name))
            elif experiment.audience is not None and experiment.audience not in audiences:
                continue
            else:
                variant = experiment.variant_of(who)
            if variant is not None:
                values.update(variant.values)
                variants.append(f"{experiment.name}.{variant.name}")
        return Shown(values, tuple(variants))


VARIABLES = "variables"
"""What declares an experiment that stands beside variables."""
NO_VARIABLES = Variables()
