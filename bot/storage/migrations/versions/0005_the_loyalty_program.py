"""The loyalty program: orders in full, what rules granted, standing, offers, rewards, referrals, keys.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("trigger", sa.Column("result", sa.Text()))
    op.add_column("trigger", sa.Column("digest", NAME))
    op.add_column("entry", sa.Column("recorded_at", sa.BigInteger()))
    op.add_column("entry", sa.Column("extended", sa.Text(), nullable=False, server_default=""))
    _index("ix_entry_reverses", "entry", ["bucket", "contact", "reverses"], "reverses IS NOT NULL")
    op.add_column("lot", sa.Column("renewal", NAME, nullable=False, server_default=""))
    op.add_column("lot", sa.Column("notice_days", sa.Integer(), nullable=False, server_default="0"))
    _shop()
    _program()
    op.create_table(
        "earned",
        *_owned(),
        _name("source"),
        _name("rule"),
        _name("wallet"),
        _id("entry"),
        _id("lot"),
        _big("desired_minor"),
        _big("granted_minor"),
        _text("by_line"),
        _text("because"),
        _name("policy"),
        _big("at"),
        sa.PrimaryKeyConstraint("bucket", "contact", "source", "rule", name="pk_earned"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_key",
        _id("id"),
        _name("name"),
        _name("hash"),
        _text("scopes"),
        _big("created_at"),
        _name("created_by"),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("hash", name="uq_api_key_hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_answer",
        _name("key"),
        _name("digest"),
        _text("result"),
        _big("at"),
        sa.PrimaryKeyConstraint("key", name="pk_api_answer"),
        sqlite_with_rowid=False,
    )


def _shop() -> None:
    # Defaults are for the rows that are there; whoever adds one says it all.
    for name in ("reference", "currency"):
        op.add_column("shop_order", sa.Column(name, NAME, nullable=False, server_default=""))
    for name in (
        "cash_minor",
        "discount_minor",
        "shipping_minor",
        "tax_minor",
        "refunded_minor",
        "returned_credit_minor",
    ):
        op.add_column("shop_order", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("shop_order", sa.Column("changed_at", sa.BigInteger()))
    op.add_column("shop_order", sa.Column("facts", sa.Text(), nullable=False, server_default="{}"))
    op.execute("UPDATE shop_order SET cash_minor = total_minor - credit_minor")
    op.add_column("order_line", sa.Column("category", NAME, nullable=False, server_default=""))
    for name in ("discount_minor", "credit_minor", "returned_minor"):
        op.add_column("order_line", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("order_line", sa.Column("earns", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column(
        "order_line", sa.Column("returned_quantity", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("product", sa.Column("facts", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("counter", sa.Column("units_of", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "parked_refund",
        _name("reference"),
        _text("body"),
        _big("at"),
        sa.Column("applied_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("reference", name="pk_parked_refund"),
        sqlite_with_rowid=False,
    )


def _program() -> None:
    op.create_table(
        "standing",
        *_owned(),
        _name("kind"),
        _name("value"),
        _big("since"),
        sa.Column("until", sa.BigInteger()),
        _text("facts"),
        sa.PrimaryKeyConstraint("bucket", "contact", "kind", name="pk_standing"),
        sqlite_with_rowid=False,
    )
    _index("ix_standing_due", "standing", ["bucket", "until"], "until IS NOT NULL")
    op.create_table(
        "offer",
        *_owned(),
        _id("id"),
        _name("offer"),
        _name("code"),
        _name("state"),
        _big("given_at"),
        _big("starts_at"),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("order_id", NAME),
        _text("facts"),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name="pk_offer"),
        sa.UniqueConstraint("bucket", "code", name="uq_offer_bucket_code"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkout",
        *_owned(),
        _id("shop_order"),
        _name("reference"),
        _name("state"),
        _big("opened_at"),
        _big("expires_at"),
        sa.Column("hold", ID),
        sa.Column("changed_at", sa.BigInteger()),
        _text("facts"),
        sa.PrimaryKeyConstraint("bucket", "contact", "shop_order", name="pk_checkout"),
        sqlite_with_rowid=False,
    )
    _index("ix_checkout_open", "checkout", ["bucket", "contact"], "state = 'open'")
    _index("ix_checkout_due", "checkout", ["bucket", "expires_at"], "state = 'open'")
    op.create_table(
        "fulfilment",
        *_owned(),
        _id("id"),
        _name("reward"),
        sa.Column("entry", ID),
        _name("code"),
        _name("state"),
        sa.Column("promised_on", NAME),
        _big("claimed_at"),
        _big("changed_at"),
        _text("facts"),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name="pk_fulfilment"),
        sa.UniqueConstraint("bucket", "code", name="uq_fulfilment_bucket_code"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "referral",
        *_owned(),
        _id("friend"),
        _name("state"),
        sa.Column("reason", NAME),
        _big("at"),
        _big("changed_at"),
        _text("evidence"),
        _text("facts"),
        sa.PrimaryKeyConstraint("bucket", "contact", "friend", name="pk_referral"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "spin",
        *_owned(),
        _id("id"),
        _name("counted_on"),
        _name("prize"),
        _big("roll"),
        _text("proof"),
        _big("at"),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name="pk_spin"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reservation",
        *_owned(),
        _id("id"),
        _name("drop_id"),
        sa.Column("units", sa.Integer(), nullable=False),
        _name("state"),
        _big("until"),
        _big("at"),
        _text("facts"),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name="pk_reservation"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refill",
        *_owned(),
        _name("category"),
        _name("sku"),
        _big("bought_at"),
        _big("expected_at"),
        _big("from_at"),
        _big("until_at"),
        sa.Column("prompt_at", sa.BigInteger()),
        _text("facts"),
        sa.PrimaryKeyConstraint("bucket", "contact", "category", name="pk_refill"),
        sqlite_with_rowid=False,
    )
    _index("ix_refill_due", "refill", ["bucket", "prompt_at"], "prompt_at IS NOT NULL")
    op.create_index("ix_refill_favourite", "refill", ["bucket", "sku", "contact"])


def _owned() -> tuple[sa.Column[int], sa.Column[str]]:
    return sa.Column("bucket", sa.Integer(), nullable=False), _id("contact")


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, ID, nullable=False)


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, NAME, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
