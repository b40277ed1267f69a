"""What a flow came to: its figures by step, with what they mean together; see docs/statistics.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

from bot.core.deeds.goals import CONVERTED, REVENUE
from bot.core.flow.compiled import Flow
from bot.core.flow.costs import Price
from bot.core.message_figures import SEGMENTS

COST = "cost:"
"""What the cost of segments is called, by currency; its amount is in billionths of a unit."""
_BILLION = 1_000_000_000
FLOW = ""
"""The step under which stands what is of the flow and of no step."""
_NOTHING = (0, 0)


@dataclass(frozen=True, slots=True)
class StepStats:
    """Figures of one step: times and amounts by what; `waiting` and `held` are as of now."""

    figures: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    waiting: int = 0
    held: Mapping[str, int] = field(default_factory=dict)
    """Messages that are held, by reason."""

    def times(self, what: str) -> int:
        """Return how often something happened."""
        return self.figures.get(what, _NOTHING)[0]

    def by(self, prefix: str) -> dict[str, int]:
        """Return times by reason, of figures that begin so; the most frequent first."""
        found = {
            what.removeprefix(prefix): times
            for what, (times, _) in self.figures.items()
            if what.startswith(prefix) and times
        }
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))

    @property
    def segments(self) -> int:
        """Return how many segments were handed over."""
        return self.figures.get(SEGMENTS, _NOTHING)[1]

    def converted(self, goal: int) -> int:
        """Return how many entries reached a goal."""
        return self.times(f"{CONVERTED}{goal}")

    def revenue(self, goal: int) -> dict[str, int]:
        """Return what that brought, in minor units by currency, net of what came back."""
        prefix = f"{REVENUE}{goal}:"
        return {
            what.removeprefix(prefix): amount
            for what, (_, amount) in sorted(self.figures.items())
            if what.startswith(prefix)
        }

    @property
    def cost_minor(self) -> dict[str, int]:
        """Return what its segments cost on their days, in minor units by currency."""
        return {
            what.removeprefix(COST): _minor(amount, what.removeprefix(COST))
            for what, (_, amount) in sorted(self.figures.items())
            if what.startswith(COST)
        }


@dataclass(frozen=True, slots=True)
class Prices:
    """What a segment cost since which day (`2026-11-24`), the earliest first."""

    since: tuple[tuple[str, Price], ...] = ()

    def on(self, day: str) -> Price | None:
        """Return the price of a day; before the first that is known, that one."""
        known = [price for first, price in self.since if first <= day]
        return known[-1] if known else self.since[0][1] if self.since else None

    def costs(self, figures: Mapping[str, tuple[int, int]], day: str) -> dict[str, tuple[int, int]]:
        """Return a day's figures with what their segments cost."""
        times, segments = figures.get(SEGMENTS, _NOTHING)
        price = self.on(day)
        if price is None or not segments:
            return dict(figures)
        return {**figures, f"{COST}{price.currency}": (times, int(price.amount * _BILLION) * segments)}


@dataclass(frozen=True, slots=True)
class FlowStats:
    """Figures of a flow since a day, or (`since` None) since there are any; `revision` None: of all."""

    flow: Flow
    revision: int | None
    since: date | None
    steps: Mapping[str, StepStats]
    variants: Mapping[str, Mapping[str, StepStats]] = field(default_factory=dict)
    """The same by arms, of those that met experiments."""
    days: Mapping[str, StepStats] = field(default_factory=dict)
    """The same by day, all steps together."""

    def step(self, step_id: str) -> StepStats:
        """Return the figures of a step; of one that nobody came to they are nothing."""
        return self.steps.get(step_id, StepStats())

    @property
    def whole(self) -> StepStats:
        """Return the figures of the flow and all its steps together."""
        return together(self.steps.values())


def together(steps: Iterable[StepStats]) -> StepStats:
    """Add figures up."""
    figures: dict[str, tuple[int, int]] = {}
    held: dict[str, int] = {}
    waiting = 0
    for step in steps:
        waiting += step.waiting
        for what, (times, amount) in step.figures.items():
            before = figures.get(what, _NOTHING)
            figures[what] = before[0] + times, before[1] + amount
        for reason, messages in step.held.items():
            held[reason] = held.get(reason, 0) + messages
    return StepStats(figures, waiting, held)


def _minor(billionths: int, currency: str) -> int:
    minor = Decimal(billionths) * 10 ** get_currency_precision(currency) / _BILLION
    return int(minor.quantize(Decimal(1), ROUND_HALF_UP))
