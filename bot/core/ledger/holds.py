"""Holds: credit set aside for a checkout, open until captured, released or timed out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HoldState(StrEnum):
    """Where a hold is; it leaves `open` once."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class HoldPart:
    """What a hold took from one lot; once the hold is closed, captured + released = amount."""

    lot_id: str
    amount_minor: int
    captured_minor: int = 0
    released_minor: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """Credit set aside for one order; `parts` in draw order. It shields its lots from expiry."""

    id: str
    order_id: str
    state: HoldState
    expires_at: datetime
    parts: tuple[HoldPart, ...]

    @property
    def amount_minor(self) -> int:
        """What was set aside."""
        return sum(part.amount_minor for part in self.parts)

    def is_overdue(self, now: datetime) -> bool:
        """True from its end on, whether or not a job has timed it out."""
        return self.state is HoldState.OPEN and self.expires_at <= now
