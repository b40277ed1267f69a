"""Bundles in a turn: those that are for its contact, at the prices of now, as texts name them."""

from collections.abc import Iterable, Sequence

from bot.core.contact import JsonValue
from bot.core.deeds.stocking import Goods, counters_of, left_of
from bot.core.deeds.whom import refusal_in
from bot.core.loyalty.bundles import Bundle, Priced
from bot.core.turn import Turn

FIELDS = ("id", "name", "items", "apart", "price", "saving", "credit", "to_pay", "is_refill")
"""What texts may name of a bundle."""


def offered(turn: Turn, sku: str | None = None) -> list[Priced]:
    """Return the bundles for the contact, what saves most first; with `sku`, those that hold it."""
    found = [
        priced
        for bundle in turn.program.bundles
        if (not sku or any(item.sku == sku for item in bundle.items))
        and (priced := priced_in(turn, bundle)) is not None
    ]
    return sorted(found, key=lambda priced: (-priced.saving_minor, priced.bundle.id))


def priced_in(turn: Turn, bundle: Bundle) -> Priced | None:
    """Return a bundle at the prices of now; None where it is not for the contact, or saves nothing."""
    return bundle.priced(turn.shop.products) if refusal_in(turn, bundle) is None else None


def to_be_had(turn: Turn, found: Sequence[Priced]) -> list[Priced]:
    """Return those of which every part is there, as far as anybody counts them."""
    turn.need(*counters_of(turn, dict.fromkeys(item.sku for one in found for item in one.bundle.items)))
    return [one for one in found if not _misses(turn, one.bundle)]


def goods_of(turn: Turn, bundle: Bundle) -> Goods:
    """Return the products of a bundle that is offered, and how many of each."""
    return [(turn.shop.products[item.sku], item.quantity) for item in bundle.items]


def _misses(turn: Turn, bundle: Bundle) -> bool:
    lefts = ((left_of(turn, product), quantity) for product, quantity in goods_of(turn, bundle))
    return any(left is not None and left < quantity for left, quantity in lefts)


def bundle_of(turn: Turn, basket: Iterable[tuple[str, int]]) -> Priced | None:
    """Return the bundle for the contact that a basket (products and how many) is, exactly; None: it is none.

    Of several the one that saves most.
    """
    wanted = sorted(basket)
    same = (one for one in offered(turn) if sorted(_parts(one.bundle)) == wanted)
    return next(same, None)


def _parts(bundle: Bundle) -> list[tuple[str, int]]:
    return [(item.sku, item.quantity) for item in bundle.items]


def credit_for(turn: Turn, price_minor: int) -> int:
    """Return how much of a price credit pays."""
    if not turn.program.reorder.auto_apply_credit:
        return 0
    return min(turn.books.spendable(turn.now), price_minor)


def told_of(turn: Turn, priced: Priced) -> dict[str, JsonValue]:
    """Say of a bundle what texts may name (see `FIELDS`)."""
    bundle = priced.bundle
    credit = credit_for(turn, priced.price_minor)
    names = [(item.quantity, turn.shop.products[item.sku].name) for item in bundle.items]
    return {
        "id": bundle.id,
        "name": turn.program.text(bundle.name, turn.contact.locale),
        "items": ", ".join(name if quantity == 1 else f"{quantity} x {name}" for quantity, name in names),
        "apart": priced.apart_minor,
        "price": priced.price_minor,
        "saving": priced.saving_minor,
        "credit": credit,
        "to_pay": priced.price_minor - credit,
        "is_refill": bundle.is_refill,
    }
