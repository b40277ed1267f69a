"""What every table is made of: the base, the kinds of columns, and how a table may be distributed.

Rules (design section 8): a contact-owned table has `bucket` first in its primary key and in every
unique or foreign key; instants are integers, microseconds since 1970 UTC, so that both databases
give back what they were given; ids come from the application. Documents that nobody queries by
their parts are JSON text.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    MetaData,
    String,
    Text,
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
ID = String(32).with_variant(String(32, collation="C"), "postgresql")
NAME = Text().with_variant(Text(collation="C"), "postgresql")


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


def key(kind: Any = ID) -> Any:  # noqa: ANN401  # pydantic fields are untyped by nature
    """One column of the primary key."""
    return Field(sa_type=kind, primary_key=True)


def column(kind: Any, default: Any = ..., *, nullable: bool = False) -> Any:  # noqa: ANN401  # see key
    """A column; required unless there is a default."""
    return Field(default, sa_type=kind, nullable=nullable)


def id_column(default: Any = ..., *, nullable: bool = False) -> Any:  # noqa: ANN401  # see key
    """An id."""
    return column(ID, default, nullable=nullable)


def name_column(default: Any = ..., *, nullable: bool = False) -> Any:  # noqa: ANN401  # see key
    """A name, an address or a code: compared as bytes."""
    return column(NAME, default, nullable=nullable)


def instant_column(*, nullable: bool = False) -> Any:  # noqa: ANN401  # see key
    """An instant: microseconds since 1970 UTC."""
    return column(BigInteger, None if nullable else ..., nullable=nullable)


def minor_column(default: int = 0) -> Any:  # noqa: ANN401  # see key
    """An amount in minor units, or a count."""
    return column(BigInteger, default)


def where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# SQLite keeps such a table in the order of its primary key: one tree instead of two. That is for narrow rows
# (https://www.sqlite.org/withoutrowid.html says a twentieth of a page): of wide ones few fit on a page, every
# turn splits one, and the next turn's row is on another. `trigger`, `run`, `outbox` and `consent` are kept
# in the order in which their rows came, so that a batch of turns writes them side by side.
CLUSTERED = {"sqlite_with_rowid": False}
