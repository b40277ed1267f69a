"""Stock as members hear of it: that their favourite runs out, and that it is back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.contact import JsonValue

COUNTER = "stock/"
"""What the name of a product's counter begins with; its SKU follows."""
LOW = "Stock Low"
BACK = "Back In Stock"
TELL = "stock.tell"
"""The operation that lets one member hear of it, if that still makes sense."""


@dataclass(frozen=True, slots=True)
class News:
    """That a product is low or back, as of an instant."""

    event: str
    sku: str
    units: int
    at: datetime

    @property
    def body(self) -> Mapping[str, JsonValue]:
        """What each member's turn is told."""
        return {"event": self.event, "sku": self.sku, "units": self.units}


def news_of(sku: str, before: int | None, units: int, now: datetime, *, low_at: int | None) -> News | None:
    """Return what is news when stock goes from `before` (None: nobody counted) to `units`, if anything."""
    if before == 0 and units > 0:
        return News(BACK, sku, units, now)
    was_low = before is None or (low_at is not None and before <= low_at)
    if low_at is not None and 0 < units <= low_at and not was_low:
        return News(LOW, sku, units, now)
    return None
