"""WeChat: windows of addresses, forms and ways of messages, grants, proofs, joined contacts, desk visits.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OPEN = "state <> 'closed'"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("address", sa.Column("window_left", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("address", sa.Column("window_until", sa.BigInteger()))
    op.add_column("address", sa.Column("desk_until", sa.BigInteger()))
    op.add_column("outbox", sa.Column("form", sa.Text()))
    op.add_column("outbox", sa.Column("way", NAME))
    op.add_column("outbox", sa.Column("way_because", sa.Text()))
    op.add_column("outbox", sa.Column("only_here", sa.Integer(), nullable=False, server_default="0"))
    _grants()
    _persons()
    op.create_table(
        "wechat_media",
        sa.Column("appid", NAME, nullable=False),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("media_id", NAME, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("appid", "digest", name="pk_wechat_media"),
        sqlite_with_rowid=False,
    )


def _grants() -> None:
    op.create_table(
        "subscribe_grant",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("address", NAME, nullable=False),
        sa.Column("template", NAME, nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "address", "template", name="pk_subscribe_grant"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscribe_grant_entry",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("address", NAME, nullable=False),
        sa.Column("template", NAME, nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("units_after", sa.BigInteger(), nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "key", name="pk_subscribe_grant_entry"),
        sqlite_with_rowid=False,
    )


def _persons() -> None:
    op.create_table(
        "proof",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("address", NAME, nullable=False),
        sa.Column("code_hash", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("network", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name="pk_proof"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "joined",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("other", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "other", name="pk_joined"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "desk_visit",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("address", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("agent", NAME),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger()),
        sa.Column("said_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("because", NAME),
        sa.PrimaryKeyConstraint("bucket", "contact", name="pk_desk_visit"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_desk_visit_open",
        "desk_visit",
        ["bucket", "priority", "since"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
