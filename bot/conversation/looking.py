"""Looks at a contact as a turn would, and keeps nothing: for whoever asks about a member from outside."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from bot.core.contact import Contact
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import NeedsMore, Shop, Turn
from bot.storage.driver import Connection
from bot.storage.snapshots import Wanted, add_wanted, load_snapshots

T = TypeVar("T")

_ROUNDS_MAX = 30


async def look_in(
    connection: Connection, shop: Shop, contact: Contact, now: datetime, ask: Callable[[Turn], T]
) -> T:
    """Return what `ask` finds out of a turn of the contact; what it would change is dropped.

    Each round reads only what was not read yet, so that a look takes few statements.
    """
    wanted = Wanted()
    snapshots = await load_snapshots(connection, {contact.id: contact})
    for _ in range(_ROUNDS_MAX):
        turn = Turn(
            trigger=Trigger("look", TriggerKind.START, now),
            snapshot=snapshots[contact.id],
            shop=shop,
            now=now,
            mint=str,
        )
        try:
            return ask(turn)
        except NeedsMore as needs:
            for name in needs.names:
                wanted.want(name)
        except NeedsMoreLots as needs:
            wanted.lots = True
            wanted.lot_ids.update(needs.lot_ids)
        await add_wanted(connection, snapshots, {contact.id: wanted})
    raise RecursionError("the turn kept asking for more")
