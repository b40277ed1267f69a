"""Variables of apps and pages: named values that marketers set, by audience and by experiment.

They are what Leanplum calls variables and variants. Who takes part in an experiment always sees the same
variant of it, as long as its shares stay as they are: a hash of the experiment and of who asks says which.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.contact import JsonValue

PERCENT = 100
_PARTS = 10_000  # a share is told in percent, and divided as finely as Braze divides its random buckets


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
    """One side of an experiment: which share of those who take part sees it, and the values it sets."""

    name: str
    percent: int
    values: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Variants that are tried on an audience, or on everyone; who gets none sees what all others see."""

    name: str
    variants: tuple[Variant, ...]
    audience: str | None = None

    def variant_of(self, who: str) -> Variant | None:
        """Return the variant that somebody sees, always the same one; None for the share that has none."""
        digest = hashlib.sha256(f"{self.name}/{who}".encode()).digest()
        place = int.from_bytes(digest[:8]) % _PARTS
        until = 0
        for variant in self.variants:
            until += variant.percent * _PARTS // PERCENT
            if place < until:
                return variant
        return None


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

    def shown_to(self, who: str, audiences: frozenset[str]) -> Shown:
        """Return what somebody sees; an experiment's value goes before an audience's.

        `who` is the contact's id, or whatever else tells people apart.
        """
        values = {one.name: one.value_for(audiences) for one in self.variables}
        variants = []
        for experiment in self.experiments:
            if experiment.audience is not None and experiment.audience not in audiences:
                continue
            variant = experiment.variant_of(who)
            if variant is not None:
                values.update(variant.values)
                variants.append(f"{experiment.name}.{variant.name}")
        return Shown(values, tuple(variants))


NO_VARIABLES = Variables()
