"""Looks at a contact as a turn would, and keeps nothing: for whoever asks about a member from outside."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.conversation.foresight import Foresight, Noted
from bot.core.contact import Contact
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import NeedsMore, Shop, Turn
from bot.storage.driver import Connection
from bot.storage.snapshots import Wanted, add_wanted, load_snapshots

T = TypeVar("T")

_ROUNDS_MAX = 30
_OF_ONE = re.compile("[0-9a-f]{16}")  # an id in what was asked for: another look asks for another


async def look_in(  # whom, when, for what
    connection: Connection,
    shop: Shop,
    contact: Contact,
    now: datetime,
    ask: Callable[[Turn], T],
    foresight: Foresight | None = None,
) -> T:
    """Return what `ask` finds out of a turn of the contact; what it would change is dropped.

    Each round reads only what was not read yet, and the first what the last look of this kind asked for
    (`foresight`), so that a look takes few statements.
    """
    trigger = Trigger("look", TriggerKind.OPERATION, now, {"operation": _name(ask)})
    wanted = Wanted()
    for name in foresight.of(trigger) if foresight is not None else ():
        if not _OF_ONE.search(name):
            wanted.want(name)
    snapshots = await load_snapshots(connection, {contact.id: contact}, {contact.id: wanted})
    for _ in range(_ROUNDS_MAX):
        known = Noted(snapshots[contact.id].more)
        turn = Turn(
            trigger=trigger,
            snapshot=replace(snapshots[contact.id], more=known),
            shop=shop,
            now=now,
            mint=str,
        )
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
                foresight.learn(trigger, known.asked)
            return found
        await add_wanted(connection, snapshots, {contact.id: wanted})
    raise RecursionError("the turn kept asking for more")


def _name(ask: Callable[[Turn], object]) -> str:
    """What looks have in common that ask alike."""
    return f"look {ask.__module__}.{getattr(ask, '__qualname__', '')}"
