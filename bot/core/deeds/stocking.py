"""What is left of products that somebody counts: orders at our pages and by text take from it and put back.

The shop says how many there are (`PUT /api/products/{sku}/stock`), and its word replaces ours.
"""

from collections.abc import Iterable, Sequence

from bot.core.contact import JsonValue, Order, Product
from bot.core.errors import TellMember
from bot.core.loyalty.stock import COUNTER
from bot.core.turn import Turn

TAKEN = "_stock"
"""The fact of an order in which stands what it took, by SKU."""

Goods = Sequence[tuple[Product, int]]


def counters_of(turn: Turn, skus: Iterable[str]) -> list[str]:
    """Return what has to be asked for (`Turn.need`) to know what is left of these."""
    known = turn.shop.products
    return [f"counter/{COUNTER}{sku}" for sku in skus if sku in known and known[sku].is_counted]


def left_of(turn: Turn, product: Product) -> int | None:
    """Return how many there are of a product; None where nobody says."""
    counter = f"{COUNTER}{product.sku}"
    left = turn.needed("counter", counter) if product.is_counted else None
    return max(0, left) + turn.effects.given_back.get(counter, 0) if isinstance(left, int) else None


def to_be_had(turn: Turn, goods: Goods) -> list[tuple[Product, int]]:
    """Return what there is of these, and no more of each than is left."""
    turn.need(*counters_of(turn, (product.sku for product, _ in goods)))
    lefts = [left_of(turn, product) for product, _ in goods]
    found = [
        (product, quantity if left is None else min(quantity, left))
        for (product, quantity), left in zip(goods, lefts, strict=True)
    ]
    return [(product, quantity) for product, quantity in found if quantity]


def refuse_too_many(turn: Turn, goods: Goods) -> None:
    """Refuse more of a product than there is.

    Raises:
        TellMember: `too_few`, with `items` and how many are `left` of the first.
    """
    for product, quantity in goods:
        left = left_of(turn, product)
        if left is not None and left < quantity:
            raise TellMember("too_few", items=product.name, skus=[product.sku], left=left)


def take_from_stock(turn: Turn, goods: Goods) -> dict[str, JsonValue]:
    """Take what an order buys; returns the facts by which it can be put back.

    Raises:
        TellMember: `too_few`: somebody was faster.
    """
    taken: dict[str, JsonValue] = {}
    used = set(turn.effects.used)
    for product, quantity in goods:
        if left_of(turn, product) is None:
            continue
        counter, back = f"{COUNTER}{product.sku}", turn.effects.given_back
        again = min(quantity, back.get(counter, 0))  # of an order that this one replaces
        if again < quantity and not turn.take(counter, quantity - again):
            turn.effects.used.intersection_update(used)  # what of the rest was taken goes back
            raise TellMember("too_few", items=product.name, skus=[product.sku], left=0)
        if again:
            back[counter] -= again
        taken[product.sku] = quantity
    return {TAKEN: taken} if taken else {}


def put_back(turn: Turn, order: Order) -> None:
    """Put back what an order took that is not bought after all."""
    taken = order.facts.get(TAKEN)
    if isinstance(taken, dict):
        for sku, quantity in taken.items():
            assert isinstance(quantity, int), "we wrote it ourselves"
            turn.give_back(f"{COUNTER}{sku}", quantity)
