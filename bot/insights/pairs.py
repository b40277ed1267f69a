"""Which products belong together: counted over baskets, believed if nothing else explains it."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bot.core.contact import Product
from bot.insights.chance import chance_of, false_discovery_rates, least_lift

TOGETHER_MIN = 20
"""Fewer are an anecdote."""
FALSE_MAX = 0.05
_SIZE_WORDS = re.compile(
    r"\b(\d+([.,]\d+)?\s*(g|kg|ml|l|oz|lb|cl|pcs?|x)?|small|medium|large|big|mini)\b", re.IGNORECASE
)


@dataclass(slots=True)
class Baskets:
    """What was bought together, counted: by how much was in the basket, and in the later part of the time."""

    frequent: Collection[str]
    """Products to count; those bought more seldom cannot be in a pair that is believed."""
    count: int = 0
    late: int = 0
    sold: Counter[str] = field(default_factory=Counter)
    sold_late: Counter[str] = field(default_factory=Counter)
    together: Counter[tuple[str, str]] = field(default_factory=Counter)
    together_late: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)
    sold_by_size: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, of_member: Iterable[tuple[Iterable[str], bool]]) -> None:
        """Count all baskets of one member, each with whether it is of the later part of the time.

        The same again counts once: a habit is one member's, and says nothing of the others.
        """
        for skus, is_late in {(frozenset(skus), is_late) for skus, is_late in of_member}:
            self._count(skus, is_late=is_late)

    def _count(self, skus: Collection[str], *, is_late: bool) -> None:
        size = len(skus)
        here = sorted(sku for sku in skus if sku in self.frequent)
        pairs = list(combinations(here, 2))
        self.count += 1
        self.sizes[size] += 1
        self.sold.update(here)
        self.together.update(pairs)
        for sku in here:
            self.sold_by_size[sku][size] += 1
        if is_late:
            self.late += 1
            self.sold_late.update(here)
            self.together_late.update(pairs)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two products that were bought together `together` times.

    `lift` is how much oftener than if they had nothing to do with each other, `lift_low` what that is at
    least; `size_lift` the same beside baskets of the same sizes filled at random, so that a big shop is no
    reason; `later_lift` in the last third of the time alone, None where too little was sold then. `chance` is
    that of meeting so often by accident, `false_rate` that among all pairs at least as clear.
    """

    one: str
    other: str
    together: int
    of_one: int
    of_other: int
    baskets: int
    lift: float
    lift_low: float
    size_lift: float
    later_lift: float | None
    chance: float
    false_rate: float

    @property
    def support(self) -> float:
        """The share of baskets that have both."""
        return self.together / self.baskets

    @property
    def with_one(self) -> float:
        """Of who bought the one: how many bought the other too."""
        return self.together / self.of_one

    @property
    def with_other(self) -> float:
        """The same from the other's side."""
        return self.together / self.of_other


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a pair is not suggested although it was bought together often."""

    pair: Pair
    why: str


def pairs_of(baskets: Baskets, *, together_min: int = TOGETHER_MIN) -> list[Pair]:
    """Return all pairs bought together often enough to be tested, the surest first."""
    tested = [(pair, count) for pair, count in baskets.together.items() if count >= together_min]
    chances = [
        chance_of(count, baskets.sold[one], baskets.sold[other], baskets.count)
        for (one, other), count in tested
    ]
    rates = false_discovery_rates(chances)
    found = [
        _pair(baskets, pair, count, chance, rate)
        for (pair, count), chance, rate in zip(tested, chances, rates, strict=True)
    ]
    return sorted(found, key=lambda pair: (-pair.lift_low, pair.one, pair.other))


def doubted(
    pairs: Sequence[Pair],
    products: Mapping[str, Product],
    bundles: Collection[frozenset[str]] = (),
) -> tuple[list[Pair], list[Doubt]]:
    """Part pairs into those to suggest and those that something else explains; the order stays."""
    suggested, doubts = [], []
    for pair in pairs:
        why = _doubt(pair, products, bundles)
        if why:
            doubts.append(Doubt(pair, why))
        else:
            suggested.append(pair)
    return suggested, doubts


def _doubt(pair: Pair, products: Mapping[str, Product], bundles: Collection[frozenset[str]]) -> str:
    one, other = products.get(pair.one), products.get(pair.other)
    if any({pair.one, pair.other} <= bundle for bundle in bundles):
        return "sold as a bundle already"
    if one is None or other is None:
        return "not sold any more"
    if is_variant(one, other):
        return "the same in another size"
    if pair.false_rate > FALSE_MAX or pair.lift_low <= 1:
        return "may be chance"
    if pair.size_lift <= 1:
        return "no oftener than big baskets explain"
    if pair.later_lift is not None and pair.later_lift <= 1:
        return "not lately"
    return ""


def is_variant(one: Product, other: Product) -> bool:
    """Whether two products are the same but for their size."""
    return one.category == other.category and _stem(one.name) == _stem(other.name)


def _stem(name: str) -> str:
    return " ".join(_SIZE_WORDS.sub(" ", name).casefold().split())


def _pair(baskets: Baskets, skus: tuple[str, str], together: int, chance: float, rate: float) -> Pair:
    one, other = skus
    of_one, of_other = baskets.sold[one], baskets.sold[other]
    expected_late = baskets.sold_late[one] * baskets.sold_late[other] / max(baskets.late, 1)
    return Pair(
        one=one,
        other=other,
        together=together,
        of_one=of_one,
        of_other=of_other,
        baskets=baskets.count,
        lift=together * baskets.count / (of_one * of_other),
        lift_low=least_lift(together, of_one, of_other, baskets.count),
        size_lift=together / _expected_by_size(baskets, one, other),
        later_lift=baskets.together_late[skus] / expected_late if expected_late >= 1 else None,
        chance=chance,
        false_rate=rate,
    )


def _expected_by_size(baskets: Baskets, one: str, other: str) -> float:
    """How often they would meet if every basket kept its size, and every product its place among them.

    Beside one product a basket of so many has room for so many less one, out of all the rest of its size.
    """
    expected = 0.0
    for size, here in baskets.sold_by_size[one].items():
        there = baskets.sold_by_size[other][size]
        if size > 1 and there:
            places = size * baskets.sizes[size] - (here + there) / 2
            expected += here * (size - 1) * there / places
    # What was met although there was no room for it (a count of its own) is not divided by nothing.
    return max(expected, 1e-9)
