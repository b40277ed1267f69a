"""Whose turn an order told by an event is, as the desk of the shop's own API finds it, for a whole batch.

An order is made its contact's before its turn looks for what was told of it; what came back of an order that
nobody knows is kept before it is looked whose it is: so one always sees the other (see `shop/desk.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.shop.desk import REPORT, park
from bot.conversation.tracking.handed import Told
from bot.conversation.tracking.telling import order_trigger
from bot.core.tracking.commerce import OrderTold
from bot.core.triggers import Trigger
from bot.storage import orders
from bot.storage.driver import Connection


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """What an event tells of an order, and whose event it is."""

    order: OrderTold
    told: Told
    contact_id: str


async def turns_of(
    connection: Connection, events: Sequence[OrderEvent], now: datetime
) -> list[tuple[str, Trigger]]:
    """Return the turns that events need, each with whose it is; what waits for its order needs none yet."""
    # By name, so that two that lock the same orders lock them in one order; reports before what came back.
    ordered = sorted(events, key=lambda event: (event.order.operation != REPORT, event.order.reference))
    turns = []
    for event in ordered:
        whose = await _whose(connection, event, now)
        if whose is not None:
            turns.append((whose, order_trigger(event.order, event.told)))
    return turns


async def _whose(connection: Connection, event: OrderEvent, now: datetime) -> str | None:
    order = event.order
    if order.operation == REPORT:
        # Where it is somebody else's already, the turn refuses it.
        await orders.claim(connection, order.reference, event.contact_id)
        return event.contact_id
    owner = await orders.owner(connection, order.reference)
    if owner is None:
        await park(connection, order.operation, order.body, now)
        owner = await orders.owner(connection, order.reference)
    return owner
