"""Placing an order by text: its credit is spent, what it earns granted, and the shop is handed it."""

from bot.core.codes import Code
from bot.core.contact import JsonValue, Order
from bot.core.deeds.destinations import picked_up_at
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.order_told import Settled
from bot.core.deeds.ordering import NOTHING, settle
from bot.core.loyalty.orders import line_cash_minor
from bot.core.loyalty.places import PLACE, place_in
from bot.core.payments import PAYMENT
from bot.core.turn import Turn


def place(turn: Turn, order: Order, record: OnRecord = NOTHING, **more: JsonValue) -> Settled:
    """Place an order with all its sums (see `orders.priced`); `more` is told to the shop besides.

    `record` holds what was spent on it in this turn already, of credit that was set aside.
    """
    settled = settle(turn, order, record, earns_when_placed=True)
    turn.keep("directory", order.id, Code(order.id, kind="order"))
    turn.call(f"order/{order.id}", "order.placed", {**_told_to_the_shop(turn, settled.order), **more})
    return settled


def _told_to_the_shop(turn: Turn, order: Order) -> dict[str, JsonValue]:
    return {
        "order": order.id,
        "contact": turn.contact.id,
        "channel": order.source,
        "status": order.status,
        "placed_at": order.placed_at.isoformat(),
        "currency": turn.program.currency.code,
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "unit_minor": line.unit_minor,
                "credit_minor": line.credit_minor,
                "cash_minor": line_cash_minor(line),
                **({"discount_minor": line.discount_minor} if line.discount_minor else {}),
            }
            for line in order.lines
        ],
        "total_minor": order.total_minor,
        "credit_minor": order.credit_minor,
        "to_pay_minor": order.total_minor - order.credit_minor,
        **({"shipping_minor": order.shipping_minor} if order.shipping_minor else {}),
        **({"place": _place_for_the_shop(turn, order)} if PLACE in order.facts else {}),
        **({"payment": {"by": order.facts[PAYMENT], "is_paid": False}} if PAYMENT in order.facts else {}),
    }


def _place_for_the_shop(turn: Turn, order: Order) -> JsonValue:
    """Where it goes: one of the shop's places is called as the shop does, not in the buyer's language."""
    place = place_in(order.facts)
    known = turn.shop.selling.pickups.get(place.id) if place is not None else None
    if known is not None:
        place = picked_up_at(turn, known, turn.program.language)
    return place.told() if place is not None else None
