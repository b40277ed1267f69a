"""What properties and traits must be: equal, larger, containing something, a date before another."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue


@dataclass(frozen=True, slots=True)
class Where:
    """A filter over an event's properties: all of it must hold."""

    def holds(self, properties: Mapping[str, JsonValue]) -> bool:
        """Whether an event's properties fit."""
        raise NotImplementedError


ANY = Where()
"""Takes every event."""
