"""The loyalty program around the ledger: standing, offers, rewards, referrals, play and refills."""

from sqlalchemy import BigInteger, Index, Integer, Text, UniqueConstraint

from bot.storage.tables.base import (
    CLUSTERED,
    NAME,
    Row,
    column,
    id_column,
    instant_column,
    key,
    name_column,
    where,
)


class StandingRow(Row, table=True):
    """Where a member stands on something that rises and falls: a tier, a check-in ladder."""

    __tablename__ = "standing"
    __table_args__ = (
        Index("ix_standing_due", "bucket", "until", **where("until IS NOT NULL")),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    kind: str = key(NAME)
    value: str = name_column()
    since: int = instant_column()
    until: int | None = instant_column(nullable=True)
    """When to look at it next."""
    facts: str = column(Text, "{}")


class OfferRow(Row, table=True):
    """An offer given to a member: a price for some, with a code of its own, spent once."""

    __tablename__ = "offer"
    __table_args__ = (UniqueConstraint("bucket", "code"), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    offer: str = name_column()
    code: str = name_column()
    state: str = name_column()
    given_at: int = instant_column()
    starts_at: int = instant_column()
    ends_at: int | None = instant_column(nullable=True)
    order_id: str | None = name_column(None, nullable=True)
    """The order it is held for or was spent on."""
    facts: str = column(Text, "{}")


class CheckoutRow(Row, table=True):
    """What an order sets aside while it is paid: the last checkout of each order."""

    __tablename__ = "checkout"
    __table_args__ = (
        Index("ix_checkout_open", "bucket", "contact", **where("state = 'open'")),
        Index("ix_checkout_due", "bucket", "expires_at", **where("state = 'open'")),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    shop_order: str = key()
    reference: str = name_column()
    state: str = name_column()
    opened_at: int = instant_column()
    expires_at: int = instant_column()
    hold: str | None = id_column(None, nullable=True)
    changed_at: int | None = instant_column(nullable=True)
    facts: str = column(Text, "{}")


class FulfilmentRow(Row, table=True):
    """A reward that was claimed, and how far the shop has come with it."""

    __tablename__ = "fulfilment"
    __table_args__ = (UniqueConstraint("bucket", "code"), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    reward: str = name_column()
    entry: str | None = id_column(None, nullable=True)
    code: str = name_column()
    state: str = name_column()
    promised_on: str | None = name_column(None, nullable=True)
    claimed_at: int = instant_column()
    changed_at: int = instant_column()
    facts: str = column(Text, "{}")


class ReferralRow(Row, table=True):
    """A friend that a member brought: the member's own record of it."""

    __tablename__ = "referral"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    friend: str = key()
    state: str = name_column()
    reason: str | None = name_column(None, nullable=True)
    at: int = instant_column()
    changed_at: int = instant_column()
    evidence: str = column(Text, "{}")
    """Hashes that show why it was refused or let through; nothing readable."""
    facts: str = column(Text, "{}")


class SpinRow(Row, table=True):
    """One spin of the wheel, with what anyone needs to reckon it again."""

    __tablename__ = "spin"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    counted_on: str = name_column()
    prize: str = name_column()
    roll: int = column(BigInteger)
    proof: str = column(Text)
    at: int = instant_column()


class ReservationRow(Row, table=True):
    """Units of a drop that are kept for a member until a time; a trigger for later lets them lapse."""

    __tablename__ = "reservation"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    drop_id: str = name_column()
    units: int = column(Integer)
    state: str = name_column()
    until: int = instant_column()
    at: int = instant_column()
    facts: str = column(Text, "{}")


class RefillRow(Row, table=True):
    """When a member is expected to need more of a category; `sku` is their favourite of it."""

    __tablename__ = "refill"
    __table_args__ = (
        Index("ix_refill_due", "bucket", "prompt_at", **where("prompt_at IS NOT NULL")),
        Index("ix_refill_favourite", "bucket", "sku", "contact"),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    category: str = key(NAME)
    sku: str = name_column()
    bought_at: int = instant_column()
    expected_at: int = instant_column()
    from_at: int = instant_column()
    until_at: int = instant_column()
    prompt_at: int | None = instant_column(nullable=True)
    """When to ask; None: it was asked, or there is no telling."""
    facts: str = column(Text, "{}")
