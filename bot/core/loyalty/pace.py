"""How long a member's purchase of something lasts: the law of the time until the next, from all before it.

A gap is the days between two days on which somebody bought the same thing. Logarithms of gaps are taken to
be normal around a member's own mean, which is drawn towards that of all members as long as little is known,
or what is known is irregular; recent gaps count for more, and who bought more at once comes back later. This
is statistics and not money: floats are at home. `python -m benchmarks.refill` measures it on a real year.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from statistics import NormalDist

FADING = 0.9
"""What a gap counts of the one after it: twenty gaps ago a tenth."""
TOWARDS_ALL = 5.0
"""So many gaps of a member as regular as most weigh as much as what is known of all members."""
SPREAD_TOWARDS_ALL = 10.0
"""The same for how regular a member is."""
TOWARDS_USUAL = 20.0
"""So many gaps of one thing weigh as much as what is known of all things."""

_STANDARD = NormalDist()
_USUAL_DAYS, _USUAL_VARIANCE, _USUAL_POWER = 30.0, 0.75, 0.1
"""Before a shop has orders: a month, and as irregular as groceries are."""
_HALF = 0.5
_STEPS = 16


@dataclass(frozen=True, slots=True)
class Purchase:
    """That somebody bought something on a day: all they bought of it that day."""

    bought_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast all members use something up, as logarithms of days for one piece.

    `power` says how much longer more lasts: twice as much lasts `2 ** power` times as long.
    """

    mean: float
    variance: float
    power: float = _USUAL_POWER


USUAL = Pace(math.log(_USUAL_DAYS), _USUAL_VARIANCE)


@dataclass(frozen=True, slots=True)
class Law:
    """The time from the last purchase to the next, in days: its logarithm is normal."""

    location: float
    spread: float

    def days(self, probability: float, elapsed: float = 0.0) -> float:
        """Return the days from the last purchase within which they buy again with that probability.

        Where `elapsed` days have passed without a purchase, what would have been shorter is ruled out.
        """
        ruled_out = self._passed(elapsed)
        share = ruled_out + probability * (1 - ruled_out)
        # Past the last float below 1 nothing is told apart any more.
        share = min(max(share, 1e-12), 1 - 1e-12)
        return max(elapsed, math.exp(self.location + self.spread * _STANDARD.inv_cdf(share)))

    def likely_days(self, elapsed: float = 0.0) -> float:
        """Return the middle of the shortest stretch of days that has half of the chance.

        No other day is as often as near to the day they come, which the median is not: the law is skew.
        """
        low, high = 0.0, _HALF
        for _ in range(_STEPS):
            third = (high - low) / 3
            if self._stretch(low + third, elapsed) < self._stretch(high - third, elapsed):
                high -= third
            else:
                low += third
        return (self.days(low, elapsed) + self.days(low + _HALF, elapsed)) / 2

    def _stretch(self, begin: float, elapsed: float) -> float:
        return self.days(begin + _HALF, elapsed) - self.days(begin, elapsed)

    def _passed(self, elapsed: float) -> float:
        return _STANDARD.cdf((math.log(elapsed) - self.location) / self.spread) if elapsed > 0 else 0.0


def law_of(purchases: Sequence[Purchase], pace: Pace) -> Law:
    """Return the law of the next purchase after the last of these, which are one a day, oldest first."""
    assert purchases, "nobody buys again what they never bought"
    gaps = [gap - pace.power * quantity for gap, quantity in _gaps(purchases)]
    freedom = len(gaps) + SPREAD_TOWARDS_ALL
    # Who is regular is believed sooner.
    regular = _variance(gaps, sum(gaps) / max(len(gaps), 1), pace) / pace.variance
    weights = total = 0.0
    for gap in gaps:
        weights, total = FADING * weights + 1, FADING * total + gap
    known = weights + TOWARDS_ALL * regular
    mean = (total + TOWARDS_ALL * regular * pace.mean) / known
    variance = _variance(gaps, mean, pace)
    # What is not known of mean and variance makes the next gap less certain: Student's variance.
    variance *= (1 + 1 / known) * freedom / (freedom - 2)
    return Law(mean + pace.power * math.log(purchases[-1].quantity), math.sqrt(variance))


def _variance(gaps: Sequence[float], mean: float, pace: Pace) -> float:
    """The variance of a member's gaps around a mean, drawn towards that of all."""
    squares = sum((gap - mean) ** 2 for gap in gaps)
    return (squares + SPREAD_TOWARDS_ALL * pace.variance) / (len(gaps) + SPREAD_TOWARDS_ALL)


@dataclass(slots=True)
class Sums:
    """What the pace of one thing is worked out from; of parts of the members they add up."""

    gaps: int = 0
    total: float = 0.0
    quantities: float = 0.0
    freedom: int = 0
    squares: float = 0.0
    """Of gaps around each member's own mean."""
    products: float = 0.0
    quantity_squares: float = 0.0

    def add(self, purchases: Sequence[Purchase]) -> None:
        """Add one member's purchases of the thing, one a day, oldest first."""
        gaps = _gaps(purchases)
        if not gaps:
            return
        count = len(gaps)
        total, quantities = sum(gap for gap, _ in gaps), sum(quantity for _, quantity in gaps)
        self.gaps += count
        self.total += total
        self.quantities += quantities
        self.freedom += count - 1
        for gap, quantity in gaps:
            off, more = gap - total / count, quantity - quantities / count
            self.squares += off * off
            self.products += off * more
            self.quantity_squares += more * more

    def merge(self, other: "Sums") -> None:
        """Add the sums of other members."""
        self.gaps += other.gaps
        self.total += other.total
        self.quantities += other.quantities
        self.freedom += other.freedom
        self.squares += other.squares
        self.products += other.products
        self.quantity_squares += other.quantity_squares

    def pace(self, usual: Pace = USUAL) -> Pace:
        """Return the pace, drawn towards the usual one as long as little is known."""
        power = (self.products + TOWARDS_USUAL * usual.power) / (self.quantity_squares + TOWARDS_USUAL)
        power = min(max(power, 0.0), 1.0)
        explained = power * (2 * self.products - power * self.quantity_squares)
        return Pace(
            mean=(self.total - power * self.quantities + TOWARDS_USUAL * usual.mean)
            / (self.gaps + TOWARDS_USUAL),
            variance=(max(self.squares - explained, 0.0) + TOWARDS_USUAL * usual.variance)
            / (self.freedom + TOWARDS_USUAL),
            power=power,
        )


@dataclass(frozen=True, slots=True)
class Paces:
    """The pace of everything a shop sells, by name, and the usual one."""

    usual: Pace = USUAL
    by_name: Mapping[str, Pace] = field(default_factory=dict)

    def of(self, name: str, days: float | None = None) -> Pace:
        """Return the pace of one thing; before anybody bought it again it is said to last so many days."""
        return self.by_name.get(name) or self._said(days)

    def _said(self, days: float | None) -> Pace:
        return self.usual if days is None else replace(self.usual, mean=math.log(days))


def paces_of(sums: Mapping[str, Sums], said: Mapping[str, float] | None = None) -> Paces:
    """Work out the pace of everything from what members bought of it.

    Little known is drawn towards the days that are said of the thing, or else to what is usual.
    """
    together = Sums()
    for each in sums.values():
        together.merge(each)
    paces, days = Paces(together.pace()), said or {}
    return replace(
        paces, by_name={name: each.pace(paces.of(name, days.get(name))) for name, each in sums.items()}
    )


def sums_of(histories: Iterable[tuple[str, Sequence[Purchase]]]) -> dict[str, Sums]:
    """Add up histories of purchases, each with the name of what was bought."""
    sums: dict[str, Sums] = {}
    for name, purchases in histories:
        sums.setdefault(name, Sums()).add(purchases)
    return sums


def _gaps(purchases: Sequence[Purchase]) -> list[tuple[float, float]]:
    """Logarithms of the days between purchases, and of how much was bought at the beginning of each."""
    return [
        (math.log((after.bought_on - before.bought_on).days), math.log(before.quantity))
        for before, after in pairwise(purchases)
    ]
