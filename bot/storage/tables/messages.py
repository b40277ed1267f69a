"""What comes, what goes, and what waits: triggers, runs, the outbox, links, senders."""

from sqlalchemy import Index, Integer, Text, UniqueConstraint

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


class TriggerRow(Row, table=True):
    """The durable inbox: every cause of a turn, claimed in the transaction that does its work.

    Inbound messages live here too: their words are in `payload`.
    """

    __tablename__ = "trigger"
    __table_args__ = (
        Index("ix_trigger_new", "bucket", "due_at", **where("state = 'new'")),
        Index("ix_trigger_dead", "bucket", **where("state = 'dead'")),
    )
    bucket: int = key(Integer)
    contact: str = key()
    key: str = key(NAME)
    kind: str = name_column()
    state: str = name_column()
    at: int = instant_column()
    due_at: int = instant_column()
    payload: str = column(Text, "{}")
    attempts: int = 0
    failure: str | None = column(Text, None, nullable=True)
    result: str | None = column(Text, None, nullable=True)
    """What it came to, for whoever asks again with the same key."""
    digest: str | None = name_column(None, nullable=True)
    """Of the request, so that another one with the same key is seen."""


class RunRow(Row, table=True):
    """One contact's way through one revision of one flow; `state` holds frames, variables, wait."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_waiting", "bucket", "contact", **where("status = 'waiting'")),
        Index("ix_run_goals", "bucket", "contact", **where("goals_until IS NOT NULL")),
        Index("ix_run_due", "bucket", "wake_at", **where("status = 'waiting' AND wake_at IS NOT NULL")),
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    flow: str = name_column()
    revision: int
    status: str = name_column()
    step: str = name_column()
    wake_at: int | None = instant_column(nullable=True)
    version: int
    state: str = column(Text)
    started_at: int = instant_column()
    changed_at: int = instant_column()
    failure: str | None = column(Text, None, nullable=True)
    goals_until: int | None = instant_column(nullable=True)
    """Until when what its contact does counts for the flow's goals."""


class OutboxRow(Row, table=True):
    """Messages stored before they are sent, and what became of them."""

    __tablename__ = "outbox"
    __table_args__ = (
        # The sender for SQLite alone, which then looks past all of one that rests without reading their rows.
        Index("ix_outbox_due", "bucket", "lane", "due_at", "sender", **where("state = 'queued'")),
        Index("ix_outbox_leased", "bucket", "lease_until", **where("state = 'sending'")),
        Index("ix_outbox_held", "bucket", "due_at", **where("state = 'held'")),
        Index("ix_outbox_unknown", "bucket", "due_at", **where("state = 'unknown'")),
        Index("ix_outbox_doubted", "bucket", "doubted_at", **where("doubted_at IS NOT NULL")),
        Index("ix_outbox_counted", "bucket", "contact", "counted_on", **where("counted_on IS NOT NULL")),
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    trigger_key: str = name_column()
    key: str = name_column()
    channel: str = name_column()
    address: str = name_column()
    sender: str = name_column()
    message_class: str = name_column()
    subscription_group: str | None = name_column(None, nullable=True)
    body: str = column(Text)
    media: str = column(Text, "")
    flow: str = name_column("")
    step: str = name_column("")
    language: str = name_column("")
    state: str = name_column()
    reason: str | None = None
    created_at: int = instant_column()
    due_at: int = instant_column()
    valid_until: int | None = instant_column(nullable=True)
    lease_until: int | None = instant_column(nullable=True)
    attempts: int = 0
    provider_id: str | None = None
    segments: int | None = None
    error_code: str | None = None
    state_at: int = instant_column()
    lane: int = column(Integer)
    tag: str | None = name_column(None, nullable=True)
    counted_on: str | None = name_column(None, nullable=True)
    """The contact's calendar day it counts on toward frequency caps; None: it does not count."""
    handed_at: int | None = instant_column(nullable=True)
    """When it was last handed to the provider."""
    doubted_at: int | None = instant_column(nullable=True)
    """When its outcome became unknown; it stays after that was found out, for the report."""
    evidence: str | None = column(Text, None, nullable=True)
    """How an unknown outcome was found out, or why it could not be."""
    lookups: int = 0
    """How often the provider was asked since its outcome became unknown, and did not have it."""
    earlier_ids: str | None = column(Text, None, nullable=True)
    """The provider's ids of hand-overs that did not arrive and were tried again, oldest first."""
    explanation: str | None = column(Text, None, nullable=True)
    """What the gate has against it, for an operator; `reason` says it in one word."""
    wanted_at: int = instant_column()
    """The time it was meant for; `due_at` moves on when it is held or tried again."""
    tried_since: int | None = instant_column(nullable=True)
    """When the outbox first had it in hand: long after `created_at`, where it was scheduled or held."""
    form: str | None = column(Text, None, nullable=True)
    """What it is beyond its text: options, a card, the fields of a template."""
    way: str | None = name_column(None, nullable=True)
    """How it went, on channels that have several ways."""
    way_because: str | None = column(Text, None, nullable=True)
    """Why that way, and what was against the others."""
    only_here: int = 0
    """1: no other channel may say it."""
    run: str = id_column("")
    """The run that wrote it, if one did."""
    revision: int = 0
    variant: str = name_column("")
    """The arms of that run, as in `step_figure`."""
    wakes: int = 0
    """1: that run goes on when it is handed over, refused or failed."""
    on_day: str = name_column("")
    """The day in the shop's zone on which it was written, for statistics; empty: before they were kept."""
    replied_at: int | None = instant_column(nullable=True)
    """When the contact first wrote after it, where nobody had asked for it."""
    clicked_at: int | None = instant_column(nullable=True)
    """When a person first opened one of its links."""
    left_at: int | None = instant_column(nullable=True)
    """When the contact opted out, where it was the last message before."""


class LinkRow(Row, table=True):
    """A short link made for one contact: where it leads, and which message it was in."""

    __tablename__ = "link"
    __table_args__ = (UniqueConstraint("bucket", "code"), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    code: str = key(NAME)
    url: str = column(Text)
    message: str = id_column()
    flow: str = name_column("")
    step: str = name_column("")
    created_at: int = instant_column()
    expires_at: int = instant_column()


class ClickRow(Row, table=True):
    """Somebody opened a short link; `kind` tells people from previews and scanners, which do not count."""

    __tablename__ = "click"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    code: str = key(NAME)
    id: str = key()
    kind: str = name_column()
    at: int = instant_column()


class EventRow(Row, table=True):
    """What happened, as the shop or we tracked it."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_name", "bucket", "contact", "name", "at"), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    name: str = name_column()
    at: int = instant_column()
    properties: str = column(Text, "{}")
    source: str = name_column("")
    """The key of the source that told of it; empty: we did."""


class CallRow(Row, table=True):
    """Something to tell the shop: signed, retried, at most one for each key."""

    __tablename__ = "call"
    __table_args__ = (Index("ix_call_due", "bucket", "due_at", **where("state = 'queued'")), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    key: str = key(NAME)
    kind: str = name_column()
    payload: str = column(Text)
    state: str = name_column()
    created_at: int = instant_column()
    due_at: int = instant_column()
    attempts: int = 0
    failure: str | None = column(Text, None, nullable=True)


class SenderRow(Row, table=True):
    """What one of our senders may still send: rates are leased from it in shares by all processes."""

    __tablename__ = "sender"
    __table_args__ = CLUSTERED
    name: str = key(NAME)
    slot: int = key(Integer)
    next_at: int = instant_column()
    """When the next segment may leave."""
    counted_on: str = name_column("")
    segments_counted: int = minor_column()
    """Segments leased on that day, midnight to midnight Pacific time."""
    slowed_until: int | None = instant_column(nullable=True)
    open_until: int | None = instant_column(nullable=True)
    """The breaker: nothing leaves until then."""
    failures: int = 0
