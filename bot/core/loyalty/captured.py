"""What a captured checkout took off an order, for who tells the order without saying what was off."""

from dataclasses import replace

from bot.core.contact import Order, OrderLine
from bot.core.loyalty.earning import spread
from bot.core.loyalty.orders import priced
from bot.core.loyalty.quotes import LineKind, Quote

DISCOUNT_TOLD = "_discount_told"
"""The fact of an order of which the shop said what is off, be it nothing: a checkout says it no more."""

_GOODS = frozenset({LineKind.PRODUCT, LineKind.GIFT_CARD})


def with_captured(order: Order, captured: Quote | None) -> Order:
    """Return an order with what its checkout took off of each thing that both have, so many at that price.

    Of an order of which anything is off already, or of which that was told, nothing more is taken.
    """
    if captured is None or DISCOUNT_TOLD in order.facts or any(line.discount_minor for line in order.lines):
        return order
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for one in captured.lines:
        if one.line.kind in _GOODS:
            quantity, off = found.get((one.line.sku, one.line.unit_minor), (0, 0))
            found[one.line.sku, one.line.unit_minor] = quantity + one.line.quantity, off + one.discount_minor
    same: dict[tuple[str, int], list[int]] = {}
    for number, line in enumerate(order.lines):
        same.setdefault((line.sku, line.unit_minor), []).append(number)
    lines: list[OrderLine] = list(order.lines)
    for thing, numbers in same.items():
        quantities = [lines[number].quantity for number in numbers]
        quantity, off = found.get(thing, (0, 0))
        if off and quantity == sum(quantities):
            for number, share in zip(numbers, spread(off, quantities), strict=True):
                lines[number] = replace(lines[number], discount_minor=share)
    return priced(replace(order, lines=tuple(lines))) if tuple(lines) != order.lines else order
