"""The in-app channel: an inbox on our own pages; it rings nowhere, and is read by who opens them.

What is kept there was sent; it is delivered once it was shown. Its address is the contact's own id, as who is
logged in at the pages is known by their session: nobody else can write from there.

Consent there is its own: STOP said there is of what comes there. Where nothing was said there, whoever takes
part in a group anywhere finds its messages there too, since only those see them who come to look; who takes
part nowhere finds none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.forms import Form
from bot.core.ids import instant, microseconds

APP = "app"
"""The channel's name, and the provider of what is written there."""


@dataclass(frozen=True, slots=True)
class ReadUntil:
    """Until when a contact has read its inbox, inclusive."""

    at: datetime


class Place(NamedTuple):
    """Where something stands in an inbox: what is written stands before what is said at the same instant."""

    at: datetime
    rank: int
    id: str

    def __str__(self) -> str:
        """As a text that `read` reads."""
        return f"{microseconds(self.at)}.{self.rank}.{self.id}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """Read a place back. Raises ValueError: it is none."""
        at, rank, named = text.split(".", 2)
        return cls(instant(int(at)), int(rank), named)


@dataclass(frozen=True, slots=True)
class Kept:
    """Something in an inbox: a message of ours, or (`is_mine`) what the contact wrote there itself.

    `is_new`: it was not shown yet. `did` is what the contact did instead of writing: the gesture's value.
    """

    id: str
    at: datetime
    text: str
    is_mine: bool
    form: Form | None = None
    is_new: bool = False
    did: str = ""

    @property
    def wrote(self) -> str:
        """What the contact wrote, or did."""
        return self.did or self.text

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.at, 0 if self.is_mine else 1, self.id)
