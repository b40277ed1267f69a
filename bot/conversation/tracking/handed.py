"""Messages as they were handed in: by whom, and what became of each."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.sources import Source
from bot.core.tracking.message import Taken, Tracked


@dataclass(frozen=True, slots=True)
class Told:
    """A message and the source that it came from."""

    message: Tracked
    source: Source


@dataclass(slots=True, eq=False)
class Handed:
    """What one call handed in, and waits for."""

    told: Sequence[Told]
    done: "asyncio.Future[Taken]"
    refused: Counter[str]
    """What was refused before anybody looked into the database, by reason."""

    @property
    def is_history(self) -> bool:
        """Whether it is of long ago: it starts no flow, and shares no transaction with what may."""
        return bool(self.told) and self.told[0].message.is_history
