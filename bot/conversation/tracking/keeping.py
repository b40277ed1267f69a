"""The seam to figures of contacts: what is to be kept current with what has just been written of them."""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.conversation.decide import Decisions
from bot.core.audiences.audience import Topic
from bot.core.audiences.rule import Happened
from bot.core.contact import Contact
from bot.storage.driver import Connection

_NO_CONTACTS: Mapping[str, Contact] = {}


class KeepCurrent(Protocol):
    """Keeps computed traits and audiences of contacts current, under the publication of `decisions`.

    The contacts are locked, and what `happened` is written. `topics` say what else of them has changed.
    """

    def __call__(  # noqa: PLR0913  # what is asked for, each under its name
        self,
        connection: Connection,
        decisions: Decisions,
        happened: Mapping[str, Sequence[Happened]],
        topics: Mapping[str, set[Topic]],
        now: datetime,
        *,
        anew: Mapping[str, Collection[str]],
        newcomers: Collection[str] = (),
        contacts: Mapping[str, Contact] = _NO_CONTACTS,
        starts_flows: bool = True,
    ) -> Awaitable[object]:
        """Of the events `anew`, names by contact, some are gone: figures of them are to be folded anew.

        None of these is in `happened`. `newcomers` were made in this transaction; `contacts` are those that
        are known as they are now. Nothing starts a flow unless `starts_flows`.
        """


async def keep_nothing(  # noqa: PLR0913  # see KeepCurrent
    connection: Connection,
    decisions: Decisions,
    happened: Mapping[str, Sequence[Happened]],
    topics: Mapping[str, set[Topic]],
    now: datetime,
    *,
    anew: Mapping[str, Collection[str]],
    newcomers: Collection[str] = (),
    contacts: Mapping[str, Contact] = _NO_CONTACTS,
    starts_flows: bool = True,
) -> None:
    """Keep nothing current: where there are no figures."""
