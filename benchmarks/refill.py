"""`python -m benchmarks.refill`: when a household buys again, on a real year of a grocer's orders.

Of every household and type of product with at least five gaps between purchase days the last gap is left out
and foretold from the others; so are all last gaps left out of what is known of all households. Beside it the
middle and the tenths of a household's own gaps, which is what one would do first.
"""

import statistics
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from benchmarks import completejourney
from benchmarks.report import Report, at_least, at_most, say
from bot.core.loyalty.pace import Paces, Purchase, law_of, paces_of, sums_of

GAPS_MIN = 5
_QUICK = 10
"""With `--quick` one household in so many."""
_PROMPT, _SOON_DAYS = 0.35, 7


@dataclass(frozen=True, slots=True)
class History:
    """What a household bought of one type of product, one purchase a day, oldest first."""

    household: str
    kind: str
    purchases: tuple[Purchase, ...]

    @property
    def is_asked(self) -> bool:
        """Whether its last gap is to be foretold."""
        return len(self.purchases) > GAPS_MIN

    @property
    def known(self) -> tuple[Purchase, ...]:
        """All but the last purchase of those that are asked."""
        return self.purchases[:-1] if self.is_asked else self.purchases

    @property
    def gap(self) -> int:
        """The last gap, in days."""
        return (self.purchases[-1].bought_on - self.purchases[-2].bought_on).days


@dataclass(slots=True)
class Foretold:
    """How near a way of foretelling came, over all that were asked."""

    inside: list[bool]
    errors: list[float]
    widths: list[float]

    def add(self, gap: int, window: tuple[float, float], likely: float) -> None:
        low, high = window
        self.inside.append(low <= gap <= high)
        self.errors.append(abs(gap - likely))
        self.widths.append(high - low)

    def figures(self) -> dict[str, float]:
        return {
            "inside": round(statistics.fmean(self.inside), 4),
            "median_error_days": round(statistics.median(self.errors), 2),
            "mean_error_days": round(statistics.fmean(self.errors), 2),
            "median_window_days": round(statistics.median(self.widths), 1),
        }


def histories(*, quick: bool) -> list[History]:
    """Every household and type of the year; a line without a type or a quantity is no purchase."""
    bought: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
    for order in completejourney.orders():
        if quick and int(order.household) % _QUICK:
            continue
        for line in order.lines:
            if line.kind and line.quantity > 0:
                days = bought[order.household, line.kind]
                days[order.placed_on] = days.get(order.placed_on, 0) + line.quantity
    return [
        History(household, kind, tuple(Purchase(day, quantity) for day, quantity in days.items()))
        for (household, kind), days in bought.items()
        if len(days) > 1
    ]


def own(asked: Sequence[History]) -> Foretold:
    """The middle of a household's own gaps, and between its first and last tenth."""
    result = Foretold([], [], [])
    for history in asked:
        days = [purchase.bought_on for purchase in history.known]
        gaps = sorted((after - before).days for before, after in pairwise(days))
        window = _quantile(gaps, 0.1), _quantile(gaps, 0.9)
        result.add(history.gap, window, statistics.median(gaps))
    return result


def ours(asked: Sequence[History], paces: Paces) -> Foretold:
    """The law of the next purchase, as the shop's refill reminders use it."""
    result = Foretold([], [], [])
    for history in asked:
        law = law_of(history.known, paces.of(history.kind))
        result.add(history.gap, (law.days(0.1), law.days(0.9)), law.likely_days())
    return result


def asked_in_time(asked: Sequence[History], paces: Paces) -> dict[str, float]:
    """Of those asked on the day of the prompt: how many had not bought yet, and of these bought soon.

    Beside it the same for a day of the left-out gaps taken at random.
    """
    open_still = soon = 0
    for history in asked:
        prompt = law_of(history.known, paces.of(history.kind)).days(_PROMPT)
        if history.gap > prompt:
            open_still += 1
            soon += history.gap <= prompt + _SOON_DAYS
    at_random = sum(min(_SOON_DAYS, history.gap) for history in asked) / sum(history.gap for history in asked)
    return {
        "not_bought_yet": round(open_still / len(asked), 4),
        "of_these_bought_within_7_days": round(soon / max(open_still, 1), 4),
        "on_a_random_day_bought_within_7_days": round(at_random, 4),
    }


def main(*, quick: bool) -> Report:
    report = Report("refill")
    say("reading the year")
    all_histories = histories(quick=quick)
    asked = [history for history in all_histories if history.is_asked]
    say(f"{len(asked)} households and types with at least {GAPS_MIN} gaps")
    began_at = time.process_time()
    paces = paces_of(sums_of((history.kind, history.known) for history in all_histories))
    learnt_at = time.process_time()
    foretold = ours(asked, paces)
    ended_at = time.process_time()
    figures, baseline = foretold.figures(), own(asked).figures()
    report.goals = [
        at_least("purchases inside the 80 % window", figures["inside"], 0.74),
        at_most("median error in days", figures["median_error_days"], 13.0),
    ]
    report.figures = {
        "asked": len(asked),
        "ours": figures,
        "own_median": baseline,
        "prompt": asked_in_time(asked, paces),
        "by_gaps_known": _by_gaps(asked, foretold),
        "learn_seconds": round(learnt_at - began_at, 2),
        "microseconds_a_law": round((ended_at - learnt_at) / max(len(asked), 1) * 1e6, 1),
    }
    return report


def _by_gaps(asked: Sequence[History], foretold: Foretold) -> dict[str, dict[str, float]]:
    """The same for those of whom little and much is known."""
    limits, parts = (8, 12, 20), defaultdict[int, list[int]](list)
    for index, history in enumerate(asked):
        parts[bisect_left(limits, len(history.known))].append(index)
    names = ("up to 7 gaps", "8 to 11", "12 to 19", "20 and more")
    return {
        names[part]: {
            "asked": len(indices),
            "inside": round(statistics.fmean(foretold.inside[index] for index in indices), 3),
            "median_error_days": round(statistics.median(foretold.errors[index] for index in indices), 1),
        }
        for part, indices in sorted(parts.items())
    }


def _quantile(ordered: Sequence[int], share: float) -> float:
    """As numpy and most others reckon it: linear between the two nearest."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:]).print()
