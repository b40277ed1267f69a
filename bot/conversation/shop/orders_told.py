"""What the shop is told of an order: what pays it, what it earned, what went back, in all and this time."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.on_record import Parked
from bot.core.deeds.order_told import Settled
from bot.core.loyalty.orders import line_cash_minor

Body = Mapping[str, JsonValue]


def told_order(settled: Settled) -> Body:
    """Return an order as it is by now; `moved` is what this request did, 0 all over where it was no news."""
    order = settled.order
    lines: list[JsonValue] = [
        {
            "sku": line.sku,
            "quantity": line.quantity,
            "gross_minor": line.gross_minor,
            "discount_minor": line.discount_minor,
            "credit_minor": line.credit_minor,
            "cash_minor": line_cash_minor(line),
            "returned_quantity": line.returned_quantity,
        }
        for line in order.lines
    ]
    return {
        "id": order.id,
        "order": order.reference,
        "status": order.status,
        "currency": order.currency,
        "placed_at": order.placed_at.isoformat(),
        "total_minor": order.total_minor,
        "discount_minor": order.discount_minor,
        "shipping_minor": order.shipping_minor,
        "tax_minor": order.tax_minor,
        "credit_minor": order.credit_minor,
        "to_pay_minor": order.total_minor - order.credit_minor,
        "refunded_minor": order.refunded_minor,
        "returned_credit_minor": order.returned_credit_minor,
        "lines": lines,
        "moved": {
            "earned_minor": settled.granted_minor,
            "restored_minor": settled.restored_minor,
            "lost_minor": settled.lost_minor,
            "taken_back_minor": settled.taken_minor,
            "owed_minor": settled.owed_minor,
            "stamps_taken_back": settled.stamps,
        },
        "parked": False,
    }


def told_parked(parked: Parked) -> Body:
    """Return that what was told waits for its order."""
    return {"order": parked.reference, "parked": True}
