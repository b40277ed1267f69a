"""Orders of the past, put together of the rows that tell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.contact import JsonValue
from bot.core.importing.rows import Name, Rejected, RowReader, at_of, names_of
from bot.core.loyalty.orders import CANCELED, PAID, REFUNDED, is_at_least

OF_ORDER = frozenset(
    {
        "external",
        "phone",
        "email",
        "wechat",
        "anonymous",
        "order",
        "at",
        "status",
        "source",
        "currency",
        "shipping",
        "tax",
        "facts",
    }
)
"""The fields that are of a whole order: its first row tells them."""
OF_LINE = frozenset(
    {
        "sku",
        "name",
        "category",
        "quantity",
        "price",
        "unit_price",
        "paid",
        "discount",
        "returned",
        "returned_at",
    }
)
"""The fields that each row tells of its product."""


class PastLine(NamedTuple):
    """One product of an order. All but `unit_minor` is of the whole line.

    `quantity` times `unit_minor` is the price, to the cent: what does not divide is one thing at its price.
    `said` is the quantity as it was told.
    """

    sku: str
    name: str
    category: str
    quantity: int
    unit_minor: int
    discount_minor: int
    returned_minor: int
    said: int
    returned_at: datetime | None = None

    @property
    def net_minor(self) -> int:
        """What was paid for the line."""
        return self.quantity * self.unit_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order that there was; `returned_at` is when the last of it came back, where any did."""

    reference: str
    names: tuple[Name, ...]
    at: datetime
    lines: tuple[PastLine, ...]
    status: str
    source: str
    currency: str
    shipping_minor: int
    tax_minor: int
    cash_minor: int
    discount_minor: int
    refunded_minor: int
    facts: Mapping[str, JsonValue]
    returned_at: datetime | None = None

    @property
    def total_minor(self) -> int:
        """All that was to be paid."""
        return self.cash_minor + self.shipping_minor + self.tax_minor

    @property
    def was_bought(self) -> bool:
        """Whether it was paid once."""
        return is_at_least(self.status, PAID) and self.status != CANCELED


def order_of(
    found: Mapping[str, object],
    reader: RowReader,
    lines: Sequence[PastLine],
    now: datetime,
) -> PastOrder:
    """Put an order together of what its first row tells of it, and its lines.

    Raises:
        Rejected: it cannot be so.
    """
    names, at = names_of(found), at_of(found, "at", now)
    status = str(found.get("status", PAID))
    if status == REFUNDED and not any(line.returned_minor for line in lines):
        lines = [line._replace(returned_minor=line.net_minor) for line in lines]
    cash = discount = refunded = 0
    for line in lines:
        cash += line.net_minor
        discount += line.discount_minor
        refunded += line.returned_minor
    if cash > 0 and refunded == cash and not is_at_least(status, REFUNDED):
        status = REFUNDED
    shipping, tax = found.get("shipping", 0), found.get("tax", 0)
    assert isinstance(shipping, int), "amounts are whole"
    assert isinstance(tax, int), "amounts are whole"
    facts = reader.rest_of(found)
    if any(name.startswith("_") for name in facts):
        raise Rejected("facts", "names that begin with _ are ours")
    return PastOrder(
        reference=str(found["order"]),
        names=names,
        at=at,
        lines=tuple(lines),
        status=status,
        source=str(found.get("source", "import")),
        currency=str(found.get("currency", "")),
        shipping_minor=shipping,
        tax_minor=tax,
        cash_minor=cash,
        discount_minor=discount,
        refunded_minor=refunded,
        facts=facts,
        returned_at=_returned_at(lines, at, now) if refunded else None,
    )


def line_of(found: Mapping[str, object]) -> PastLine:
    """Return the line that a row tells. Raises Rejected."""
    get = found.get
    said: int = get("quantity", 1)  # type: ignore[assignment]  # quantities and amounts are read as numbers
    discount: int | None = get("discount")  # type: ignore[assignment]  # as above
    gross = _gross(found, said, discount)
    paid: int | None = get("paid")  # type: ignore[assignment]  # as above
    if discount is None:
        discount = 0 if paid is None else gross - paid
    returned: int = get("returned", 0)  # type: ignore[assignment]  # as above
    net = gross - discount
    if discount < 0 or net < 0 or (paid is not None and paid != net):
        raise Rejected("price", "the amounts do not add up: price - discount = paid")
    if returned > net:
        raise Rejected("returned", "more came back than was paid")
    if said and not gross % said:
        quantity, unit = said, gross // said
    else:
        quantity, unit = 1, gross
    sku = found["sku"]
    return PastLine(
        sku,  # type: ignore[arg-type]  # texts are read as texts
        get("name", sku),  # type: ignore[arg-type]  # as above
        get("category", ""),  # type: ignore[arg-type]  # as above
        quantity,
        unit,
        discount,
        returned,
        said,
        get("returned_at"),  # type: ignore[arg-type]  # instants are read as instants
    )


def _returned_at(lines: Sequence[PastLine], bought_at: datetime, now: datetime) -> datetime:
    """When the last of an order came back; where no row says it, when it was bought."""
    at = max((line.returned_at for line in lines if line.returned_at is not None), default=bought_at)
    if at > now:
        raise Rejected("returned_at", f"'{at.isoformat()}' is still to come")
    return at


def _gross(found: Mapping[str, object], quantity: int, discount: int | None) -> int:
    price: int | None = found.get("price")  # type: ignore[assignment]  # amounts are read as numbers
    if price is not None:
        return price
    each: int | None = found.get("unit_price")  # type: ignore[assignment]  # as above
    if each is not None:
        return each * quantity
    paid: int | None = found.get("paid")  # type: ignore[assignment]  # as above
    if paid is None:
        raise Rejected("price", "nothing says what the row cost")
    return paid + (discount or 0)


def told_as_report(order: PastOrder) -> dict[str, JsonValue]:
    """Return an order as the shop's API is told of one: for orders that are to earn."""
    body: dict[str, JsonValue] = {
        "order": order.reference,
        "status": PAID if order.status == REFUNDED else order.status,
        "placed_at": order.at.isoformat(),
        "source": order.source,
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "category": line.category,
                "quantity": line.quantity,
                "unit_minor": line.unit_minor,
                "discount_minor": line.discount_minor,
            }
            for line in order.lines
        ],
        "shipping_minor": order.shipping_minor,
        "tax_minor": order.tax_minor,
        "facts": dict(order.facts),
    }
    if order.currency:
        body["currency"] = order.currency
    if order.status == REFUNDED and order.refunded_minor == order.cash_minor:
        body["returned"] = {"everything": True}
    elif order.refunded_minor and order.status != CANCELED:
        by_sku: dict[str, int] = {}
        for line in order.lines:
            by_sku[line.sku] = by_sku.get(line.sku, 0) + line.returned_minor
        body["returned"] = {
            "lines": [{"sku": sku, "amount_minor": amount} for sku, amount in by_sku.items() if amount]
        }
    return body
