"""The usual: what a contact may mean by "the same again", priced as of now."""

from collections import Counter
from collections.abc import Mapping
from itertools import islice

from bot.core.contact import JsonValue, Order
from bot.core.deeds.by_text import proposed
from bot.core.flow.handler import handler
from bot.core.turn import Turn

_ORDERS_MAX = 20
_HABIT_MIN = 2
_NEVER_TAKEN = frozenset({"canceled", "cancelled", "refunded", "rejected"})

Basket = tuple[tuple[str, int], ...]
"""What was ordered and how often, without prices: two orders of the same things have the same basket."""


@handler(arguments=("which", "sku", "quantity"), returns=("choices", "last", "gone"))
def usual(turn: Turn) -> Mapping[str, JsonValue]:
    """Propose what to order again: the last order, and the usual one where it is another.

    `which` may be `last` or `usual` to ask for that alone, `sku` one product, and how many (`quantity`), in
    place of what was ordered before. Each choice has `items` in words, `lines`, `total` (less the `discount`
    of the contact's offers, which `items` names), the `credit` that would be applied, what is left `to_pay`,
    in minor units, the `token` that opens it in the mini program, and the `link` of its page; the last order
    comes first. More than one choice means: ask. `gone` names what is no longer sold.
    """
    sku = turn.arguments.get("sku")
    if sku:
        quantity = turn.arguments.get("quantity")
        return _of_one(turn, str(sku), quantity if isinstance(quantity, int) and quantity > 0 else 1)
    orders = list(islice((order for order in turn.orders() if order.status not in _NEVER_TAKEN), _ORDERS_MAX))
    wanted = turn.arguments.get("which")
    candidates: list[Order] = []
    if orders and wanted != "usual":
        candidates.append(orders[0])
    habit = _habit(orders)
    if habit is not None and wanted != "last" and _basket(habit) not in map(_basket, candidates):
        candidates.append(habit)
    if not candidates and orders:
        candidates.append(orders[0])  # asked for the usual, but there is no habit yet
    gone = sorted({line.name for order in candidates for line in order.lines if not _is_sold(turn, line.sku)})
    choices = [
        proposal
        for order in candidates
        if (proposal := proposed(turn, _in_order(order), order.id)) is not None
    ]
    return {"choices": list(choices), "last": choices[0] if choices else None, "gone": ", ".join(gone)}


def _of_one(turn: Turn, sku: str, quantity: int) -> Mapping[str, JsonValue]:
    proposal = proposed(turn, [(sku, quantity)])
    gone = "" if proposal is not None else sku
    return {"choices": [proposal] if proposal is not None else [], "last": proposal, "gone": gone}


def _habit(orders: list[Order]) -> Order | None:
    """Return the newest order of the basket ordered most often; None if none was ordered twice."""
    times = Counter(_basket(order) for order in orders)
    most = max(times.values(), default=0)
    if most < _HABIT_MIN:
        return None
    return next(order for order in orders if times[_basket(order)] == most)


def _basket(order: Order) -> Basket:
    quantities: Counter[str] = Counter()
    for line in order.lines:
        quantities[line.sku] += line.quantity
    return tuple(sorted(quantities.items()))


def _is_sold(turn: Turn, sku: str) -> bool:
    return sku in turn.shop.products


def _in_order(order: Order) -> list[tuple[str, int]]:
    """The basket in the order in which its lines stand."""
    quantities = dict(_basket(order))
    return [(sku, quantities[sku]) for sku in dict.fromkeys(line.sku for line in order.lines)]
