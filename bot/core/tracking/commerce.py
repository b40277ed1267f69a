"""Segment's e-commerce events, read as what the shop tells of orders: bodies of our own operations.

https://segment.com/docs/connections/spec/ecommerce/v2/. What cannot be read is a reason and never an
exception: it is shown to whoever looks after the sources, and the client has its 200 all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Self

from bot.core.contact import JsonValue
from bot.core.loyalty.earning import spread
from bot.core.loyalty.program import Program
from bot.core.tracking.amounts import NoAmount, in_minor, read_minor, read_number

Json = Mapping[str, JsonValue]

ORDER_COMPLETED, ORDER_UPDATED = "Order Completed", "Order Updated"
ORDER_REFUNDED, ORDER_CANCELLED = "Order Refunded", "Order Cancelled"
OF_ORDERS = frozenset({ORDER_COMPLETED, ORDER_UPDATED, ORDER_REFUNDED, ORDER_CANCELLED})
"""The events that say what becomes of an order: believed from sources with the scope `orders` alone."""
_OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "Completed Order": ORDER_COMPLETED,  # version 1
        "Viewed Product": "Product Viewed",
        "Added Product": "Product Added",
        "Removed Product": "Product Removed",
        "Viewed Product Category": "Product List Viewed",
        "Order Canceled": ORDER_CANCELLED,  # as it is spelled in the United States
    }
)
_OF_PRODUCTS = frozenset({"Product Viewed", "Product Clicked", "Product Added", "Product List Viewed"})

LINES_MAX = 500
QUANTITY_MAX = 100_000
_REFERENCE_MAX = 200
_NAME_MAX = 500
_SOURCE_MAX = 60
_OTHER = "other"
"""The line of what an order cost beyond the products that are named."""


@dataclass(frozen=True, slots=True)
class Currencies:
    """The currencies that a program's orders may be in, with how many decimals each has."""

    own: str
    exponents: Mapping[str, int]

    @classmethod
    def of(cls, program: Program) -> Self:
        """Return those of a program."""
        return cls(
            program.currency.code,
            {one.code: one.exponent for one in (program.currency, *program.currencies)},
        )


@dataclass(frozen=True, slots=True)
class ProductTold:
    """A product as an event names it, `price_minor` in the program's own currency."""

    sku: str
    name: str
    category: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class OrderTold:
    """What an event tells of an order: the operation to ask for and its body; `reference` is the order's.

    `doubts` say where its sums do not fit each other, and which of them counts.
    """

    operation: str
    reference: str
    body: Json
    products: tuple[ProductTold, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Why an event of an order moves nothing: a short reason to count by, and the sentence to show."""

    reason: str
    says: str


def named_now(event: str) -> str:
    """Return what an event is called by version 2."""
    return _OLD_NAMES.get(event, event)


def order_told(
    event: str, properties: Json, *, at: datetime, message_id: str, currencies: Currencies
) -> OrderTold | NotUnderstood | None:
    """Return what an event tells of an order; None where it is about none.

    `message_id` names a refund that has no `refund_id`: told again by the same message it is the same one.
    """
    event = named_now(event)
    if event not in OF_ORDERS:
        return None
    try:
        reference = _reference(properties)
        if event == ORDER_CANCELLED:
            return OrderTold("order.cancel", reference, {"order": reference})
        exponent = _exponent(properties, currencies)
        if event == ORDER_REFUNDED:
            body = _refund(properties, exponent, message_id)
            return OrderTold("order.refund", reference, {"order": reference, **body})
        return _report(event, properties, reference, at, exponent, currencies)
    except _Wrong as wrong:
        return NotUnderstood(wrong.reason, str(wrong))


def products_told(event: str, properties: Json, currencies: Currencies) -> tuple[ProductTold, ...]:
    """Return the products that somebody looked at or chose, where the event says all a catalogue needs."""
    if named_now(event) not in _OF_PRODUCTS:
        return ()
    try:
        listed = properties.get("products")
        if not listed and not properties.get("name"):
            return ()
        exponent = _exponent(properties, currencies)
        return _products(
            _items(listed, exponent) if listed else _items([dict(properties)], exponent),
            properties,
            currencies,
        )
    except _Wrong:
        return ()


class _Wrong(Exception):
    """Something in an event that cannot be read."""

    def __init__(self, reason: str, says: str) -> None:
        super().__init__(says)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Item:
    """A product of an event; `gross_minor` is what all of it cost, None where no price stands there."""

    sku: str
    name: str
    category: str
    quantity: int
    gross_minor: int | None
    unit_minor: int | None

    def line(self) -> dict[str, JsonValue]:
        """Return it as a line of an order; what does not divide into equal prices is taken off again."""
        line: dict[str, JsonValue] = {"sku": self.sku, "quantity": self.quantity}
        if self.name:
            line["name"] = self.name
        if self.category:
            line["category"] = self.category
        if self.gross_minor is not None:
            unit = -(-self.gross_minor // self.quantity)
            line["unit_minor"] = unit
            if unit * self.quantity > self.gross_minor:
                line["discount_minor"] = unit * self.quantity - self.gross_minor
        return line


@dataclass(frozen=True, slots=True)
class _Sums:
    """The amounts of an order's event, in minor units; None where one is not told."""

    revenue: int | None
    subtotal: int | None
    total: int | None
    shipping: int | None
    tax: int | None
    discount: int | None

    @classmethod
    def read(cls, properties: Json, exponent: int) -> Self:
        """Read them. Raises _Wrong."""
        return cls(*(_amount(properties, name, exponent) for name in cls.__slots__))

    @property
    def beside(self) -> int:
        """What is paid beside the goods."""
        return (self.shipping or 0) + (self.tax or 0)


def _report(  # an order is told by who, when and in which money
    event: str, properties: Json, reference: str, at: datetime, exponent: int, currencies: Currencies
) -> OrderTold:
    doubts: list[str] = []
    sums = _Sums.read(properties, exponent)
    items = _items(properties.get("products"), exponent)
    net = _net(sums, items, doubts)
    items = _priced(items, net, sums)
    items, discount = _fitting(items, net, sums, doubts)
    shipping, tax = _beside(sums, net, doubts)
    affiliation = _text(properties.get("affiliation"), _SOURCE_MAX)
    facts = {
        name: text
        for name in ("checkout_id", "coupon", "affiliation")
        if (text := _text(properties.get(name), _NAME_MAX))
    }
    body: dict[str, JsonValue] = {
        "order": reference,
        "status": "paid" if event == ORDER_COMPLETED else "placed",
        "placed_at": at.isoformat(),
        "changed_at": at.isoformat(),
        "currency": _currency(properties, currencies),
        "source": affiliation or "tracking",
        "lines": [item.line() for item in items],
        "discount_minor": discount,
        "shipping_minor": shipping,
        "tax_minor": tax,
        "facts": dict(facts),
    }
    products = _products(items, properties, currencies)
    return OrderTold("order.report", reference, body, products, tuple(doubts))


def _net(sums: _Sums, items: Sequence[_Item], doubts: list[str]) -> int | None:
    """Return what the goods cost after all that was taken off; None where only our catalogue knows.

    By the specification `revenue` is that; some shops put shipping and tax into it, which shows where the
    products say otherwise.
    """
    prices = [item.gross_minor for item in items]
    known = [price for price in prices if price is not None]
    by_products = sum(known) - (sums.discount or 0) if items and len(known) == len(prices) else None
    if sums.revenue is not None:
        if by_products is not None and sums.beside and sums.revenue == by_products + sums.beside:
            doubts.append("revenue has shipping and tax in it: what the products cost counts")
            return by_products
        return sums.revenue
    if sums.subtotal is not None:
        return sums.subtotal
    if sums.total is not None:
        if sums.total < sums.beside:
            raise _Wrong("sums", "total: is less than shipping and tax alone")
        if by_products is not None and by_products + sums.beside == sums.total + (sums.discount or 0):
            return max(by_products, 0)  # told before what was taken off, as Order Updated is
        return sums.total - sums.beside
    if not items:
        raise _Wrong("sums", "products: neither products nor an amount says what was bought")
    return max(by_products, 0) if by_products is not None else None


def _priced(items: Sequence[_Item], net: int | None, sums: _Sums) -> list[_Item]:
    """Let what has no price cost what the others leave; it stays without where no sum is told."""
    bare = [item.quantity for item in items if item.gross_minor is None]
    if not bare or net is None:
        return list(items)
    known = sum(item.gross_minor or 0 for item in items)
    shares = iter(spread(max(net + (sums.discount or 0) - known, 0), bare))
    return [
        item
        if item.gross_minor is not None
        else _Item(item.sku, item.name, item.category, item.quantity, next(shares), None)
        for item in items
    ]


def _fitting(items: list[_Item], net: int | None, sums: _Sums, doubts: list[str]) -> tuple[list[_Item], int]:
    """Return lines and a discount which come to what the goods cost."""
    if net is None:
        return items, sums.discount or 0
    gross = sum(item.gross_minor or 0 for item in items)
    if not items or gross < net:
        if items:
            doubts.append("the products come to less than the order: the rest is a line of its own")
        if len(items) == LINES_MAX:
            raise _Wrong("too_many_products", f"products: more than {LINES_MAX - 1} with something beside")
        return [*items, _Item(_OTHER, "", "", 1, net - gross, None)], 0
    return items, gross - net


def _beside(sums: _Sums, net: int | None, doubts: list[str]) -> tuple[int, int]:
    """Return shipping and tax: as told, and where neither is, what the total has beside the goods."""
    if sums.total is None or net is None or sums.total == net + sums.beside:
        return sums.shipping or 0, sums.tax or 0
    if sums.shipping is None and sums.total > net + sums.beside:
        return sums.total - net - sums.beside, sums.tax or 0
    doubts.append("total: is not what goods, shipping and tax come to; those count")
    return sums.shipping or 0, sums.tax or 0


def _refund(properties: Json, exponent: int, message_id: str) -> dict[str, JsonValue]:
    """What one refund gave back: the products, the cash where that is less than they cost, or everything."""
    refund: dict[str, JsonValue] = {
        "refund": _text(properties.get("refund_id"), _REFERENCE_MAX) or message_id
    }
    total, items = _amount(properties, "total", exponent), _items(properties.get("products"), exponent)
    if total is None:
        total = _amount(properties, "revenue", exponent)
    if not items:
        if total == 0:
            raise _Wrong("nothing_refunded", "total: is 0, and no product came back")
        return {**refund, "everything": True} if total is None else {**refund, "amount_minor": total}
    prices = [item.gross_minor for item in items]
    known = [price for price in prices if price is not None]
    by_sku: dict[str, dict[str, JsonValue]] = {}
    if total and len(known) == len(prices) and total < sum(known):
        for item, cash in zip(items, spread(total, known), strict=True):
            line = by_sku.setdefault(item.sku, {"sku": item.sku, "amount_minor": 0})
            line["amount_minor"] = _whole(line["amount_minor"]) + cash
    else:
        for item in items:
            line = by_sku.setdefault(item.sku, {"sku": item.sku, "quantity": 0})
            line["quantity"] = _whole(line["quantity"]) + item.quantity
    return {**refund, "lines": list(by_sku.values())}


def _whole(value: JsonValue) -> int:
    assert isinstance(value, int), "we put it there"
    return value


def _products(items: Sequence[_Item], properties: Json, currencies: Currencies) -> tuple[ProductTold, ...]:
    if _currency(properties, currencies) != currencies.own:
        return ()
    return tuple(
        ProductTold(item.sku, item.name, item.category, item.unit_minor)
        for item in items
        if item.name and item.unit_minor is not None
    )


def _items(listed: JsonValue, exponent: int) -> list[_Item]:
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise _Wrong("products", "products: is no list")
    if len(listed) > LINES_MAX:
        raise _Wrong("too_many_products", f"products: more than {LINES_MAX} in one order")
    found = (_item(one, f"products.{number}", exponent) for number, one in enumerate(listed))
    return [item for item in found if item is not None]


def _item(one: JsonValue, where: str, exponent: int) -> _Item | None:
    """Read one product; None where there is none of it."""
    if not isinstance(one, dict):
        raise _Wrong("products", f"{where}: is no product")
    sku = next(
        (text for name in ("sku", "product_id", "id") if (text := _text(one.get(name), _REFERENCE_MAX))), ""
    )
    if not sku:
        raise _Wrong("products", f"{where}: has neither sku nor product_id")
    try:
        quantity = read_number(1 if one.get("quantity") is None else one["quantity"])
        price = None if one.get("price") is None else read_number(one["price"])
        unit = None if price is None else in_minor(price, exponent)
        gross = None if price is None else in_minor(price * quantity, exponent)
    except NoAmount as error:
        raise _Wrong("amount", f"{where}: {error}") from error
    if quantity <= 0:
        return None
    if quantity > QUANTITY_MAX:
        raise _Wrong("amount", f"{where}.quantity: is too much")
    # Half a kilogram is one of it, at what that cost.
    pieces = int(quantity) if quantity == int(quantity) else 1
    name, category = (_text(one.get(field), _NAME_MAX) for field in ("name", "category"))
    return _Item(sku, name, category, pieces, gross, unit)


def _reference(properties: Json) -> str:
    told = properties.get("order_id")
    if told is None:
        told = properties.get("orderId")  # version 1, as some clients wrote it
    text = _text(told, _REFERENCE_MAX + 1)
    if not text:
        raise _Wrong("no_order_id", "order_id: is missing")
    if len(text) > _REFERENCE_MAX:
        raise _Wrong("no_order_id", f"order_id: is longer than {_REFERENCE_MAX} characters")
    return text


def _currency(properties: Json, currencies: Currencies) -> str:
    return _text(properties.get("currency"), _SOURCE_MAX).upper() or currencies.own


def _exponent(properties: Json, currencies: Currencies) -> int:
    code = _currency(properties, currencies)
    if code not in currencies.exponents:
        raise _Wrong("currency", f"currency: the program has no {code}")
    return currencies.exponents[code]


def _amount(properties: Json, name: str, exponent: int) -> int | None:
    value = properties.get(name)
    if value is None or value == "":
        return None
    try:
        return read_minor(value, exponent)
    except NoAmount as error:
        raise _Wrong("amount", f"{name}: {error}") from error


def _text(value: JsonValue, most: int) -> str:
    """Return what is told as text; ids are told as numbers, too."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).replace("\x00", "").strip()[:most]
