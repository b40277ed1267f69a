"""Braze's recommended events of a shop (`ecommerce.…`), in Segment's words: orders are made of them.

https://www.braze.com/docs/user_guide/data/activation/events/recommended_events/. They tell a price of one
item of each product, what was taken off the whole order, and its total, but neither shipping nor tax.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from bot.core.contact import JsonValue
from bot.core.tracking.amounts import MINOR_MAX, NoAmount, read_number
from bot.core.tracking.commerce import ORDER_CANCELLED, ORDER_COMPLETED, ORDER_REFUNDED
from bot.core.tracking.message import Json

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ecommerce.order_placed": ORDER_COMPLETED,
        "ecommerce.order_refunded": ORDER_REFUNDED,
        "ecommerce.order_cancelled": ORDER_CANCELLED,
        "ecommerce.product_viewed": "Product Viewed",
        "ecommerce.checkout_started": "Checkout Started",
    }
)
_OF_A_PRODUCT: Final = MappingProxyType(
    {"product_name": "name", "variant_id": "variant", "product_url": "url"}
)


def in_segments_words(event: str, properties: Json) -> tuple[str, Json]:
    """Return an event as Segment names it, with its properties; any other as it is."""
    name = _NAMES.get(event)
    if name is None:
        return event, properties
    told = _product(properties)
    listed = properties.get("products")
    if isinstance(listed, list):
        told["products"] = [_product(one) if isinstance(one, dict) else one for one in listed]
    if name == "Product Viewed" or "total_value" not in properties:
        return name, told
    total, discount = properties["total_value"], properties.get("total_discounts")
    told |= {"total": total} | ({} if discount is None else {"discount": discount})
    if name == ORDER_COMPLETED:
        told |= _goods(properties, listed)
    return name, told


def _product(one: Json) -> dict[str, JsonValue]:
    return {_OF_A_PRODUCT.get(name, name): value for name, value in one.items()}


def _goods(properties: Json, listed: JsonValue) -> dict[str, JsonValue]:
    """What the goods cost, where each product says it: what the total has beyond is shipping and tax."""
    products = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    prices = [_amount(one.get("price")) for one in products]
    counts = [_amount(one.get("quantity", 1)) for one in products]
    known = [
        price * count
        for price, count in zip(prices, counts, strict=True)
        if price is not None and count is not None  # what is free has a price
    ]
    total, discount = _amount(properties["total_value"]), _amount(properties.get("total_discounts", 0))
    if not known or len(known) < len(products) or total is None or discount is None:
        return {}
    goods = sum(known) - discount
    # A total of before what was taken off says nothing of shipping.
    said: dict[str, JsonValue] = {"total": str(goods)} if total == sum(known) else {}
    return {"subtotal": str(goods), **said} if goods >= 0 else {}


def _amount(value: JsonValue) -> Decimal | None:
    """An amount or a quantity; None where it is none, which is refused where the order is read."""
    try:
        number = read_number(value)
    except NoAmount:
        return None
    return number if abs(number) <= MINOR_MAX else None
