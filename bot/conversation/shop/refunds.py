"""Refunds and cancellations, told as all that came back so far: late, doubled or not, they end alike."""

from collections.abc import Mapping
from dataclasses import replace

from bot.conversation.shop.checkout_asked import read
from bot.conversation.shop.orders_asked import CancelAsked, RefundAsked
from bot.conversation.shop.orders_told import told_order, told_parked
from bot.core.contact import JsonValue, Order
from bot.core.deeds.holding import let_go
from bot.core.deeds.on_record import OnRecord, Parked
from bot.core.deeds.ordering import UNTOLD, on_record, settle
from bot.core.deeds.pricing import as_order
from bot.core.deeds.reserving import follow
from bot.core.errors import Refused
from bot.core.loyalty.orders import CANCELED, later
from bot.core.loyalty.returns import Return, returned
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]
_UNPROCESSABLE = 422


def refund(turn: Turn, body: Body) -> Body:
    """Restore what credit paid of what came back, and take back what was earned on it; less changes nothing.

    Of an order that is not known it is kept until the order is told.
    """
    asked = read(RefundAsked, body)
    record = on_record(turn, asked.order)
    told = asked.told()
    if record.order is None:
        return _parked(turn, record, Parked(asked.order, told))
    unknown = sorted(told.in_all.by_sku.keys() - {line.sku for line in record.order.lines})
    if unknown:
        raise Refused(
            f"lines: nothing called {', '.join(unknown)} is in the order",
            "name what was sold by its sku",
            _UNPROCESSABLE,
        )
    order = returned(_with_parked(turn, record.order, record), told)
    follow(turn, record.order, order)
    return told_order(settle(turn, order, record))


def cancel(turn: Turn, body: Body) -> Body:
    """Give an order up: what it set aside is free again, and all that it paid or earned goes back.

    So it does at once if nobody told us of the order, only of its checkout: whatever is told of it later.
    """
    asked = read(CancelAsked, body)
    record = on_record(turn, asked.order)
    if record.checkout is not None and record.checkout.is_open(turn.now):
        let_go(turn, record.checkout)
    order = record.order or _paid_for(turn, record)
    if order is None:
        return _parked(turn, record, Parked(asked.order, status=CANCELED))
    order = _with_parked(turn, order, record)
    order = replace(order, status=later(order.status, CANCELED))
    follow(turn, record.order, order)
    return told_order(settle(turn, order, record))


def _paid_for(turn: Turn, record: OnRecord) -> Order | None:
    """What a checkout has captured, as the order it is for; None where it did not."""
    held = record.checkout
    if held is None or held.captured is None:
        return None
    return replace(
        as_order(turn, held.captured, held.order_id),
        placed_at=held.opened_at,
        reference=held.reference,
        facts={UNTOLD: True},
    )


def _with_parked(turn: Turn, order: Order, record: OnRecord) -> Order:
    """Apply what was kept while the order was being told, too late for its own turn to see."""
    parked = record.parked
    if parked is None:
        return order
    turn.keep("parked_refund", parked.reference, replace(parked, applied_at=turn.now))
    order = returned(order, parked.told)
    return replace(order, status=later(order.status, CANCELED)) if parked.is_canceled else order


def _parked(turn: Turn, record: OnRecord, told: Parked) -> Body:
    """Keep what is told until its order is."""
    before = record.parked or Parked(told.reference, Return(), at=turn.now)
    both = replace(before, told=before.told | told.told, status=before.status or told.status)
    turn.keep("parked_refund", both.reference, both)
    return told_parked(both)
