"""The shop: products, orders and what is left of anything."""

from sqlalchemy import CheckConstraint, Index, Integer, Text

from bot.storage.tables.base import (
    CLUSTERED,
    NAME,
    Row,
    column,
    instant_column,
    key,
    minor_column,
    name_column,
)


class ProductRow(Row, table=True):
    """Something the shop sells."""

    __tablename__ = "product"
    __table_args__ = CLUSTERED
    sku: str = key(NAME)
    name: str
    category: str = name_column()
    price_minor: int = minor_column()
    is_sold: bool = True
    facts: str = column(Text, "{}")


class OrderRow(Row, table=True):
    """An order in our book."""

    __tablename__ = "shop_order"
    __table_args__ = (Index("ix_shop_order_placed", "bucket", "contact", "placed_at"), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    source: str = name_column()
    status: str = name_column()
    placed_at: int = instant_column()
    total_minor: int = minor_column()
    credit_minor: int = minor_column()
    reference: str = name_column("")
    """The shop's own id of it."""
    currency: str = name_column("")
    cash_minor: int = minor_column()
    """Net cash paid for goods: what earns."""
    discount_minor: int = minor_column()
    shipping_minor: int = minor_column()
    tax_minor: int = minor_column()
    refunded_minor: int = minor_column()
    """Cash given back so far."""
    returned_credit_minor: int = minor_column()
    changed_at: int | None = instant_column(nullable=True)
    facts: str = column(Text, "{}")


class OrderLineRow(Row, table=True):
    """One product of an order, at the price it was sold for."""

    __tablename__ = "order_line"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    shop_order: str = key()
    line: int = key(Integer)
    sku: str = name_column()
    name: str
    quantity: int
    unit_minor: int = minor_column()
    category: str = name_column("")
    discount_minor: int = minor_column()
    credit_minor: int = minor_column()
    earns: bool = True
    returned_quantity: int = 0
    returned_minor: int = minor_column()
    """Cash given back for it so far."""


class ParkedRefundRow(Row, table=True):
    """A refund that came before its order: applied when the order comes."""

    __tablename__ = "parked_refund"
    __table_args__ = CLUSTERED
    reference: str = key(NAME)
    body: str = column(Text)
    at: int = instant_column()
    applied_at: int | None = instant_column(nullable=True)


class CounterRow(Row, table=True):
    """What many may take from but nobody more than there is: stock, budgets, entry caps."""

    __tablename__ = "counter"
    __table_args__ = (CheckConstraint("units_left >= 0", name="not_negative"), CLUSTERED)
    name: str = key(NAME)
    slot: int = key(Integer)
    units_left: int = minor_column()
    units_of: int = minor_column()
    """Of how many: the limit it began with, so that another limit changes what is left."""
