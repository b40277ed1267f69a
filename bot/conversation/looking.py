"""Looks at a contact as a turn would, and keeps nothing: for whoever asks about a member from outside."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.conversation.foresight import Foresight, Noted
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import CREDIT, NeedsMore, Shop, Turn
from bot.storage.driver import Connection
from bot.storage.snapshots import Wanted, add_wanted, load_look

T = TypeVar("T")

_ROUNDS_MAX = 30
_OF_ONE = re.compile("[0-9a-f]{16}")  # an id in what was asked for: another look asks for another


async def look_in(  # whom, when, for what
    connection: Connection,
    shop: Shop,
    contact_id: str,
    now: datetime,
    ask: Callable[[Turn], T],
    foresight: Foresight | None = None,
) -> T:
    """Return what `ask` finds out of a turn of the contact; what it would change is dropped.

    Who was joined to another contact is that one. Each round reads only what was not read yet, and the first
    what the last look of this kind asked for (`foresight`), so that a look takes few statements.
    """
    trigger = Trigger("look", TriggerKind.OPERATION, now, {"operation": _name(ask)})
    wanted = Wanted()
    for name in foresight.of(trigger) if foresight is not None else ():
        if not _OF_ONE.search(name):
            wanted.want(name)
    snapshot = await load_look(connection, contact_id, wanted)
    for _ in range(_ROUNDS_MAX):
        if snapshot.contact.merged_into is not None:
            return await look_in(connection, shop, snapshot.contact.merged_into, now, ask, foresight)
        known = Noted(snapshot.more)
        turn = Turn(trigger=trigger, snapshot=replace(snapshot, more=known), shop=shop, now=now, mint=str)
        try:
            found = ask(turn)
        except NeedsMore as needs:
            for name in needs.names:
                wanted.want(name)
        except NeedsMoreLots as needs:
            wanted.lots = True
            wanted.lot_ids.update(needs.lot_ids)
        else:
            if foresight is not None:
                foresight.learn(trigger, known.asked | ({CREDIT} if wanted.credit else set()))
            return found
        if wanted.credit and not snapshot.has_credit:
            snapshot = await load_look(connection, contact_id, wanted, snapshot.more)
        else:
            snapshots = {contact_id: snapshot}
            await add_wanted(connection, snapshots, {contact_id: wanted})
            snapshot = snapshots[contact_id]
    raise RecursionError("the turn kept asking for more")


def _name(ask: Callable[[Turn], object]) -> str:
    """What looks have in common that ask alike."""
    return f"look {ask.__module__}.{getattr(ask, '__qualname__', '')}"
