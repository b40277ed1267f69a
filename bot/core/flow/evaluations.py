"""Evaluations: what was decided about a contact at the door of a flow, or at one of its steps, on record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.contact import JsonValue

EVALUATION = "evaluation"
"""The table."""
DOOR = ""
"""The step of what is recorded at a flow's door."""
WAITS = "waits"
"""What is recorded of a run that stands at a step."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was decided at a door or a step, when, and by which values.

    The same decided again and again is one: since `at`, and by these values at `last_at` (None: then alone).
    """

    flow: str
    step: str
    at: datetime
    verdict: str
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    last_at: datetime | None = None

    @property
    def seen_at(self) -> datetime:
        """When it was decided so for the last time."""
        return self.last_at or self.at


def key_of(flow: str, step: str) -> str:
    """Return what an evaluation is kept by in a turn."""
    return f"{flow}/{step}"
