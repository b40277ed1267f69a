"""What shops track: which messages came, figures of contacts kept current, audiences, what was imported."""

from sqlalchemy import BigInteger, Index, Integer, Text

from bot.storage.tables.base import (
    CLUSTERED,
    NAME,
    Row,
    column,
    instant_column,
    key,
    minor_column,
    name_column,
    where,
)


class SeenMessageRow(Row, table=True):
    """A tracked message that came, whoever it is of: the same id is not taken again while this is kept."""

    __tablename__ = "seen_message"
    __table_args__ = (Index("ix_seen_message_at", "at"), CLUSTERED)
    id: str = key(NAME)
    at: int = instant_column()


class AttributeTimesRow(Row, table=True):
    """When each trait of a contact was told, in microseconds: what is told late changes nothing newer."""

    __tablename__ = "attribute_times"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    times: str = column(Text, "{}")


class ActivityRow(Row, table=True):
    """When a contact was last seen on the shop's site or app, and since when without a long pause."""

    __tablename__ = "activity"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    last_at: int = instant_column()
    session_at: int = instant_column()


class ComputedTraitRow(Row, table=True):
    """A figure of one contact's events, kept current as they come; right until `good_until`."""

    __tablename__ = "computed_trait"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    trait: str = key(NAME)
    n: int = column(BigInteger, 0)
    total: int = minor_column()
    """A sum in millionths, so that the order of adding does not matter."""
    first_at: int | None = instant_column(nullable=True)
    last_at: int | None = instant_column(nullable=True)
    state: str = column(Text, "")
    """What its kind needs beside these, as JSON."""
    good_until: int | None = instant_column(nullable=True)


class AudienceMemberRow(Row, table=True):
    """Where a contact stands to an audience; also of one outside who may come in as time passes."""

    __tablename__ = "audience_member"
    __table_args__ = (
        # With the column it goes by, or SQLite looks it up of each member.
        Index("ix_audience_member_in", "bucket", "audience", "contact", "is_in", **where("is_in")),
        Index("ix_audience_member_look_at", "bucket", "look_at", **where("look_at IS NOT NULL")),
        CLUSTERED,
    )
    bucket: int = key(Integer)
    contact: str = key()
    audience: str = key(NAME)
    is_in: bool
    since_at: int = instant_column()
    look_at: int | None = instant_column(nullable=True)
    """When time alone may change it."""


class AudienceSizeRow(Row, table=True):
    """How large an audience was on a day of the shop's calendar."""

    __tablename__ = "audience_size"
    __table_args__ = CLUSTERED
    audience: str = key(NAME)
    on_day: str = key(NAME)
    size: int = column(BigInteger)
    at: int = instant_column()


class BuiltRow(Row, table=True):
    """Of which buckets the figures of a definition were made from the events there were."""

    __tablename__ = "built"
    __table_args__ = CLUSTERED
    what: str = key(NAME)
    bucket: int = key(Integer)
    digest: str = name_column()
    at: int = instant_column()


class LearntRow(Row, table=True):
    """An event, or one of its properties, as it came from sources; `property` is empty for the event."""

    __tablename__ = "learnt"
    __table_args__ = CLUSTERED
    event: str = key(NAME)
    property: str = key(NAME)
    kinds: int = column(Integer, 0)
    """The JSON types it came with: a bit for each, in the order of `JsonKind`."""
    seen: int = column(BigInteger, 0)
    first_at: int = instant_column()
    last_at: int = instant_column()


class ImportRunRow(Row, table=True):
    """An import of a file, as far as it has come: what is counted here is committed."""

    __tablename__ = "import_run"
    __table_args__ = CLUSTERED
    id: str = key(NAME)
    kind: str = name_column()
    file: str
    digest: str = name_column()
    position: int = column(BigInteger, 0)
    counts: str = column(Text, "{}")
    state: str = name_column()
    started_at: int = instant_column()
    changed_at: int = instant_column()
