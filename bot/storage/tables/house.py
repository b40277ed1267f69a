"""The house itself: what is published, set, counted, and who may do what."""

from sqlalchemy import BigInteger, Integer, Text, UniqueConstraint

from bot.storage.tables.base import CLUSTERED, NAME, Row, column, instant_column, key, name_column


class RevisionRow(Row, table=True):
    """An immutable version of a file marketers write: a flow, the program, the keywords."""

    __tablename__ = "revision"
    __table_args__ = CLUSTERED
    flow: str = key(NAME)
    revision: int = key(Integer)
    state: str = name_column()
    kind: str = name_column()
    file: str
    source: str = column(Text)
    translations: str = column(Text, "{}")
    schema_version: int = 1
    checksum: str
    published_at: int = instant_column()
    published_by: str = ""


class SettingRow(Row, table=True):
    """What the shop changes at run time, and how far jobs have come."""

    __tablename__ = "setting"
    __table_args__ = CLUSTERED
    name: str = key(NAME)
    value: str = column(Text)


class TallyRow(Row, table=True):
    """What happened how often, over all processes, for metrics; each adds what it counted now and then."""

    __tablename__ = "tally"
    __table_args__ = CLUSTERED
    name: str = key(NAME)
    label: str = key(NAME)
    times: int = column(BigInteger, 0)


class AuditRow(Row, table=True):
    """What operators did, for whom and why."""

    __tablename__ = "audit"
    __table_args__ = CLUSTERED
    id: str = key()
    at: int = instant_column()
    actor: str
    action: str = name_column()
    subject: str = ""
    note: str = column(Text, "")


class ApiKeyRow(Row, table=True):
    """A key of the shop API: what it may do; the key itself is nowhere."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("hash"), CLUSTERED)
    id: str = key()
    name: str = name_column()
    hash: str = name_column()
    scopes: str = column(Text)
    created_at: int = instant_column()
    created_by: str = name_column("")
    revoked_at: int | None = instant_column(nullable=True)
    facts: str = column(Text, "{}")
    """What kind of source it is, and how much may come from it."""


class ApiAnswerRow(Row, table=True):
    """What a request of the shop's that concerns no contact's turn came to, for whoever asks again."""

    __tablename__ = "api_answer"
    __table_args__ = CLUSTERED
    key: str = key(NAME)
    digest: str = name_column()
    result: str = column(Text)
    at: int = instant_column()
