"""Messages as they were handed in: by whom, and what became of each."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.sources import Source
from bot.core.tracking.message import Kind, Taken, Tracked
from bot.storage.tracking import ANONYMOUS, EXTERNAL, Name


class Told:
    """A message, the source that it came from, and the directory's names of whom it is of.

    It is done once for each `key`.
    """

    __slots__ = ("anonymous", "key", "message", "source", "user")

    def __init__(self, message: Tracked, source: Source, *, is_trusted: bool = False) -> None:
        """Read the names; alias says of an id that was used before that it is the user's.

        What it does takes trust in its source where it `is_trusted`.
        """
        self.message = message
        self.source = source
        self.key = _key(message.message_id, is_trusted=is_trusted)
        user = message.user_id
        anonymous = message.previous_id if message.kind is Kind.ALIAS else message.anonymous_id
        self.user: Name | None = (EXTERNAL, user) if user is not None else None
        self.anonymous: Name | None = (ANONYMOUS, anonymous) if anonymous is not None else None


def _key(message_id: str, *, is_trusted: bool) -> str:
    """What a message is done once for: no id that a public key makes up uses up one that is trusted."""
    if is_trusted:
        return f"~trusted/{message_id}"
    return f"~{message_id}" if message_id.startswith("~") else message_id


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
