"""Evaluations of journeys as they changed, in place of the latest alone; members are listed by their index.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    _evaluations()
    _members()


def _evaluations() -> None:
    """Keep every change of a verdict; what was the latest one is the first."""
    op.execute("CREATE TABLE evaluation_before AS SELECT * FROM evaluation")
    op.drop_table("evaluation")
    op.create_table(
        "evaluation",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("flow", NAME, nullable=False),
        sa.Column("step", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("verdict", NAME, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "flow", "step", "at", name="pk_evaluation"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO evaluation (bucket, contact, flow, step, at, last_at, verdict, facts)"
        " SELECT bucket, contact, flow, step, at, at, verdict, facts FROM evaluation_before"
    )
    op.drop_table("evaluation_before")


def _members() -> None:
    """Let the index of who is in an audience say so itself."""
    op.drop_index("ix_audience_member_in", "audience_member")
    op.create_index(
        "ix_audience_member_in",
        "audience_member",
        ["bucket", "audience", "contact", "is_in"],
        sqlite_where=sa.text("is_in"),
        postgresql_where=sa.text("is_in"),
    )
