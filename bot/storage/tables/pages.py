"""The shop's pages: who is logged in there, what was paid and paid back through WeChat Pay."""

from sqlalchemy import Index, Integer, Text

from bot.storage.tables.base import (
    CLUSTERED,
    NAME,
    Row,
    column,
    id_column,
    instant_column,
    key,
    minor_column,
    name_column,
    where,
)

_DUE = where("due_at IS NOT NULL")


class SessionRow(Row, table=True):
    """A shopper's login at our pages; the token itself is not stored."""

    __tablename__ = "session"
    __table_args__ = (Index("uq_session_id", "bucket", "id", unique=True), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    token_hash: str = name_column()
    channel: str = name_column()
    address: str = name_column()
    """By which address they came: what may be done there depends on it."""
    started_by: str = name_column()
    created_at: int = instant_column()
    expires_at: int = instant_column()
    ended_at: int | None = instant_column(nullable=True)


class PaymentRow(Row, table=True):
    """Cash for one order; its id is what the provider knows it by, and carries its bucket."""

    __tablename__ = "payment"
    __table_args__ = (
        Index("uq_payment_id", "bucket", "id", unique=True),
        Index("ix_payment_order", "bucket", "contact", "order_id"),
        Index("ix_payment_due", "bucket", "due_at", **_DUE),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    order_id: str = name_column()
    account: str = name_column()
    address: str = name_column()
    amount_minor: int = minor_column()
    currency: str = name_column()
    state: str = name_column()
    prepay_id: str = name_column("")
    transaction_id: str = name_column("")
    """The provider's own id of it."""
    paid_minor: int = minor_column()
    created_at: int = instant_column()
    changed_at: int = instant_column()
    expires_at: int = instant_column()
    paid_at: int | None = instant_column(nullable=True)
    due_at: int | None = instant_column(nullable=True)
    """When a job has to look at it next."""
    attempts: int = 0
    facts: str = column(Text, "{}")


class PaymentRefundRow(Row, table=True):
    """Cash of a payment on its way back; its id is what the provider knows it by."""

    __tablename__ = "payment_refund"
    __table_args__ = (
        Index("uq_payment_refund_id", "bucket", "id", unique=True),
        Index("ix_payment_refund_due", "bucket", "due_at", **_DUE),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    payment: str = id_column()
    cause: str = name_column()
    amount_minor: int = minor_column()
    state: str = name_column()
    provider_id: str = name_column("")
    created_at: int = instant_column()
    changed_at: int = instant_column()
    due_at: int | None = instant_column(nullable=True)
    attempts: int = 0
    facts: str = column(Text, "{}")


class PayoutRow(Row, table=True):
    """Cash on its way to a shopper's own wallet at the provider; its id is the provider's bill number."""

    __tablename__ = "payout"
    __table_args__ = (
        Index("uq_payout_id", "bucket", "id", unique=True),
        Index("ix_payout_due", "bucket", "due_at", **_DUE),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    order_id: str = name_column()
    account: str = name_column()
    address: str = name_column()
    amount_minor: int = minor_column()
    currency: str = name_column()
    state: str = name_column()
    package: str = name_column("")
    """With what the shopper is asked to confirm it."""
    provider_id: str = name_column("")
    created_at: int = instant_column()
    changed_at: int = instant_column()
    due_at: int | None = instant_column(nullable=True)
    attempts: int = 0
    facts: str = column(Text, "{}")


class InboxRow(Row, table=True):
    """Until when a contact has read what is kept for it on our pages; the messages are in the outbox."""

    __tablename__ = "inbox"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    read_until: int = instant_column()


class BillRow(Row, table=True):
    """What a provider said of a day, held against our books: the differences that were found."""

    __tablename__ = "bill"
    __table_args__ = CLUSTERED
    account: str = key(NAME)
    on_day: str = key(NAME)
    kind: str = key(NAME)
    found: str = column(Text, "{}")
    at: int = instant_column()


class CampaignLinkRow(Row, table=True):
    """A link that opens a page of a mini program from outside WeChat: one for all who get a campaign."""

    __tablename__ = "campaign_link"
    __table_args__ = CLUSTERED
    campaign: str = key(NAME)
    account: str = key(NAME)
    page: str = name_column()
    url: str = name_column()
    made_at: int = instant_column()
    expires_at: int = instant_column()
