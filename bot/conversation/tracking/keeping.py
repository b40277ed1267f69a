"""The seam to figures of contacts: what is to be kept current with what has just been written of them."""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.conversation.decide import Decisions
from bot.core.audiences.audience import Topic
from bot.core.audiences.rule import Happened
from bot.storage.driver import Connection


class KeepCurrent(Protocol):
    """Keeps computed traits and audiences of contacts current, under the publication of `decisions`.

    The contacts are locked, and what `happened` is written. `topics` say what else of them has changed.
    """

    def __call__(  # what is asked for, each under its name
        self,
        connection: Connection,
        decisions: Decisions,
        happened: Mapping[str, Sequence[Happened]],
        topics: Mapping[str, set[Topic]],
        now: datetime,
        *,
        anew: Mapping[str, Collection[str]],
    ) -> Awaitable[None]:
        """Of the events `anew`, names by contact, some are gone: figures of them are to be folded anew.

        None of these is in `happened`.
        """


async def keep_nothing(  # see KeepCurrent
    connection: Connection,
    decisions: Decisions,
    happened: Mapping[str, Sequence[Happened]],
    topics: Mapping[str, set[Topic]],
    now: datetime,
    *,
    anew: Mapping[str, Collection[str]],
) -> None:
    """Keep nothing current: where there are no figures."""
