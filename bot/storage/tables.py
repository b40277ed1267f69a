"""Every table, as SQLModel says it, and the registry that says how each is distributed.

Rules (design section 8): a contact-owned table has `bucket` first in its primary key and in every
unique or foreign key; instants are integers, microseconds since 1970 UTC, so that both databases
give back what they were given; ids come from the application. Documents that nobody queries by
their parts are JSON text.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

# Constraints are named by rule so that migrations can name them on both databases.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Ids and names compare as bytes: PostgreSQL's locale rules would only make the indexes slower.
_ID = String(32).with_variant(String(32, collation="C"), "postgresql")
_NAME = Text().with_variant(Text(collation="C"), "postgresql")


FOREVER = 2**62
"""The end of what never ends."""


class Kind(StrEnum):
    """How a table is spread over several PostgreSQL servers."""

    CONTACT_OWNED = "contact-owned"  # by bucket, colocated with contact
    DIRECTORY = "directory"  # by value
    COUNTER = "counter"  # by name
    SHARED = "shared"  # whole, on every server


class Row(SQLModel):
    """Base of all tables; `kind` is the registry's word for the table."""

    metadata = MetaData(naming_convention=NAMING)


def _key(kind: Any = _ID) -> Any:  # noqa: ANN401  # pydantic fields are untyped by nature
    return Field(sa_type=kind, primary_key=True)


def _column(kind: Any, default: Any = ..., *, nullable: bool = False) -> Any:  # noqa: ANN401  # see _key
    return Field(default, sa_type=kind, nullable=nullable)


def _id(default: Any = ..., *, nullable: bool = False) -> Any:  # noqa: ANN401  # see _key
    return _column(_ID, default, nullable=nullable)


def _name(default: Any = ..., *, nullable: bool = False) -> Any:  # noqa: ANN401  # see _key
    return _column(_NAME, default, nullable=nullable)


def _instant(*, nullable: bool = False) -> Any:  # noqa: ANN401  # see _key
    return _column(BigInteger, None if nullable else ..., nullable=nullable)


def _minor(default: int = 0) -> Any:  # noqa: ANN401  # see _key
    return _column(BigInteger, default)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


LOT_OPEN = "pending_minor + available_minor + held_minor > 0"
"""Which lots still hold anything; the same words in the indexes and in the statements that use them."""

# SQLite keeps such a table in the order of its primary key: one tree instead of two. That is for narrow rows
# (https://www.sqlite.org/withoutrowid.html says a twentieth of a page): of wide ones few fit on a page, every
# turn splits one, and the next turn's row is on another. `trigger`, `run`, `outbox` and `consent` are kept
# in the order in which their rows came, so that a batch of turns writes them side by side.
_CLUSTERED = {"sqlite_with_rowid": False}


class Directory(Row, table=True):
    """Finds the contact behind anything the outside world names: an address, an order id."""

    __tablename__ = "directory"
    __table_args__ = _CLUSTERED
    kind: str = _key(_NAME)
    value: str = _key(_NAME)
    bucket: int
    contact: str = _id()


class ContactRow(Row, table=True):
    """Anyone we can exchange messages with."""

    __tablename__ = "contact"
    __table_args__ = _CLUSTERED
    bucket: int = _key(Integer)
    id: str = _key()
    locale: str
    zone: str
    zone_is_known: bool = False
    first_name: str | None = None
    birthday_on: str | None = None
    enrolled_at: int | None = _instant(nullable=True)
    attributes: str = _column(Text, "{}")
    created_at: int = _instant()
    merged_into: str | None = _id(None, nullable=True)
    consent_count: int = 0
    consent_hash: str = ""
    snoozed_until: int | None = _instant(nullable=True)
    preferred_hours: str | None = _name(None, nullable=True)


class AddressRow(Row, table=True):
    """The contact's own copy of an address, for sending."""

    __tablename__ = "address"
    __table_args__ = _CLUSTERED
    bucket: int = _key(Integer)
    contact: str = _key()
    channel: str = _key(_NAME)
    value: str = _key(_NAME)
    created_at: int = _instant()
    stopped_at: int | None = _instant(nullable=True)
    unusable_reason: str | None = None
    clarify_by: int | None = _instant(nullable=True)
    """Until when an unclear revocation may be explained; silence until then is a STOP."""
    sender: str | None = _name(None, nullable=True)
    """Which of our senders this address hears from, so that it stays one conversation."""
    clarified_at: int | None = _instant(nullable=True)
    """When we last asked what an unclear revocation meant: once a day at most."""


class SubscriptionRow(Row, table=True):
    """Where a contact stands in a subscription group; rebuilt from the consent log."""

    __tablename__ = "subscription"
    __table_args__ = _CLUSTERED
    bucket: int = _key(Integer)
    contact: str = _key()
    subscription_group: str = _key(_NAME)
    state: str = _name()
    at: int = _instant()
    confirm_by: int | None = _instant(nullable=True)
    waiting_flow: str | None = _name(None, nullable=True)
    """The flow that starts once a double opt-in is confirmed."""


class ConsentRow(Row, table=True):
    """The append-only consent log: who said what, when, where, and the chain that proves it."""

    __tablename__ = "consent"
    bucket: int = _key(Integer)
    contact: str = _key()
    number: int = _key(BigInteger)
    subscription_group: str = _name()
    channel: str = _name()
    state: str = _name()
    source: str = _name()
    words: str = _column(Text)
    provider_id: str | None = None
    at: int = _instant()
    salt: str = ""
    personal_hash: str = ""
    previous_hash: str
    hash: str
    address: str | None = _name(None, nullable=True)
    because: str | None = _column(Text, None, nullable=True)
    """Why the words were read so, where they are none of the usual ones; personal like the words."""


class SuppressionRow(Row, table=True):
    """Keyed hashes of stopped addresses; they outlive the erasure of the person."""

    __tablename__ = "suppression"
    __table_args__ = _CLUSTERED
    channel: str = _key(_NAME)
    address_hash: str = _key(_NAME)
    at: int = _instant()


class TriggerRow(Row, table=True):
    """The durable inbox: every cause of a turn, claimed in the transaction that does its work.

    Inbound messages live here too: their words are in `payload`.
    """

    __tablename__ = "trigger"
    __table_args__ = (
        Index("ix_trigger_new", "bucket", "due_at", **_where("state = 'new'")),
        Index("ix_trigger_dead", "bucket", **_where("state = 'dead'")),
    )
    bucket: int = _key(Integer)
    contact: str = _key()
    key: str = _key(_NAME)
    kind: str = _name()
    state: str = _name()
    at: int = _instant()
    due_at: int = _instant()
    payload: str = _column(Text, "{}")
    attempts: int = 0
    failure: str | None = _column(Text, None, nullable=True)


class RunRow(Row, table=True):
    """One contact's way through one revision of one flow; `state` holds frames, variables, wait."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_waiting", "bucket", "contact", **_where("status = 'waiting'")),
        Index("ix_run_due", "bucket", "wake_at", **_where("status = 'waiting' AND wake_at IS NOT NULL")),
    )
    bucket: int = _key(Integer)
    contact: str = _key()
    id: str = _key()
    flow: str = _name()
    revision: int
    status: str = _name()
    step: str = _name()
    wake_at: int | None = _instant(nullable=True)
    version: int
    state: str = _column(Text)
    started_at: int = _instant()
    changed_at: int = _instant()
    failure: str | None = _column(Text, None, nullable=True)


class OutboxRow(Row, table=True):
    """Messages stored before they are sent, and what became of them."""

    __tablename__ = "outbox"
    __table_args__ = (
        # The sender for SQLite alone, which then looks past all of one that rests without reading their rows.
        Index("ix_outbox_due", "bucket", "lane", "due_at", "sender", **_where("state = 'queued'")),
        Index("ix_outbox_leased", "bucket", "lease_until", **_where("state = 'sending'")),
        Index("ix_outbox_held", "bucket", "due_at", **_where("state = 'held'")),
        Index("ix_outbox_unknown", "bucket", "due_at", **_where("state = 'unknown'")),
        Index("ix_outbox_doubted", "bucket", "doubted_at", **_where("doubted_at IS NOT NULL")),
        Index("ix_outbox_counted", "bucket", "contact", "counted_on", **_where("counted_on IS NOT NULL")),
    )
    bucket: int = _key(Integer)
    contact: str = _key()
    id: str = _key()
    trigger_key: str = _name()
    key: str = _name()
    channel: str = _name()
    address: str = _name()
    sender: str = _name()
    message_class: str = _name()
    subscription_group: str | None = _name(None, nullable=True)
    body: str = _column(Text)
    media: str = _column(Text, "")
    flow: str = _name("")
    step: str = _name("")
    language: str = _name("")
    state: str = _name()
    reason: str | None = None
    created_at: int = _instant()
    due_at: int = _instant()
    valid_until: int | None = _instant(nullable=True)
    lease_until: int | None = _instant(nullable=True)
    attempts: int = 0
    provider_id: str | None = None
    segments: int | None = None
    error_code: str | None = None
    state_at: int = _instant()
    lane: int = _column(Integer)
    tag: str | None = _name(None, nullable=True)
    counted_on: str | None = _name(None, nullable=True)
    """The contact's calendar day it counts on toward frequency caps; None: it does not count."""
    handed_at: int | None = _instant(nullable=True)
    """When it was last handed to the provider."""
    doubted_at: int | None = _instant(nullable=True)
    """When its outcome became unknown; it stays after that was found out, for the report."""
    evidence: str | None = _column(Text, None, nullable=True)
    """How an unknown outcome was found out, or why it could not be."""
    lookups: int = 0
    """How often the provider was asked since its outcome became unknown, and did not have it."""
    earlier_ids: str | None = _column(Text, None, nullable=True)
    """The provider's ids of hand-overs that did not arrive and were tried again, oldest first."""
    explanation: str | None = _column(Text, None, nullable=True)
    """What the gate has against it, for an operator; `reason` says it in one word."""
    wanted_at: int = _instant()
    """The time it was meant for; `due_at` moves on when it is held or tried again."""
    tried_since: int | None = _instant(nullable=True)
    """When the outbox first had it in hand: long after `created_at`, where it was scheduled or held."""


class LinkRow(Row, table=True):
    """A short link made for one contact: where it leads, and which message it was in."""

    __tablename__ = "link"
    __table_args__ = (UniqueConstraint("bucket", "code"), _CLUSTERED)
    bucket: int = _key(Integer)
    contact: str = _key()
    code: str = _key(_NAME)
    url: str = _column(Text)
    message: str = _id()
    flow: str = _name("")
    step: str = _name("")
    created_at: int = _instant()
    expires_at: int = _instant()


class ClickRow(Row, table=True):
    """Somebody opened a short link; `kind` tells people from previews and scanners, which do not count."""

    __tablename__ = "click"
    __table_args__ = _CLUSTERED
    bucket: int = _key(Integer)
    contact: str = _key()
    code: str = _key(_NAME)
    id: str = _key()
    kind: str = _name()
    at: int = _instant()


class EventRow(Row, table=True):
    """What happened, as the shop or we tracked it."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_name", "bucket", "contact", "name", "at"), _CLUSTERED)
    bucket: int = _key(Integer)
    contact: str = _key()
    id: str = _key()
    name: str = _name()
    at: int = _instant()
    properties: str = _column(Text, "{}")


class WalletRow(Row, table=True):
    """A contact's credit by account: a projection of its entries, and the lock for all of them."""

    __tablename__ = "wallet"
    __table_args__ = (
        CheckConstraint(
            "pending_minor >= 0 AND available_minor >= 0 AND held_minor >= 0 AND debt_minor >= 0",
            name="not_negative",
        ),
        _CLUSTERED,
    )
    bucket: int = _key(Integer)
    contact: str = _key()
    id: str = _key(_NAME)
    pending_minor: int = _minor()
    available_minor: int = _minor()
    held_minor: int = _minor()
    debt_minor: int = _minor()
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
        Index("ix_lot_open", "bucket", "contact", "wallet", "priority", "expires_at", **_where(LOT_OPEN)),
        Index("ix_lot_expiring", "bucket", "expires_at", **_where(LOT_OPEN)),
        Index("ix_lot_notice", "bucket", "notice_at", **_where("notice_at IS NOT NULL")),
        _CLUSTERED,
    )
    bucket: int = _key(Integer)
    contact: str = _key()
    wallet: str = _key(_NAME)
    id: str = _key()
    kind: str = _name()
    fund: str = _name()
    granted_minor: int = _minor()
    pending_minor: int = _minor()
    available_minor: int = _minor()
    held_minor: int = _minor()
    active_from: int = _instant()
    expires_at: int = _instant()  # FOREVER where it never ends, so that the index gives the draw order
    grace_until: int | None = _instant(nullable=True)
    noticed_at: int | None = _instant(nullable=True)
    expires_on: str | None = None
    zone: str
    priority: int = 0
    policy: str = ""
    source_type: str = ""
    source_id: str = ""
    parent_lot_id: str | None = _id(None, nullable=True)
    notice_at: int | None = _instant(nullable=True)
    """When to look next whether a notice of its end is due."""


class EntryRow(Row, table=True):
    """One immutable movement of credit."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("bucket", "contact", "key"), _CLUSTERED)
    bucket: int = _key(Integer)
    contact: str = _key()
    wallet: str = _key(_NAME)
    number: int = _key(BigInteger)
    id: str = _id()
    reason: str = _name()
    key: str = _name()
    effective_at: int = _instant()
    actor: str
    reason_text: str = _column(Text, "")
    salt: str = ""
    personal_hash: str = ""
    source_type: str = ""
    source_id: str = ""
    rule: str = ""
    reverses: str | None = _id(None, nullable=True)
    previous_hash: str = ""
    hash: str


class DrawRow(Row, table=True):
    """What an entry takes from one account of a lot and gives to another."""

    __tablename__ = "draw"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"), _CLUSTERED)
    bucket: int = _key(Integer)
    contact: str = _key()
    wallet: str = _key(_NAME)
    number: int = _key(BigInteger)
    line: int = _key(Integer)
    source: str = _name()
    target: str = _name()
    lot: str | None = _id(None, nullable=True)
    child_lot: str | None = _id(None, nullable=True)
    amount_minor: int = _minor()


class HoldRow(Row, table=True):
    """Credit set aside for a checkout; `parts` says from which lots."""

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_open", "bucket", "contact", "wallet", **_where("state = 'open'")),
        Index("ix_hold_due", "bucket", "expires_at", **_where("state = 'open'")),
        Index("uq_hold_order", "bucket", "contact", "order_id", unique=True, **_where("state = 'open'")),
        _CLUSTERED,
    )
    bucket: int = _key(Integer)
    contact: str = _key()
    wallet: str = _key(_NAME)
    id: str = _key()
    order_id: str = _name()
    state: str = _name()
    expires_at: int = _instant()
    parts: str = _column(Text)


class NoticeRow(Row, table=True):
    """One lot's notice of its end, once for each lot and number of days; proof that it was given."""

    __tablename__ = "notice"
    __table_args__ = _CLUSTERED
    bucket: int = _key(Integer)
    contact: str = _key()
    lot: str = _key()
    days: int = _key(Integer)
    trigger_key: str = _name()
    at: int = _instant()


class OrderRow(Row, table=True):
    """An order in our book."""

    __tablename__ = "shop_order"
    __table_args__ = (Index("ix_shop_order_placed", "bucket", "contact", "placed_at"), _CLUSTERED)
    bucket: int = _key(Integer)
    contact: str = _key()
    id: str = _key()
    source: str = _name()
    status: str = _name()
    placed_at: int = _instant()
    total_minor: int = _minor()
    credit_minor: int = _minor()


class OrderLineRow(Row, table=True):
    """One product of an order, at the price it was sold for."""

    __tablename__ = "order_line"
    __table_args__ = _CLUSTERED
    bucket: int = _key(Integer)
    contact: str = _key()
    shop_order: str = _key()
    line: int = _key(Integer)
    sku: str = _name()
    name: str
    quantity: int
    unit_minor: int = _minor()


class CallRow(Row, table=True):
    """Something to tell the shop: signed, retried, at most one for each key."""

    __tablename__ = "call"
    __table_args__ = (Index("ix_call_due", "bucket", "due_at", **_where("state = 'queued'")), _CLUSTERED)
    bucket: int = _key(Integer)
    contact: str = _key()
    key: str = _key(_NAME)
    kind: str = _name()
    payload: str = _column(Text)
    state: str = _name()
    created_at: int = _instant()
    due_at: int = _instant()
    attempts: int = 0
    failure: str | None = _column(Text, None, nullable=True)


class ProductRow(Row, table=True):
    """Something the shop sells."""

    __tablename__ = "product"
    __table_args__ = _CLUSTERED
    sku: str = _key(_NAME)
    name: str
    category: str = _name()
    price_minor: int = _minor()
    is_sold: bool = True


class RevisionRow(Row, table=True):
    """An immutable version of a file marketers write: a flow, the program, the keywords."""

    __tablename__ = "revision"
    __table_args__ = _CLUSTERED
    flow: str = _key(_NAME)
    revision: int = _key(Integer)
    state: str = _name()
    kind: str = _name()
    file: str
    source: str = _column(Text)
    translations: str = _column(Text, "{}")
    schema_version: int = 1
    checksum: str
    published_at: int = _instant()
    published_by: str = ""


class SettingRow(Row, table=True):
    """What the shop changes at run time, and how far jobs have come."""

    __tablename__ = "setting"
    __table_args__ = _CLUSTERED
    name: str = _key(_NAME)
    value: str = _column(Text)


class CounterRow(Row, table=True):
    """What many may take from but nobody more than there is: stock, budgets, entry caps."""

    __tablename__ = "counter"
    __table_args__ = (CheckConstraint("units_left >= 0", name="not_negative"), _CLUSTERED)
    name: str = _key(_NAME)
    slot: int = _key(Integer)
    units_left: int = _minor()


class SenderRow(Row, table=True):
    """What one of our senders may still send: rates are leased from it in shares by all processes."""

    __tablename__ = "sender"
    __table_args__ = _CLUSTERED
    name: str = _key(_NAME)
    slot: int = _key(Integer)
    next_at: int = _instant()
    """When the next segment may leave."""
    counted_on: str = _name("")
    segments_counted: int = _minor()
    """Segments leased on that day, midnight to midnight Pacific time."""
    slowed_until: int | None = _instant(nullable=True)
    open_until: int | None = _instant(nullable=True)
    """The breaker: nothing leaves until then."""
    failures: int = 0


class StepCountRow(Row, table=True):
    """How often what happened at a step of a revision; in slots, so that no two batches wait for a row."""

    __tablename__ = "step_count"
    __table_args__ = _CLUSTERED
    flow: str = _key(_NAME)
    revision: int = _key(Integer)
    step: str = _key(_NAME)
    what: str = _key(_NAME)
    slot: int = _key(Integer)
    times: int = _column(BigInteger, 0)


class TallyRow(Row, table=True):
    """What happened how often, over all processes, for metrics; each adds what it counted now and then."""

    __tablename__ = "tally"
    __table_args__ = _CLUSTERED
    name: str = _key(_NAME)
    label: str = _key(_NAME)
    times: int = _column(BigInteger, 0)


class AuditRow(Row, table=True):
    """What operators did, for whom and why."""

    __tablename__ = "audit"
    __table_args__ = _CLUSTERED
    id: str = _key()
    at: int = _instant()
    actor: str
    action: str = _name()
    subject: str = ""
    note: str = _column(Text, "")


KINDS: dict[str, Kind] = {
    "directory": Kind.DIRECTORY,
    "suppression": Kind.DIRECTORY,
    "counter": Kind.COUNTER,
    "sender": Kind.COUNTER,
    "step_count": Kind.COUNTER,
    "tally": Kind.COUNTER,
    "product": Kind.SHARED,
    "revision": Kind.SHARED,
    "setting": Kind.SHARED,
    "audit": Kind.SHARED,
}
"""The registry: every table not named here is contact-owned."""


def kind_of(table: Table) -> Kind:
    """Say how a table is spread over several servers."""
    return KINDS.get(table.name, Kind.CONTACT_OWNED)
