"""How much two arms differ, and how sure that is: once at the end, or at any time.

Two kinds of interval, both around the difference of two means. One of a **fixed horizon** is narrower and
holds when it is looked at once, at the end that was set before. An **always-valid** one holds at all times
together: who looks every day and stops when it leaves zero is wrong as rarely as it says.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

ALPHA = 0.05
PLANNED = 5_000
"""How many contacts the always-valid interval is narrowest for where nobody said how many there will be."""
FEWEST = 100
"""Both intervals lean on the normal distribution: with fewer contacts in an arm nothing is said."""
FEWEST_EVENTS = 10
"""With fewer who did, or with fewer who did not, in both arms together, nothing is said of a share either."""
SRM_BLOCKS_BELOW = 0.001
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class Moments:
    """What an arm's contacts came to: how many they are, the sum of their values and of the squares."""

    contacts: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """The value of one contact; 0 of none."""
        return self.total / self.contacts if self.contacts else 0.0

    @property
    def variance(self) -> float:
        """How much they differ among each other, as a sample tells."""
        if self.contacts <= 1:
            return 0.0
        return max(0.0, self.squares - self.total * self.mean) / (self.contacts - 1)


def share_of(contacts: int, did: int) -> Moments:
    """The moments of something that each contact did or did not do."""
    return Moments(contacts, did, did)


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference, and between what it lies."""

    estimate: float
    low: float
    high: float

    @property
    def is_above(self) -> bool:
        """Whether the whole of it is more than nothing."""
        return self.low > 0

    @property
    def is_below(self) -> bool:
        """Whether the whole of it is less than nothing."""
        return self.high < 0


def fixed(
    arm: Moments, baseline: Moments, *, is_share: bool = False, alpha: float = ALPHA
) -> Interval | None:
    """The interval of a fixed horizon; None where there are too few to say.

    Means: Welch's, by the normal distribution. Shares: the same with one success and one failure added to
    each arm (Agresti and Caffo, "Simple and effective confidence intervals for proportions and differences
    of proportions", The American Statistician 54, 2000), which holds for rare events too.
    """
    error = _standard_error(arm, baseline, is_share=is_share)
    if error is None:
        return None
    return _around(arm, baseline, _STANDARD.inv_cdf(1 - alpha / 2) * error)


def always_valid(
    arm: Moments,
    baseline: Moments,
    *,
    is_share: bool = False,
    alpha: float = ALPHA,
    planned: int = PLANNED,
) -> Interval | None:
    """The interval that may be looked at any time; None where there are too few to say.

    An asymptotic confidence sequence by the normal mixture: with N contacts in both arms, the standard error
    s, and rho chosen for `planned` contacts,
    `s sqrt(N) sqrt(2 (N rho^2 + 1) / (N^2 rho^2) ln(sqrt(N rho^2 + 1) / alpha))` to each side.
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
    confidence sequences" (Annals of Statistics 52, 2024), theorem 2.2 and its appendix on tuning rho. It is
    the mixture sequential probability ratio test (Robbins, 1970; Johari, Koomen, Pekelis and Walsh, "Always
    valid inference", Operations Research 70, 2022) turned into an interval.
    """
    error = _standard_error(arm, baseline, is_share=is_share)
    if error is None:
        return None
    count = arm.contacts + baseline.contacts
    spread = count * _rho_squared(planned, alpha)
    width = math.sqrt(2 * (spread + 1) / spread * math.log(math.sqrt(spread + 1) / alpha))
    return _around(arm, baseline, width * error)


def sample_ratio(observed: list[int], shares: list[int]) -> float:
    """The chance that arms of these shares get contacts so unevenly, or more so: Pearson's chi-square.

    Below `SRM_BLOCKS_BELOW` somebody is lost on the way in one arm, and no comparison means anything
    (Fabijan and others, "Diagnosing sample ratio mismatch in online controlled experiments", KDD 2019).
    """
    total, parts = sum(observed), sum(shares)
    if total == 0 or len(observed) <= 1:
        return 1.0
    expected = [total * share / parts for share in shares]
    square = sum((one - awaited) ** 2 / awaited for one, awaited in zip(observed, expected, strict=True))
    return chi_square_tail(square, len(observed) - 1)


def chi_square_tail(square: float, freedom: int) -> float:
    """The chance of a chi-square of so many degrees of freedom to be so large: its closed form.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.4 and 26.4.5.
    """
    half = square / 2
    if freedom % 2 == 0:
        term = tail = math.exp(-half)
        for number in range(1, freedom // 2):
            term *= half / number
            tail += term
        return min(1.0, tail)
    tail = math.erfc(math.sqrt(half))
    term = math.sqrt(4 * half / math.pi) * math.exp(-half)
    for number in range(1, freedom // 2 + 1):
        tail += term
        term *= half / (number + 0.5)
    return min(1.0, tail)


def contacts_needed(baseline_share: float, effect: float, *, alpha: float = ALPHA, power: float = 0.8) -> int:
    """How many contacts each arm needs for an effect on a share to be found in four of five experiments."""
    other = min(1.0, max(0.0, baseline_share + effect))
    variance = baseline_share * (1 - baseline_share) + other * (1 - other)
    reach = _STANDARD.inv_cdf(1 - alpha / 2) + _STANDARD.inv_cdf(power)
    return math.ceil(reach**2 * variance / effect**2)


def _standard_error(arm: Moments, baseline: Moments, *, is_share: bool) -> float | None:
    if min(arm.contacts, baseline.contacts) < FEWEST:
        return None
    if is_share:
        did = arm.total + baseline.total
        did_not = arm.contacts + baseline.contacts - did
        if min(did, did_not) < FEWEST_EVENTS:
            return None
        return math.sqrt(_variance_of_share(arm) + _variance_of_share(baseline))
    squared = arm.variance / arm.contacts + baseline.variance / baseline.contacts
    return math.sqrt(squared) if squared > 0 else None


def _variance_of_share(arm: Moments) -> float:
    share = (arm.total + 1) / (arm.contacts + 2)
    return share * (1 - share) / (arm.contacts + 2)


def _rho_squared(planned: int, alpha: float) -> float:
    logarithm = -2 * math.log(alpha)
    return (logarithm + math.log(logarithm + 1)) / planned


def _around(arm: Moments, baseline: Moments, width: float) -> Interval:
    estimate = arm.mean - baseline.mean
    return Interval(estimate, estimate - width, estimate + width)
