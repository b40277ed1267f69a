"""Where a member stands on something that rises and falls: kept by kind (`tier`, `referred`, `checkin` …)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.contact import JsonValue


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of one kind: a value, since when, and when a job has to look at it next (None: never)."""

    kind: str
    value: str
    since_at: datetime
    look_at: datetime | None = None
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
