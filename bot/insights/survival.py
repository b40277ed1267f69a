"""How long until something happens again, where for some it has not happened yet.

Kaplan and Meier, "Nonparametric estimation from incomplete observations" (JASA 53, 1958); intervals by
Greenwood's variance on log(-log S), which keeps them between 0 and 1 (Kalbfleisch and Prentice, 1980), and
those of quantiles by reading them off the bands (Brookmeyer and Crowley, Biometrics 38, 1982).
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Still:
    """How many are still without it after so many days, and between what that share lies (95 %)."""

    day: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Quantile:
    """A day and its interval; None: not within the time that was looked at."""

    day: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """What became of `watched`, of whom `happened` did it again; the steps only where somebody did."""

    watched: int
    happened: int
    steps: tuple[Still, ...]

    @property
    def median(self) -> Quantile:
        """After how many days half of them have done it again."""
        return self.quantile(_HALF)

    def quantile(self, share: float) -> Quantile:
        """After how many days this share has done it again."""
        left = 1 - share
        return Quantile(
            next((one.day for one in self.steps if one.share <= left), None),
            next((one.day for one in self.steps if one.low <= left), None),
            next((one.day for one in self.steps if one.high <= left), None),
        )

    def by(self, day: int) -> Still:
        """How many are still without it at the end of a day."""
        return next((one for one in reversed(self.steps) if one.day <= day), Still(day, 1.0, 1.0, 1.0))


def curve(watched: Iterable[tuple[int, bool]]) -> Curve:
    """Return the curve of (days, whether it happened then or was only watched so long)."""
    happened: Counter[int] = Counter()
    left: Counter[int] = Counter()
    for days, is_again in watched:
        (happened if is_again else left)[days] += 1
    at_risk = count = happened.total() + left.total()
    share, variance = 1.0, 0.0
    steps: list[Still] = []
    for day in sorted(happened.keys() | left.keys()):
        did = happened[day]
        if did:
            share *= 1 - did / at_risk
            variance += did / (at_risk * (at_risk - did)) if at_risk > did else math.inf
            steps.append(Still(day, share, *_between(share, variance)))
        at_risk -= did + left[day]  # who left on a day was there for what happened on it
    return Curve(count, happened.total(), tuple(steps))


def _between(share: float, variance: float) -> tuple[float, float]:
    if not 0 < share < 1 or math.isinf(variance):
        return 0.0, share if share <= 0 else 1.0
    width = math.exp(_Z * math.sqrt(variance) / abs(math.log(share)))
    return share**width, share ** (1 / width)
