"""Messages as they were handed in: by whom, and what became of each."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.sources import Source
from bot.core.tracking.message import Kind, Taken, Tracked
from bot.storage.tracking import ANONYMOUS, EXTERNAL, Name


class Told:
    """A message, the source that it came from, and the directory's names of whom it is of."""

    __slots__ = ("anonymous", "message", "source", "user")

    def __init__(self, message: Tracked, source: Source) -> None:
        """Read the names; alias says of an id that was used before that it is the user's."""
        self.message = message
        self.source = source
        user = message.user_id
        anonymous = message.previous_id if message.kind is Kind.ALIAS else message.anonymous_id
        self.user: Name | None = (EXTERNAL, user) if user is not None else None
        self.anonymous: Name | None = (ANONYMOUS, anonymous) if anonymous is not None else None


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
