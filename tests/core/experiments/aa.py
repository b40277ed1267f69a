"""Experiments whose arms are alike, looked at again and again: whatever is found in them is false."""

from random import Random

from bot.core.experiments.intervals import Interval, always_valid, fixed, share_of


class Coins:
    """Throws coins by the thousand; a coin shows its rare side once in 2 ** `rarity` throws."""

    def __init__(self, seed: int, rarity: int) -> None:
        """Begin with a seed."""
        self._random = Random(seed)
        self._rarity = rarity

    def throw(self, times: int) -> int:
        """How often the rare side came up: exactly binomial, as each random bit is a coin."""
        if times == 0:
            return 0
        sides = self._random.getrandbits(times)
        for _ in range(self._rarity - 1):
            sides &= self._random.getrandbits(times)
        return sides.bit_count()


def false_findings(
    experiments: int, peeks: int, per_peek: int, rarity: int, seed: int = 7
) -> tuple[int, int]:
    """Run experiments of two equal arms, each looked at so often.

    Returns in how many the interval of a fixed horizon left zero at some look, and in how many the
    always-valid one did.
    """
    coins = Coins(seed, rarity)
    by_fixed = by_always = 0
    for _ in range(experiments):
        did = [0, 0]
        found_fixed = found_always = False
        for peek in range(1, peeks + 1):
            did = [one + coins.throw(per_peek) for one in did]
            arm, baseline = (share_of(peek * per_peek, one) for one in did)
            found_fixed = found_fixed or _leaves_zero(fixed(arm, baseline, is_share=True))
            found_always = found_always or _leaves_zero(always_valid(arm, baseline, is_share=True))
        by_fixed += found_fixed
        by_always += found_always
    return by_fixed, by_always


def _leaves_zero(interval: Interval | None) -> bool:
    return interval is not None and (interval.is_above or interval.is_below)
