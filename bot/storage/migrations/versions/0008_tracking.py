"""Tracking: messages seen, computed traits, audiences, sessions, imports.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("event", sa.Column("source", NAME, nullable=False, server_default=""))
    op.add_column("api_key", sa.Column("facts", sa.Text(), nullable=False, server_default="{}"))
    _table("seen_message", _name("id"), _instant("at"), keys=1)
    op.create_index("ix_seen_message_at", "seen_message", ["at"])
    _table("attribute_times", *_owner(), _text("times"), keys=2)
    _table("activity", *_owner(), _instant("last_at"), _instant("session_at"), keys=2)
    _table(
        "computed_trait",
        *_owner(),
        _name("trait"),
        _number("n"),
        _number("total"),
        _instant("first_at", nullable=True),
        _instant("last_at", nullable=True),
        _text("state"),
        _instant("good_until", nullable=True),
        keys=3,
    )
    _table(
        "audience_member",
        *_owner(),
        _name("audience"),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        _instant("since_at"),
        _instant("look_at", nullable=True),
        keys=3,
    )
    _index("ix_audience_member_in", "audience_member", ["bucket", "audience", "contact"], "is_in")
    _index("ix_audience_member_look_at", "audience_member", ["bucket", "look_at"], "look_at IS NOT NULL")
    _table("audience_size", _name("audience"), _name("on_day"), _number("size"), _instant("at"), keys=2)
    _table(
        "built",
        _name("what"),
        sa.Column("bucket", sa.Integer(), nullable=False),
        _name("digest"),
        _instant("at"),
        keys=2,
    )
    _table(
        "learnt",
        _name("event"),
        _name("property"),
        sa.Column("kinds", sa.Integer(), nullable=False),
        _number("seen"),
        _instant("first_at"),
        _instant("last_at"),
        keys=2,
    )
    _table(
        "import_run",
        _name("id"),
        _name("kind"),
        sa.Column("file", sa.String(), nullable=False),
        _name("digest"),
        _number("position"),
        _text("counts"),
        _name("state"),
        _instant("started_at"),
        _instant("changed_at"),
        keys=1,
    )


def _table(table: str, *columns: sa.Column[object], keys: int) -> None:
    """Make a table whose first `keys` columns are its primary key."""
    names = [column.name for column in columns[:keys]]
    op.create_table(
        table, *columns, sa.PrimaryKeyConstraint(*names, name=f"pk_{table}"), sqlite_with_rowid=False
    )


def _index(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition)
    )


def _owner() -> tuple[sa.Column[object], ...]:
    return sa.Column("bucket", sa.Integer(), nullable=False), sa.Column("contact", ID, nullable=False)


def _name(name: str) -> sa.Column[object]:
    return sa.Column(name, NAME, nullable=False)


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)
