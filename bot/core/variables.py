"""Variables of apps and pages: named values that marketers set, by audience and by experiment.

They are what Leanplum calls variables and variants. Who takes part in an experiment always sees the same
variant of it, as long as its shares stay as they are: a hash of the experiment and of who asks says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.contact import JsonValue
from bot.core.experiments.experiment import PARTS, Arm, place_among
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
    tried: Tried | None = None
    """How it is read out and decided; None where experiments.yaml says."""

    def variant_of(self, who: str, now: datetime | None = None) -> Variant | None:
        """Return the variant that somebody sees, always the same one; None for the share that has none."""
        if self.tried is not None and self.tried.decided is not None:
            return self.called(self.tried.decided)
        if self.tried is not None and self.tried.is_over(now):
            return None
        number = place_among([arm.share for arm in self.arms], self.name, who)
        return None if number is None else self.variants[number]

    def called(self, name: str | None) -> Variant | None:
        """Return the variant of a name."""
        return next((one for one in self.variants if one.name == name), None)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Its variants with their shares; none where experiments.yaml says."""
        return tuple(
            Arm(one.name, one.percent * PARTS // PERCENT) for one in self.variants if one.percent is not None
        )


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
    open_audiences: frozenset[str] = frozenset()
    """Of which anyone may learn who is in them."""

    def told_to_anyone(self, tried: Mapping[str, Tried]) -> "Variables":
        """Return what may be shown to who only says who they are: it tells of open audiences alone."""

        def is_told(experiment: Experiment) -> bool:
            elsewhere = tried.get(experiment.name)
            asked = {experiment.audience, elsewhere.audience if elsewhere is not None else None}
            return asked - {None} <= self.open_audiences

        return replace(
            self,
            variables=tuple(
                replace(
                    one,
                    by_audience=tuple(
                        each for each in one.by_audience if each.audience in self.open_audiences
                    ),
                )
                for one in self.variables
            ),
            experiments=tuple(one for one in self.experiments if is_told(one)),
        )

    def shown_to(
        self,
        who: str,
        audiences: frozenset[str],
        arms: Mapping[str, str] | None = None,
        now: datetime | None = None,
    ) -> Shown:
        """Return what somebody sees; an experiment's value goes before an audience's.

        `who` is the contact's id, or whatever else tells people apart; `arms` are those that a contact goes
        by experiment, None: nobody we know, who meets what is not over `now`.
        """
        values = {one.name: one.value_for(audiences) for one in self.variables}
        variants = []
        for experiment in self.experiments:
            if arms is not None:
                variant = experiment.called(arms.get(experiment.name))
            elif experiment.audience is not None and experiment.audience not in audiences:
                continue
            else:
                variant = experiment.variant_of(who, now)
            if variant is not None:
                values.update(variant.values)
                variants.append(f"{experiment.name}.{variant.name}")
        return Shown(values, tuple(variants))


VARIABLES = "variables"
"""What declares an experiment that stands beside variables."""
NO_VARIABLES = Variables()
