"""Reordering: what was proposed and confirmed becomes an order, at no more than the confirmed price."""

from collections.abc import Mapping

from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.deeds.placing import in_words, place
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.ids import derived_id
from bot.core.loyalty.orders import priced
from bot.core.turn import Turn


@handler(
    arguments=("order",),
    returns=("items", "total", "credit", "to_pay", "earned", "number"),
    problems=("nothing_to_order", "gone", "price_changed"),
)
def reorder(turn: Turn) -> Mapping[str, JsonValue]:
    """Place the proposal `order` (see `usual`), pay its credit, and hand it to the shop.

    Raises:
        TellMember: `nothing_to_order`, `gone` (with `items`), or `price_changed`: the contact confirmed to
            pay less than it would cost now.
    """
    proposal = turn.arguments.get("order")
    if not isinstance(proposal, dict) or not proposal.get("lines"):
        raise TellMember("nothing_to_order")
    lines = _lines(turn, proposal["lines"])
    total = sum(line.quantity * line.unit_minor for line in lines)
    credit = min(turn.books.spendable(turn.now), total) if turn.program.reorder.auto_apply_credit else 0
    if total - credit > _whole(proposal.get("to_pay")):
        raise TellMember("price_changed", total=total, credit=credit, to_pay=total - credit)
    order = Order(
        # The same confirmation makes the same order, however often its turn is decided.
        id=derived_id(f"reorder/{turn.contact.id}/{turn.trigger.key}", turn.contact.bucket),
        source=turn.channel,
        placed_at=turn.now,
        lines=lines,
        total_minor=total,
        credit_minor=credit,
        currency=turn.program.currency.code,
    )
    settled = place(turn, priced(order))
    return {
        "items": in_words(order),
        "total": total,
        "credit": credit,
        "to_pay": total - credit,
        "earned": settled.granted_minor,
        "number": order.id[:6].upper(),
    }


def _lines(turn: Turn, wanted: JsonValue) -> tuple[OrderLine, ...]:
    lines, gone = [], []
    for line in wanted if isinstance(wanted, list) else []:
        if not isinstance(line, dict):
            continue
        sku, quantity = str(line.get("sku")), _whole(line.get("quantity"))
        product = turn.shop.products.get(sku)
        if product is None:
            gone.append(sku)
        elif quantity > 0:
            lines.append(
                OrderLine(sku, product.name, quantity, product.price_minor, category=product.category)
            )
    if gone:
        raise TellMember("gone", items=", ".join(gone))
    if not lines:
        raise TellMember("nothing_to_order")
    return tuple(lines)


def _whole(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
