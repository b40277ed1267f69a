"""Looks at a contact as a turn would, and keeps nothing: for whoever asks about a member from outside."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.conversation.foresight import Foresight, Noted
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import CREDIT, NeedsMore, Shop, Snapshot, Turn
from bot.storage.driver import Connection, Database
from bot.storage.glancing import glance
from bot.storage.snapshots import Wanted, add_wanted, load_look

T = TypeVar("T")

_ROUNDS_MAX = 30
_SEEN_MAX = 1000
_OF_ONE = re.compile("[0-9a-f]{16}")  # an id in what was asked for: another look asks for another


@dataclass(slots=True)
class Seen:
    """What was read of a contact by now, and what is wanted of it: looks of one moment share it."""

    wanted: Wanted = field(default_factory=Wanted)
    snapshot: Snapshot | None = None
    _foreseen: set[str] = field(default_factory=set)

    def foresee(self, foresight: Foresight, trigger: Trigger) -> bool:
        """Want what the last look of this kind asked for; whether that is more than was wanted."""
        more = foresight.of(trigger) - self._foreseen
        for name in more:
            if not _OF_ONE.search(name):
                self.wanted.want(name)
        self._foreseen |= more
        return bool(more)

    async def read(self, connection: Connection, contact_id: str) -> Snapshot:
        """Read what is wanted and was not read yet."""
        if self.snapshot is None:
            self.snapshot = await load_look(connection, contact_id, self.wanted)
        elif self.wanted.credit and not self.snapshot.has_credit:
            self.snapshot = await load_look(connection, contact_id, self.wanted, self.snapshot.more)
        else:
            snapshots = {contact_id: self.snapshot}
            await add_wanted(connection, snapshots, {contact_id: self.wanted})
            self.snapshot = snapshots[contact_id]
        return self.snapshot


async def look_in(  # noqa: PLR0913, PLR0917  # whom, when, for what
    connection: Connection,
    shop: Shop,
    contact_id: str,
    now: datetime,
    ask: Callable[[Turn], T],
    foresight: Foresight | None = None,
    seen: Seen | None = None,
) -> T:
    """Return what `ask` finds out of a turn of the contact; what it would change is dropped.

    Who was joined to another contact is that one. Each round reads only what was not read yet, and the first
    what the last look of this kind asked for (`foresight`), so that a look takes few statements.
    """
    trigger = trigger_of(ask, now)
    seen = seen or Seen()
    wants_more = foresight is not None and seen.foresee(foresight, trigger)
    snapshot = seen.snapshot
    if snapshot is None or wants_more:
        snapshot = await seen.read(connection, contact_id)
    for _ in range(_ROUNDS_MAX):
        if snapshot.contact.merged_into is not None:
            return await look_in(connection, shop, snapshot.contact.merged_into, now, ask, foresight)
        known = Noted(snapshot.more)
        turn = Turn(trigger=trigger, snapshot=snapshot.knowing(known), shop=shop, now=now, mint=str)
        try:
            found = ask(turn)
        except NeedsMore as needs:
            for name in needs.names:
                seen.wanted.want(name)
        except NeedsMoreLots as needs:
            seen.wanted.lots = True
            seen.wanted.lot_ids.update(needs.lot_ids)
        else:
            if foresight is not None:
                foresight.learn(trigger, known.asked | ({CREDIT} if turn.opened_books else set()))
            return found
        snapshot = await seen.read(connection, contact_id)
    raise RecursionError("the turn kept asking for more")


class Looks:
    """Looks at contacts for who asks often: a page opens with five requests of one shopper.

    Where the database says that nothing was committed since the last look, what that one read is not read
    again.
    """

    def __init__(self, database: Database) -> None:
        """Look there."""
        self._database = database
        self._foresight = Foresight()
        self._seen: dict[str, Seen] = {}
        self._seen_at: int | None = None

    async def look(self, shop: Shop, contact_id: str, now: datetime, ask: Callable[[Turn], T]) -> T:
        """See `look_in`: no answer is older than its question."""

        async def work(connection: Connection) -> T:
            seen = await self._seen_of(connection, contact_id)
            return await look_in(connection, shop, contact_id, now, ask, self._foresight, seen)

        return await glance(self._database, work)

    async def _seen_of(self, connection: Connection, contact_id: str) -> Seen:
        """What was read of a contact that is still so."""
        version = await connection.version()
        if version is None:
            return Seen()
        if version != self._seen_at or len(self._seen) >= _SEEN_MAX:
            self._seen.clear()
        self._seen_at = version
        return self._seen.setdefault(contact_id, Seen())


def trigger_of(ask: Callable[[Turn], object], now: datetime) -> Trigger:
    """What a look is a turn of: its name is what looks have in common that ask alike."""
    return Trigger(
        "look",
        TriggerKind.OPERATION,
        now,
        {"operation": f"look {ask.__module__}.{getattr(ask, '__qualname__', '')}"},
    )
