"""Credit: wallets, lots, entries, draws, holds."""

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, Text, UniqueConstraint

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

LOT_OPEN = "pending_minor + available_minor + held_minor > 0"
"""Which lots still hold anything; the same words in the indexes and in the statements that use them."""


class WalletRow(Row, table=True):
    """A contact's credit by account: a projection of its entries, and the lock for all of them."""

    __tablename__ = "wallet"
    __table_args__ = (
        CheckConstraint(
            "pending_minor >= 0 AND available_minor >= 0 AND held_minor >= 0 AND debt_minor >= 0",
            name="not_negative",
        ),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key(NAME)
    pending_minor: int = minor_column()
    available_minor: int = minor_column()
    held_minor: int = minor_column()
    debt_minor: int = minor_column()
    entry_count: int = 0
    last_hash: str = ""
    version: int = 0


class LotRow(Row, table=True):
    """Credit granted together that expires together."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint(
            "pending_minor >= 0 AND available_minor >= 0 AND held_minor >= 0"
            " AND pending_minor + available_minor + held_minor <= granted_minor",
            name="within_grant",
        ),
        Index("ix_lot_open", "bucket", "contact", "wallet", "priority", "expires_at", **where(LOT_OPEN)),
        Index("ix_lot_expiring", "bucket", "expires_at", **where(LOT_OPEN)),
        Index("ix_lot_notice", "bucket", "notice_at", **where("notice_at IS NOT NULL")),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    wallet: str = key(NAME)
    id: str = key()
    kind: str = name_column()
    fund: str = name_column()
    granted_minor: int = minor_column()
    pending_minor: int = minor_column()
    available_minor: int = minor_column()
    held_minor: int = minor_column()
    active_from: int = instant_column()
    expires_at: int = instant_column()  # FOREVER where it never ends, so that the index gives the draw order
    grace_until: int | None = instant_column(nullable=True)
    noticed_at: int | None = instant_column(nullable=True)
    expires_on: str | None = None
    zone: str
    priority: int = 0
    policy: str = ""
    source_type: str = ""
    source_id: str = ""
    parent_lot_id: str | None = id_column(None, nullable=True)
    notice_at: int | None = instant_column(nullable=True)
    """When to look next whether a notice of its end is due."""
    renewal: str = name_column("")
    """Which activity moves its end, and how far; empty: none does."""
    notice_days: int = 0
    """How many days before its end the member must have been told; 0: the grace will do."""


class EntryRow(Row, table=True):
    """One immutable movement of credit."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("bucket", "contact", "key"),
        Index("ix_entry_reverses", "bucket", "contact", "reverses", **where("reverses IS NOT NULL")),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    wallet: str = key(NAME)
    number: int = key(BigInteger)
    id: str = id_column()
    reason: str = name_column()
    key: str = name_column()
    effective_at: int = instant_column()
    actor: str
    reason_text: str = column(Text, "")
    salt: str = ""
    personal_hash: str = ""
    source_type: str = ""
    source_id: str = ""
    rule: str = ""
    reverses: str | None = id_column(None, nullable=True)
    previous_hash: str = ""
    hash: str
    recorded_at: int | None = instant_column(nullable=True)
    """When it was written; `effective_at` may lie before. None: before this was kept."""
    extended: str = column(Text, "")
    """The lots' ends that it moved, as JSON; empty for nearly all."""


class DrawRow(Row, table=True):
    """What an entry takes from one account of a lot and gives to another."""

    __tablename__ = "draw"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    wallet: str = key(NAME)
    number: int = key(BigInteger)
    line: int = key(Integer)
    source: str = name_column()
    target: str = name_column()
    lot: str | None = id_column(None, nullable=True)
    child_lot: str | None = id_column(None, nullable=True)
    amount_minor: int = minor_column()


class HoldRow(Row, table=True):
    """Credit set aside for a checkout; `parts` says from which lots."""

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_open", "bucket", "contact", "wallet", **where("state = 'open'")),
        Index("ix_hold_due", "bucket", "expires_at", **where("state = 'open'")),
        Index("uq_hold_order", "bucket", "contact", "order_id", unique=True, **where("state = 'open'")),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    wallet: str = key(NAME)
    id: str = key()
    order_id: str = name_column()
    state: str = name_column()
    expires_at: int = instant_column()
    parts: str = column(Text)


class NoticeRow(Row, table=True):
    """One lot's notice of its end, once for each lot and number of days; proof that it was given."""

    __tablename__ = "notice"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    lot: str = key()
    days: int = key(Integer)
    trigger_key: str = name_column()
    at: int = instant_column()


class EarnedRow(Row, table=True):
    """What one rule granted for one source, like an order: clawed back by this, not by later rules."""

    __tablename__ = "earned"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    source: str = key(NAME)
    rule: str = key(NAME)
    wallet: str = name_column()
    entry: str = id_column()
    lot: str = id_column()
    desired_minor: int = minor_column()
    """What it would have been without caps and budgets."""
    granted_minor: int = minor_column()
    by_line: str = column(Text, "[]")
    because: str = column(Text, "[]")
    policy: str = name_column("")
    at: int = instant_column()
