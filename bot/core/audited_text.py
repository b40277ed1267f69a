"""A text of flows as an audit sees it: how old it is, and what people did who got it."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.message_figures import CLICKED, LEFT, REPLIED, SENT


@dataclass(slots=True)
class Audited:
    """A text in force; `name` is empty where it stands in a flow itself. Counts are of it as it reads now."""

    name: str
    text: str
    places: list[str]
    languages: tuple[str, ...]
    since: datetime | None
    occasion: str = ""
    channel: str = ""
    tone: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, place: str, since: datetime | None, counts: dict[str, int]) -> None:
        """Add another place where it is said."""
        self.places.append(place)
        known = [at for at in (self.since, since) if at is not None]
        self.since = min(known, default=None)
        for what, times in counts.items():
            self.counts[what] = self.counts.get(what, 0) + times

    @property
    def sent(self) -> int:
        """How often it was sent."""
        return self.counts.get(SENT, 0)

    def share(self, what: str) -> float | None:
        """Which share of those who got it did that; None where nobody got it."""
        return self.counts.get(what, 0) / self.sent if self.sent else None

    @property
    def shares(self) -> dict[str, float | None]:
        """Who replied, clicked and left, of those who got it."""
        return {what: self.share(what) for what in (REPLIED, CLICKED, LEFT)}
