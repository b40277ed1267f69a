"""A tracker whose books are a list: it keeps the contract of the real one, without a database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.errors import RetryLater
from bot.core.sources import Source
from bot.core.tracking.message import Taken, Tracked


@dataclass(slots=True)
class ListTracker:
    """Keeps each message once by its id, whoever sends it; refuses events that are `unwanted`.

    While `behind` it takes nothing, and says for how long where it knows.
    """

    messages: list[Tracked] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    unwanted: frozenset[str] = frozenset()
    behind: bool = False
    behind_for: timedelta | None = None
    _seen: set[str] = field(default_factory=set)

    async def take(self, messages: Sequence[Tracked], source: Source) -> Taken:
        """Keep what is new."""
        if self.behind:
            raise RetryLater("too much waits", self.behind_for)
        refused = [one for one in messages if one.event in self.unwanted]
        for one in messages:
            if one not in refused and one.message_id not in self._seen:
                self._seen.add(one.message_id)
                self.messages.append(one)
                self.sources.append(source.name)
        placed = {place: "unwanted" for place, one in enumerate(messages) if one in refused}
        return Taken(len(messages) - len(refused), {"unwanted": len(refused)} if refused else {}, placed)
