"""`python -m benchmarks.peeking`: experiments whose arms are alike, looked at twenty times each.

Whatever is found in them is false: always-valid intervals may find something in one of twenty. What a fixed
horizon finds that is looked at as often is told beside it, and how the same is with money, whose values are
far from normal: most contacts spend nothing, a few a lot.
"""

import sys
import time
from random import Random

from benchmarks.report import Report, at_most, say
from bot.core.experiments.intervals import ALPHA, Interval, Moments, always_valid, fixed, share_of

_PEEKS = 20
_SHARES = ((25, 1), (25, 3), (100, 3), (250, 5), (1000, 6))
"""Contacts for each arm between two looks, and once in 2 ** how many contacts a goal is reached."""
_MONEY = ((50, 8), (250, 16))
"""Contacts for each arm between two looks, and once in how many contacts something is bought."""


def main() -> None:
    """Measure and print."""
    experiments = 1_000 if "--quick" in sys.argv else 20_000
    report, random = Report("peeking"), Random(20261123)
    began = time.perf_counter()
    for contacts, rarity in _SHARES:
        found = [_shares(random, contacts, rarity) for _ in range(experiments)]
        _tell(report, f"share_of_1_in_{2**rarity}_with_{contacts * _PEEKS}_an_arm", found)
    for contacts, rarity in _MONEY:
        found = [_money(random, contacts, rarity) for _ in range(experiments // 20)]
        _tell(report, f"money_of_1_in_{rarity}_with_{contacts * _PEEKS}_an_arm", found)
    report.figures["seconds"] = round(time.perf_counter() - began, 1)
    report.print()


def _tell(report: Report, name: str, found: list[tuple[bool, bool]]) -> None:
    by_fixed, by_always = (sum(one) / len(found) for one in zip(*found, strict=True))
    say(f"{name}: {by_always:.4f} always valid, {by_fixed:.4f} by a fixed horizon, of {len(found)}")
    report.goals.append(at_most(f"false_findings_{name}", round(by_always, 4), ALPHA))
    report.figures[f"fixed_horizon_{name}"] = round(by_fixed, 4)


def _shares(random: Random, contacts: int, rarity: int) -> tuple[bool, bool]:
    """Whether either interval leaves zero at some look."""
    did = [0, 0]
    by_fixed = by_always = False
    for peek in range(1, _PEEKS + 1):
        did = [one + _thrown(random, contacts, rarity) for one in did]
        arm, baseline = (share_of(peek * contacts, one) for one in did)
        by_fixed = by_fixed or _leaves_zero(fixed(arm, baseline, is_share=True))
        by_always = by_always or _leaves_zero(always_valid(arm, baseline, is_share=True))
    return by_fixed, by_always


def _money(random: Random, contacts: int, rarity: int) -> tuple[bool, bool]:
    """The same where a value is what a contact spends: nothing mostly, else log-normal."""
    arms = [Moments(0, 0.0, 0.0), Moments(0, 0.0, 0.0)]
    by_fixed = by_always = False
    for _ in range(_PEEKS):
        arms = [_spend(random, arm, contacts, rarity) for arm in arms]
        by_fixed = by_fixed or _leaves_zero(fixed(*arms))
        by_always = by_always or _leaves_zero(always_valid(*arms))
    return by_fixed, by_always


def _spend(random: Random, arm: Moments, contacts: int, rarity: int) -> Moments:
    spent = [random.lognormvariate(4, 1) for _ in range(contacts) if random.random() * rarity < 1]
    squares = sum(value * value for value in spent)
    return Moments(arm.contacts + contacts, arm.total + sum(spent), arm.squares + squares)


def _thrown(random: Random, times: int, rarity: int) -> int:
    """How often a coin's rare side came up: exactly binomial, as each random bit is a coin."""
    sides = random.getrandbits(times)
    for _ in range(rarity - 1):
        sides &= random.getrandbits(times)
    return sides.bit_count()


def _leaves_zero(interval: Interval | None) -> bool:
    return interval is not None and (interval.is_above or interval.is_below)


if __name__ == "__main__":
    main()
