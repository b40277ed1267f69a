"""Consent and delivery: preferences, clarifications, lanes, caps, unknown outcomes, senders, short links.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("contact", sa.Column("snoozed_until", sa.BigInteger()))
    op.add_column("contact", sa.Column("preferred_hours", NAME))
    op.add_column("address", sa.Column("clarify_by", sa.BigInteger()))
    op.add_column("address", sa.Column("sender", NAME))
    op.add_column("address", sa.Column("clarified_at", sa.BigInteger()))
    op.add_column("subscription", sa.Column("confirm_by", sa.BigInteger()))
    op.add_column("subscription", sa.Column("waiting_flow", NAME))
    op.add_column("consent", sa.Column("address", NAME))
    op.add_column("consent", sa.Column("because", sa.Text()))
    _outbox()
    _links()
    op.create_table(
        "sender",
        sa.Column("name", NAME, nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("counted_on", NAME, nullable=False),
        sa.Column("segments_counted", sa.BigInteger(), nullable=False),
        sa.Column("slowed_until", sa.BigInteger()),
        sa.Column("open_until", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name="pk_sender"),
        sqlite_with_rowid=False,
    )


def _outbox() -> None:
    # The default is for the rows that are there; whoever adds one always says its lane.
    op.add_column("outbox", sa.Column("lane", sa.Integer(), nullable=False, server_default="1"))
    op.execute(
        "UPDATE outbox SET lane = CASE message_class"
        " WHEN 'required' THEN 0 WHEN 'reply' THEN 1 WHEN 'service' THEN 2 ELSE 3 END"
    )
    op.add_column("outbox", sa.Column("tag", NAME))
    op.add_column("outbox", sa.Column("counted_on", NAME))
    op.add_column("outbox", sa.Column("handed_at", sa.BigInteger()))
    op.add_column("outbox", sa.Column("doubted_at", sa.BigInteger()))
    op.add_column("outbox", sa.Column("evidence", sa.Text()))
    op.add_column("outbox", sa.Column("lookups", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("earlier_ids", sa.Text()))
    op.add_column("outbox", sa.Column("explanation", sa.Text()))
    op.add_column("outbox", sa.Column("wanted_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("tried_since", sa.BigInteger()))
    op.execute("UPDATE outbox SET wanted_at = created_at")
    op.execute("UPDATE outbox SET doubted_at = state_at WHERE state = 'unknown'")
    op.drop_index("ix_outbox_due", "outbox")
    _index("ix_outbox_due", ["bucket", "lane", "due_at", "sender"], "state = 'queued'")
    _index("ix_outbox_unknown", ["bucket", "due_at"], "state = 'unknown'")
    _index("ix_outbox_doubted", ["bucket", "doubted_at"], "doubted_at IS NOT NULL")
    _index("ix_outbox_counted", ["bucket", "contact", "counted_on"], "counted_on IS NOT NULL")


def _index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "outbox", columns, sqlite_where=condition, postgresql_where=condition)


def _links() -> None:
    op.create_table(
        "link",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("code", NAME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.Column("flow", NAME, nullable=False),
        sa.Column("step", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "code", name="pk_link"),
        sa.UniqueConstraint("bucket", "code", name="uq_link_bucket_code"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "click",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("code", NAME, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "code", "id", name="pk_click"),
        sqlite_with_rowid=False,
    )
