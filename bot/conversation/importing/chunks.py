"""A chunk of rows, and what became of it: what every way of taking rows has in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from bot.core.importing.rows import Rejected
from bot.storage.driver import Connection


class Place(NamedTuple):
    """A row's place: its number from 1 on, the line of the file it ends on, and what stands there."""

    number: int
    line: int
    values: Sequence[object]
    unread: str = ""
    """Why it could not be read at all; empty where it could."""


Refusal = tuple[Place, Rejected]
"""A row that is not taken, and why."""


@dataclass(slots=True)
class Outcome:
    """What became of the rows of a chunk: taken now, known before, or rejected."""

    taken: int = 0
    known: int = 0
    rejected: list[Refusal] = field(default_factory=list)


class Chunk(Protocol):
    """Rows that are taken together, in one transaction."""

    @property
    def rows(self) -> int:
        """How many rows of the file it stands for, those with it that were rejected before."""

    async def take(self, connection: Connection) -> Outcome:
        """Take all of them; may be run again, and then begins anew."""
