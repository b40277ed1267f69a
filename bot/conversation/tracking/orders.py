"""Whose turn an order told by an event is, as the desk of the shop's own API finds it, for a whole batch.

An order is made its contact's before its turn looks for what was told of it; what came back of an order that
nobody knows is kept before it is looked whose it is: so one always sees the other (see `shop/desk.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.shop.desk import REPORT, parked_of
from bot.conversation.tracking.handed import Told
from bot.conversation.tracking.telling import order_trigger
from bot.core.tracking.commerce import OrderTold
from bot.core.triggers import Trigger
from bot.storage import told_orders
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
    reported = [event for event in ordered if event.order.operation == REPORT]
    # Where one is somebody else's already, the turn refuses it.
    await told_orders.claim(connection, [(event.order.reference, event.contact_id) for event in reported])
    whose = await _owners(connection, ordered[len(reported) :], now)
    turns = []
    for event in ordered:
        order = event.order
        contact = event.contact_id if order.operation == REPORT else whose.get(order.reference)
        if contact is not None:
            turns.append((contact, order_trigger(event.order, event.told)))
    return turns


async def _owners(connection: Connection, events: Sequence[OrderEvent], now: datetime) -> dict[str, str]:
    """Whose the orders are of which something came back; of those that nobody knows it is kept."""
    whose = await told_orders.owners(connection, [event.order.reference for event in events])
    unknown = [event.order for event in events if event.order.reference not in whose]
    if unknown:
        told = [parked_of(order.operation, order.body) for order in unknown]
        await told_orders.park(connection, told, now)
        whose |= await told_orders.owners(connection, [order.reference for order in unknown])
    return whose
