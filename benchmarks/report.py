"""What a benchmark prints: its goals and figures, one JSON object on the last line."""

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that must be reached; `value` is None where it could not be measured, which is a miss."""

    name: str
    value: float | None
    goal: str
    ok: bool


def at_most(name: str, value: float | None, limit: float) -> Goal:
    return Goal(name, value, f"<= {limit:g}", value is not None and value <= limit)


def at_least(name: str, value: float | None, limit: float) -> Goal:
    return Goal(name, value, f">= {limit:g}", value is not None and value >= limit)


@dataclass(slots=True)
class Report:
    """Goals and figures of one benchmark, filled while it runs."""

    benchmark: str
    goals: list[Goal] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def print(self) -> None:
        """Print the object; a missed goal is a result, not an error."""
        goals = [asdict(goal) for goal in self.goals]
        print(json.dumps({"benchmark": self.benchmark, "goals": goals, "figures": self.figures}), flush=True)


def say(text: str) -> None:
    """Tell who is watching what happens; the last line of stdout stays the result's."""
    print(text, file=sys.stderr, flush=True)


def median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 4) if values else None


def ratio(value: float | None, other: float | None) -> float | None:
    return round(value / other, 3) if value is not None and other else None


def spread(values: Sequence[float]) -> dict[str, object]:
    """Median and range: what a noisy machine allows to be said."""
    return {
        "median": median(values),
        "min": round(min(values), 4) if values else None,
        "max": round(max(values), 4) if values else None,
        "runs": [round(value, 4) for value in values],
    }
