"""Reordering: what was proposed and confirmed becomes an order, at no more than the confirmed price."""

from collections.abc import Mapping

from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.ids import derived_id
from bot.core.loyalty.earning import PaidLine, earned
from bot.core.loyalty.entries import Cause
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
    )
    if credit:
        cause = Cause(
            f"order/{order.id}", actor=f"contact/{turn.contact.id}", source_type="order", source_id=order.id
        )
        turn.books.redeem(credit, turn.now, cause)
    turn.place_order(order)
    turn.track("Order Placed", {"order_id": order.id, "total": total, "credit": credit})
    turn.call(f"order/{order.id}", "order.placed", _told_to_the_shop(turn, order))
    earned_minor = _earn(turn, order)
    return {
        "items": ", ".join(
            line.name if line.quantity == 1 else f"{line.quantity} x {line.name}" for line in lines
        ),
        "total": total,
        "credit": credit,
        "to_pay": total - credit,
        "earned": earned_minor,
        "number": order.id[:6].upper(),
    }


def _earn(turn: Turn, order: Order) -> int:
    """Grant what a member's order earns of the cash paid for it; pending until it cannot be returned."""
    if not turn.contact.is_member:
        return 0
    program = turn.program
    paid = PaidLine(order.total_minor, credit_minor=order.credit_minor)
    earned_minor = earned([paid], program.earning.rate, program.point_value_minor).total_minor
    if earned_minor:
        grant = program.earned_grant(earned_minor, turn.now, turn.contact.zone, turn.shop.program_policy)
        cause = Cause(
            f"earn/{order.id}",
            actor=f"contact/{turn.contact.id}",
            source_type="order",
            source_id=order.id,
        )
        turn.books.earn(grant, turn.now, cause)
        turn.track("Credit Granted", {"amount": earned_minor, "why": "order"})
    return earned_minor


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
            lines.append(OrderLine(sku, product.name, quantity, product.price_minor))
    if gone:
        raise TellMember("gone", items=", ".join(gone))
    if not lines:
        raise TellMember("nothing_to_order")
    return tuple(lines)


def _whole(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _told_to_the_shop(turn: Turn, order: Order) -> dict[str, JsonValue]:
    return {
        "order": order.id,
        "contact": turn.contact.id,
        "channel": order.source,
        "placed_at": order.placed_at.isoformat(),
        "currency": turn.program.currency.code,
        "lines": [
            {"sku": line.sku, "name": line.name, "quantity": line.quantity, "unit_minor": line.unit_minor}
            for line in order.lines
        ],
        "total_minor": order.total_minor,
        "credit_minor": order.credit_minor,
        "to_pay_minor": order.total_minor - order.credit_minor,
    }
