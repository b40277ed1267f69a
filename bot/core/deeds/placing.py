"""Placing an order by text: its credit is spent, what it earns granted, and the shop is handed it."""

from bot.core.codes import Code
from bot.core.contact import JsonValue, Order
from bot.core.deeds.destinations import picked_up_at
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.order_told import Settled
from bot.core.deeds.ordering import NOTHING, settle
from bot.core.loyalty.orders import PAID, is_at_least, line_cash_minor
from bot.core.loyalty.places import PLACE, PayBy, place_in
from bot.core.payments import PAYMENT
from bot.core.turn import Turn

BUNDLE = "_bundle"
"""The fact of an order in which stands the bundle that it is, at whose price it goes."""


def place(turn: Turn, order: Order, record: OnRecord = NOTHING, **more: JsonValue) -> Settled:
    """Place an order with all its sums (see `orders.priced`); `more` is told to the shop besides.

    `record` holds what was spent on it in this turn already, of credit that was set aside, and the offers.
    What a page let anybody order to pay at the counter earns when the shop tells that it is paid: stamps and
    what full cards give could be taken along, and the order never fetched.
    """
    at_the_counter = order.facts.get(PAYMENT) == PayBy.PICKUP
    settled = settle(turn, order, record, earns_when_placed=not at_the_counter)
    if record.order is None:
        turn.keep("directory", order.id, Code(order.id, kind="order"))
    told = {**_told_to_the_shop(turn, settled.order), **_offers_on(record), **more}
    turn.call(f"order/{order.id}", "order.placed", told)
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
        **({"payment": _payment(order)} if PAYMENT in order.facts else {}),
        **({"bundle": order.facts[BUNDLE]} if BUNDLE in order.facts else {}),
    }


def _payment(order: Order) -> dict[str, JsonValue]:
    """How it is paid; of which nothing is left to pay, is paid."""
    is_paid = is_at_least(order.status, PAID) or order.total_minor == order.credit_minor
    return {"by": order.facts[PAYMENT], "is_paid": is_paid}


def _offers_on(record: OnRecord) -> dict[str, JsonValue]:
    captured = record.checkout.captured if record.checkout is not None else None
    if captured is None or not captured.applied:
        return {}
    return {
        "offers": [
            {"offer": one.rule, "code": one.code, "discount_minor": one.discount_minor}
            for one in captured.applied
        ]
    }


def _place_for_the_shop(turn: Turn, order: Order) -> JsonValue:
    """Where it goes: one of the shop's places is called as the shop does, not in the buyer's language."""
    place = place_in(order.facts)
    known = turn.shop.selling.pickups.get(place.id) if place is not None else None
    if known is not None:
        place = picked_up_at(turn, known, turn.program.language)
    return place.told() if place is not None else None
