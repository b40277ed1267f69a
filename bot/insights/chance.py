"""How likely it is that chance alone made two products be bought together so often."""

import math
from collections.abc import Sequence
from statistics import NormalDist

_STANDARD = NormalDist()
_EXPECTED_MIN = 5.0
"""Where fewer are expected in some cell, only the exact test is to be trusted."""
_TINY = 1e-18
"""What is added after so small a share of the sum changes no digit that is shown."""


def chance_of(together: int, of_one: int, of_other: int, baskets: int) -> float:
    """Return the chance that two bought independently meet so often, or more often.

    G² where every cell has enough, otherwise Fisher's exact test; both one-sided.
    """
    expected = of_one * of_other / baskets
    least = min(
        expected,
        of_one - expected,
        of_other - expected,
        baskets - of_one - of_other + expected,
    )
    if least >= _EXPECTED_MIN:
        return _by_g2(together, of_one, of_other, baskets)
    return _by_fisher(together, of_one, of_other, baskets)


def least_lift(together: int, of_one: int, of_other: int, baskets: int, *, sigmas: float = 1.645) -> float:
    """Return what lift is at least, in nineteen samples of twenty: by the delta method on its logarithm."""
    lift = together * baskets / (of_one * of_other)
    variance = 1 / together - 1 / of_one - 1 / of_other + (2 * lift - 1) / baskets
    return lift * math.exp(-sigmas * math.sqrt(max(variance, 0.0)))


def false_discovery_rates(chances: Sequence[float]) -> list[float]:
    """Return for each of all chances that were tested the rate of false discoveries if it is believed.

    Benjamini and Hochberg (1995): in the order of the chances given.
    """
    count = len(chances)
    rates = [0.0] * count
    smallest = 1.0
    order = sorted(range(count), key=lambda index: chances[index])
    for rank in range(count, 0, -1):
        index = order[rank - 1]
        smallest = min(smallest, chances[index] * count / rank)
        rates[index] = smallest
    return rates


def _by_g2(together: int, of_one: int, of_other: int, baskets: int) -> float:
    observed = (
        together,
        of_one - together,
        of_other - together,
        baskets - of_one - of_other + together,
    )
    rows, columns = (of_one, baskets - of_one), (of_other, baskets - of_other)
    expected = [row * column / baskets for row in rows for column in columns]
    cells = zip((observed[0], observed[1], observed[2], observed[3]), expected, strict=True)
    g2 = 2 * sum(seen * math.log(seen / wanted) for seen, wanted in cells if seen)
    root = math.sqrt(max(g2, 0.0))
    # Its root has a side: fewer than expected is no sign of belonging together.
    return _STANDARD.cdf(-root if together >= expected[0] else root)


def _by_fisher(together: int, of_one: int, of_other: int, baskets: int) -> float:
    """The tail of the hypergeometric law, summed from where it is largest."""
    total = 0.0
    for count in range(together, min(of_one, of_other) + 1):
        term = math.exp(
            _log_choose(of_one, count)
            + _log_choose(baskets - of_one, of_other - count)
            - _log_choose(baskets, of_other)
        )
        total += term
        if term < _TINY * total:
            break
    return min(total, 1.0)


def _log_choose(many: int, some: int) -> float:
    if not 0 <= some <= many:
        return -math.inf
    return math.lgamma(many + 1) - math.lgamma(some + 1) - math.lgamma(many - some + 1)
