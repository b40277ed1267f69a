"""Where a claimed reward is: from the member's claim to its hands, with the day it was promised for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from bot.core.contact import JsonValue
from bot.core.errors import Refused


class FulfilmentState(StrEnum):
    """Where a claimed reward is; it only goes forward, and may be canceled until it is delivered."""

    CLAIMED = "claimed"
    PREPARING = "preparing"
    SENT = "sent"
    DELIVERED = "delivered"
    CANCELED = "canceled"

    @property
    def is_open(self) -> bool:
        """Whether the member still waits for it."""
        return self not in _CLOSED


_CLOSED = frozenset({FulfilmentState.DELIVERED, FulfilmentState.CANCELED})
_RANK = {state: rank for rank, state in enumerate(FulfilmentState)}


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """A claimed reward; `id` is that of the entry that paid for it, and `code` what the member shows.

    `promised_on` is the day it was promised for, in `zone`; None where it is handed out on the spot.
    `facts` hold what only some kinds have (the `url` of content) and what the shop said of it (`tracking`).
    """

    id: str
    reward: str
    kind: str
    code: str
    cost_minor: int
    state: FulfilmentState
    claimed_at: datetime
    changed_at: datetime
    promised_on: date | None
    zone: str
    facts: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def open_until(self) -> datetime | None:
        """Until when (exclusive) the link to claimed content opens it; None for everything else."""
        until = self.facts.get("open_until")
        return datetime.fromisoformat(until) if isinstance(until, str) else None


class CannotAdvance(Refused):
    """A claimed reward does not go back, and what is delivered or canceled stays so."""

    def __init__(self, fulfilment: Fulfilment, wanted: FulfilmentState) -> None:
        super().__init__(
            f"reward {fulfilment.code} is {fulfilment.state} and cannot become {wanted}",
            "a claimed reward goes from claimed over preparing and sent to delivered, or is canceled before",
            409,
        )


def advanced(
    fulfilment: Fulfilment,
    state: FulfilmentState,
    now: datetime,
    *,
    promised_on: date | None = None,
    facts: Mapping[str, JsonValue] | None = None,
) -> Fulfilment:
    """Return the fulfilment further on; a step may be left out. The same once more changes nothing.

    Raises:
        CannotAdvance: it would go back, or it is closed.
    """
    before = fulfilment.state
    if state is before:
        moved = fulfilment
    elif not before.is_open or _RANK[state] < _RANK[before]:
        raise CannotAdvance(fulfilment, state)
    else:
        moved = replace(fulfilment, state=state)
    if promised_on is not None and before.is_open:
        moved = replace(moved, promised_on=promised_on)
    if facts and any(moved.facts.get(name) != value for name, value in facts.items()):
        moved = replace(moved, facts={**moved.facts, **facts})
    return moved if moved == fulfilment else replace(moved, changed_at=now)
