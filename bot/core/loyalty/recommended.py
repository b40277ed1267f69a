"""What to recommend to a member: what goes with what they bought, or what they liked before."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.contact import Order, Product
from bot.core.loyalty.orders import REFUNDED, is_at_least

JUST_BOUGHT = timedelta(days=7)
_FADING = 0.8
"""What an order counts of the one after it."""
_OWN = 0.3
"""What having bought it counts, beside the logarithm of a lift."""


@dataclass(frozen=True, slots=True)
class Partner:
    """What goes with a product; `lift_low` is how much oftener than by accident at least."""

    sku: str
    lift_low: float


@dataclass(frozen=True, slots=True)
class Affinities:
    """What goes with each product, as last learnt, and what cannot be had now."""

    partners: Mapping[str, Sequence[Partner]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()


def recommended(
    orders: Sequence[Order], affinities: Affinities, products: Mapping[str, Product], now: datetime
) -> Product | None:
    """Return the best product for who placed these orders, newest first; None where there is nothing to say.

    Never what they just bought, gave back, or cannot have.
    """
    scores: dict[str, float] = {}
    weight = 1.0
    for order in orders:
        if is_at_least(order.status, REFUNDED):
            continue
        for line in order.lines:
            scores[line.sku] = scores.get(line.sku, 0.0) + weight * _OWN
            for partner in affinities.partners.get(line.sku, ()):
                more = weight * math.log(max(partner.lift_low, 1.0))
                scores[partner.sku] = scores.get(partner.sku, 0.0) + more
        weight *= _FADING
    ruled_out = affinities.gone | _just_bought(orders, now) | _given_back(orders)
    possible = [sku for sku in scores if sku in products and sku not in ruled_out]
    best = max(possible, key=lambda sku: (scores[sku], sku), default=None)
    return products[best] if best is not None else None


def _just_bought(orders: Sequence[Order], now: datetime) -> set[str]:
    """What is in the last order, or in one of these days."""
    return {
        line.sku
        for number, order in enumerate(orders)
        if number == 0 or order.placed_at > now - JUST_BOUGHT
        for line in order.lines
    }


def _given_back(orders: Sequence[Order]) -> set[str]:
    return {
        line.sku
        for order in orders
        for line in order.lines
        if line.returned_quantity or order.status == REFUNDED
    }
