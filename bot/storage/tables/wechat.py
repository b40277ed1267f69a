"""WeChat: rights to send subscribe messages, proofs that join addresses, who is with a person of the shop."""

from sqlalchemy import BigInteger, Index, Integer, Text

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


class SubscribeGrantRow(Row, table=True):
    """How many subscribe messages of a template may still go to an address; the sum of its entries."""

    __tablename__ = "subscribe_grant"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    address: str = key(NAME)
    template: str = key(NAME)
    units: int = column(BigInteger, 0)
    changed_at: int = instant_column()


class SubscribeGrantEntryRow(Row, table=True):
    """One change of a grant: accepted, sent, refused; `key` makes each cause count once."""

    __tablename__ = "subscribe_grant_entry"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    key: str = key(NAME)
    address: str = name_column()
    template: str = name_column()
    change: int = column(BigInteger)
    units_after: int = column(BigInteger)
    source: str = name_column()
    at: int = instant_column()


class ProofRow(Row, table=True):
    """A code that shows, typed in time, that another address is the contact's too."""

    __tablename__ = "proof"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    channel: str = name_column()
    address: str = name_column()
    code_hash: str = name_column()
    state: str = name_column()
    tries: int = 0
    network: str = name_column("")
    created_at: int = instant_column()
    expires_at: int = instant_column()
    ended_at: int | None = instant_column(nullable=True)
    facts: str = column(Text, "{}")


class JoinedRow(Row, table=True):
    """Another contact that was joined to this one: by which proof, what crossed, whether it was undone."""

    __tablename__ = "joined"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    other: str = key()
    at: int = instant_column()
    undone_at: int | None = instant_column(nullable=True)
    facts: str = column(Text, "{}")


class DeskVisitRow(Row, table=True):
    """A contact that is, or waits to be, with a person of the shop; the latest visit of each contact."""

    __tablename__ = "desk_visit"
    __table_args__ = (
        Index("ix_desk_visit_open", "bucket", "priority", "since", **where("state <> 'closed'")),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = id_column()
    channel: str = name_column()
    address: str = name_column()
    state: str = name_column()
    priority: int = 0
    """The place of the contact's tier: the higher, the sooner."""
    since: int = instant_column()
    agent: str | None = name_column(None, nullable=True)
    heard_at: int = instant_column()
    """When the contact last wrote."""
    taken_at: int | None = instant_column(nullable=True)
    said_at: int | None = instant_column(nullable=True)
    """When the shop's person last did."""
    closed_at: int | None = instant_column(nullable=True)
    because: str | None = name_column(None, nullable=True)


class WechatMediaRow(Row, table=True):
    """Pictures we uploaded to an account, by what they are of; the platform forgets them after three days."""

    __tablename__ = "wechat_media"
    __table_args__ = CLUSTERED
    appid: str = key(NAME)
    digest: str = key(NAME)
    media_id: str = name_column()
    expires_at: int = instant_column()
