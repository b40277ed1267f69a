"""What a contact may mean by "the same again": the last order, and the usual one where it is another."""

from collections import Counter
from dataclasses import dataclass
from itertools import islice

from bot.core.contact import Order
from bot.core.payments import is_waiting
from bot.core.turn import Turn

_ORDERS_MAX = 20
_HABIT_MIN = 2
NEVER_TAKEN = frozenset({"canceled", "cancelled", "refunded", "rejected"})
"""The status of orders that nobody means by "the same again"."""

Contents = tuple[tuple[str, int], ...]
"""What was ordered and how often, without prices: two orders of the same things have the same contents."""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """Orders that may be made again, the likeliest first; `gone` names what of them is no longer sold."""

    orders: tuple[Order, ...]
    gone: tuple[str, ...]


def has_ordered(turn: Turn) -> bool:
    """Whether the contact ordered anything so far that was not given back."""
    found = turn.needed("has_ordered")
    assert isinstance(found, bool), "it is so or not"
    return found


def repeatable(turn: Turn, wanted: str = "", first: Order | None = None) -> Repeatable:
    """Return what may be meant; `wanted` is `last` or `usual` where that alone is, `first` is asked for."""
    orders = list(islice(filter(_was_taken, turn.orders()), _ORDERS_MAX))
    found = [first] if first is not None else []
    if orders and wanted != "usual" and contents(orders[0]) not in map(contents, found):
        found.append(orders[0])
    habit = _habit(orders)
    if habit is not None and wanted != "last" and contents(habit) not in map(contents, found):
        found.append(habit)
    if not found and orders:
        found.append(orders[0])  # asked for the usual, but there is no habit yet
    gone = {line.name for order in found for line in order.lines if line.sku not in turn.shop.products}
    return Repeatable(tuple(found), tuple(sorted(gone)))


def contents(order: Order) -> Contents:
    """Return what is in an order, whichever way its lines stand."""
    return tuple(sorted(_quantities(order).items()))


def in_order(order: Order) -> list[tuple[str, int]]:
    """Return what is in an order, each product once, as its lines stand."""
    return list(_quantities(order).items())


def _was_taken(order: Order) -> bool:
    return order.status not in NEVER_TAKEN and not is_waiting(order)


def _quantities(order: Order) -> Counter[str]:
    quantities: Counter[str] = Counter()
    for line in order.lines:
        quantities[line.sku] += line.quantity
    return quantities


def _habit(orders: list[Order]) -> Order | None:
    """Return the newest order of the basket ordered most often; None if none was ordered twice."""
    times = Counter(contents(order) for order in orders)
    most = max(times.values(), default=0)
    if most < _HABIT_MIN:
        return None
    return next(order for order in orders if times[contents(order)] == most)
