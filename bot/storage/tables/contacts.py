"""Who we know: contacts, their addresses, their consent."""

from sqlalchemy import BigInteger, Integer, Text

from bot.storage.tables.base import (
    CLUSTERED,
    NAME,
    Row,
    column,
    id_column,
    instant_column,
    key,
    name_column,
)


class Directory(Row, table=True):
    """Finds the contact behind anything the outside world names: an address, an order id."""

    __tablename__ = "directory"
    __table_args__ = CLUSTERED
    kind: str = key(NAME)
    value: str = key(NAME)
    bucket: int
    contact: str = id_column()


IS_MEMBER = "c.enrolled_at IS NOT NULL AND c.merged_into IS NULL"
"""Whether a contact `c` is a member, as `Contact.is_member` says; it has become nobody else's."""


class ContactRow(Row, table=True):
    """Anyone we can exchange messages with."""

    __tablename__ = "contact"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    id: str = key()
    locale: str
    zone: str
    zone_is_known: bool = False
    first_name: str | None = None
    birthday_on: str | None = None
    enrolled_at: int | None = instant_column(nullable=True)
    attributes: str = column(Text, "{}")
    created_at: int = instant_column()
    merged_into: str | None = id_column(None, nullable=True)
    consent_count: int = 0
    consent_hash: str = ""
    snoozed_until: int | None = instant_column(nullable=True)
    preferred_hours: str | None = name_column(None, nullable=True)


class AddressRow(Row, table=True):
    """The contact's own copy of an address, for sending."""

    __tablename__ = "address"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    channel: str = key(NAME)
    value: str = key(NAME)
    created_at: int = instant_column()
    stopped_at: int | None = instant_column(nullable=True)
    unusable_reason: str | None = None
    clarify_by: int | None = instant_column(nullable=True)
    """Until when an unclear revocation may be explained; silence until then is a STOP."""
    sender: str | None = name_column(None, nullable=True)
    """Which of our senders this address hears from, so that it stays one conversation."""
    clarified_at: int | None = instant_column(nullable=True)
    """When we last asked what an unclear revocation meant: once a day at most."""
    window_left: int = 0
    """How many customer-service messages may still go there, on channels that count them."""
    window_until: int | None = instant_column(nullable=True)
    desk_until: int | None = instant_column(nullable=True)
    """Until when what is written there is for the people of the shop, and the bot is silent."""
    tapped_left: int = 0
    """The same as `window_left`, of what was tapped: for a minute, beside what was written."""
    tapped_until: int | None = instant_column(nullable=True)


class SubscriptionRow(Row, table=True):
    """Where a contact stands in a subscription group; rebuilt from the consent log."""

    __tablename__ = "subscription"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    subscription_group: str = key(NAME)
    state: str = name_column()
    at: int = instant_column()
    confirm_by: int | None = instant_column(nullable=True)
    waiting_flow: str | None = name_column(None, nullable=True)
    """The flow that starts once a double opt-in is confirmed."""


class ConsentRow(Row, table=True):
    """The append-only consent log: who said what, when, where, and the chain that proves it."""

    __tablename__ = "consent"
    bucket: int = key(Integer)
    contact: str = key()
    number: int = key(BigInteger)
    subscription_group: str = name_column()
    channel: str = name_column()
    state: str = name_column()
    source: str = name_column()
    words: str = column(Text)
    provider_id: str | None = None
    at: int = instant_column()
    salt: str = ""
    personal_hash: str = ""
    previous_hash: str
    hash: str
    address: str | None = name_column(None, nullable=True)
    because: str | None = column(Text, None, nullable=True)
    """Why the words were read so, where they are none of the usual ones; personal like the words."""


class SuppressionRow(Row, table=True):
    """Keyed hashes of stopped addresses; they outlive the erasure of the person."""

    __tablename__ = "suppression"
    __table_args__ = CLUSTERED
    channel: str = key(NAME)
    address_hash: str = key(NAME)
    at: int = instant_column()
