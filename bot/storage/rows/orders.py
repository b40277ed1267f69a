"""Rows of orders and their lines."""

from bot.core.contact import Order
from bot.core.ids import bucket_of, microseconds
from bot.storage.rows.values import RowValues, stored, to_json


def order_rows(contact_id: str, order: Order) -> tuple[RowValues, list[RowValues]]:
    """Values of `shop_order` and of its `order_line`s, on whose record they are."""
    contact_id = order.contact_id or contact_id
    bucket = bucket_of(contact_id)
    head: RowValues = (
        bucket,
        contact_id,
        order.id,
        order.source,
        order.status,
        microseconds(order.placed_at),
        order.total_minor,
        order.credit_minor,
        order.reference,
        order.currency,
        order.cash_minor,
        order.discount_minor,
        order.shipping_minor,
        order.tax_minor,
        order.refunded_minor,
        order.returned_credit_minor,
        stored(order.changed_at),
        to_json(dict(order.facts)),
    )
    lines: list[RowValues] = [
        (
            bucket,
            contact_id,
            order.id,
            number,
            line.sku,
            line.name,
            line.quantity,
            line.unit_minor,
            line.category,
            line.discount_minor,
            line.credit_minor,
            line.earns,
            line.returned_quantity,
            line.returned_minor,
        )
        for number, line in enumerate(order.lines, 1)
    ]
    return head, lines
