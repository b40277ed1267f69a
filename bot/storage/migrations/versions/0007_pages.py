"""The shop's pages: sessions, payments, payouts and bills, campaign links.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DUE = "due_at IS NOT NULL"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("address", sa.Column("tapped_left", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("address", sa.Column("tapped_until", sa.BigInteger()))
    _owned(
        "session",
        _name("token_hash"),
        _name("channel"),
        _name("address"),
        _name("started_by"),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
    )
    _owned(
        "payment",
        _name("order_id"),
        _name("account"),
        _name("address"),
        _minor("amount_minor"),
        _name("currency"),
        _name("state"),
        _name("prepay_id"),
        _name("transaction_id"),
        _minor("paid_minor"),
        _instant("created_at"),
        _instant("changed_at"),
        _instant("expires_at"),
        _instant("paid_at", nullable=True),
        *_looked_at(),
    )
    op.create_index("ix_payment_order", "payment", ["bucket", "contact", "order_id"])
    _owned(
        "payment_refund",
        sa.Column("payment", ID, nullable=False),
        _name("cause"),
        _minor("amount_minor"),
        _name("state"),
        _name("provider_id"),
        _instant("created_at"),
        _instant("changed_at"),
        *_looked_at(),
    )
    _owned(
        "payout",
        _name("order_id"),
        _name("account"),
        _name("address"),
        _minor("amount_minor"),
        _name("currency"),
        _name("state"),
        _name("package"),
        _name("provider_id"),
        _instant("created_at"),
        _instant("changed_at"),
        *_looked_at(),
    )
    for table in ("payment", "payment_refund", "payout"):
        op.create_index(
            f"ix_{table}_due",
            table,
            ["bucket", "due_at"],
            sqlite_where=sa.text(DUE),
            postgresql_where=sa.text(DUE),
        )
    op.create_table(
        "bill",
        _name("account"),
        _name("on_day"),
        _name("kind"),
        sa.Column("found", sa.Text(), nullable=False),
        _instant("at"),
        sa.PrimaryKeyConstraint("account", "on_day", "kind", name="pk_bill"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "campaign_link",
        _name("campaign"),
        _name("account"),
        _name("page"),
        _name("url"),
        _instant("made_at"),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("campaign", "account", name="pk_campaign_link"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbox",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        _instant("read_until"),
        sa.PrimaryKeyConstraint("bucket", "contact", name="pk_inbox"),
        sqlite_with_rowid=False,
    )


def _owned(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"uq_{table}_id", table, ["bucket", "id"], unique=True)


def _name(name: str) -> sa.Column[object]:
    return sa.Column(name, NAME, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _minor(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _looked_at() -> tuple[sa.Column[object], ...]:
    return (
        _instant("due_at", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
    )
