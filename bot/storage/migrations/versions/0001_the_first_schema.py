"""The first schema.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "address",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("value", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("unusable_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("bucket", "contact", "channel", "value", name=op.f("pk_address")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "call",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("bucket", "contact", "key", name=op.f("pk_call")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index(
            "ix_call_due",
            ["bucket", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )

    op.create_table(
        "consent",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("subscription_group", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("personal_hash", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "number", name=op.f("pk_consent")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("zone_is_known", sa.Boolean(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("birthday_on", sa.String(), nullable=True),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("merged_into", ID, nullable=True),
        sa.Column("consent_count", sa.Integer(), nullable=False),
        sa.Column("consent_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("pk_contact")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counter",
        sa.Column("name", NAME, nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("units_left", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units_left >= 0", name=op.f("ck_counter_not_negative")),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_counter")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "directory",
        sa.Column("kind", NAME, nullable=False),
        sa.Column("value", NAME, nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_directory")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "draw",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("wallet", NAME, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("target", NAME, nullable=False),
        sa.Column("lot", ID, nullable=True),
        sa.Column("child_lot", ID, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_draw_positive")),
        sa.PrimaryKeyConstraint("bucket", "contact", "wallet", "number", "line", name=op.f("pk_draw")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("wallet", NAME, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reason", NAME, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("personal_hash", sa.String(), nullable=False),
        sa.Column("source_type", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reverses", ID, nullable=True),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "wallet", "number", name=op.f("pk_entry")),
        sa.UniqueConstraint("bucket", "contact", "key", name=op.f("uq_entry_bucket_contact_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_name", ["bucket", "contact", "name", "at"], unique=False)

    op.create_table(
        "hold",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("wallet", NAME, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "wallet", "id", name=op.f("pk_hold")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_hold_due",
            ["bucket", "expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_hold_open",
            ["bucket", "contact", "wallet"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "uq_hold_order",
            ["bucket", "contact", "order_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "lot",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("wallet", NAME, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("fund", NAME, nullable=False),
        sa.Column("granted_minor", sa.BigInteger(), nullable=False),
        sa.Column("pending_minor", sa.BigInteger(), nullable=False),
        sa.Column("available_minor", sa.BigInteger(), nullable=False),
        sa.Column("held_minor", sa.BigInteger(), nullable=False),
        sa.Column("active_from", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("grace_until", sa.BigInteger(), nullable=True),
        sa.Column("noticed_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_on", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("source_type", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("parent_lot_id", ID, nullable=True),
        sa.Column("notice_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "pending_minor >= 0 AND available_minor >= 0 AND held_minor >= 0"
            " AND pending_minor + available_minor + held_minor <= granted_minor",
            name=op.f("ck_lot_within_grant"),
        ),
        sa.PrimaryKeyConstraint("bucket", "contact", "wallet", "id", name=op.f("pk_lot")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lot_expiring",
            ["bucket", "expires_at"],
            unique=False,
            sqlite_where=sa.text("pending_minor + available_minor + held_minor > 0"),
            postgresql_where=sa.text("pending_minor + available_minor + held_minor > 0"),
        )
        batch_op.create_index(
            "ix_lot_notice",
            ["bucket", "notice_at"],
            unique=False,
            sqlite_where=sa.text("notice_at IS NOT NULL"),
            postgresql_where=sa.text("notice_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_lot_open",
            ["bucket", "contact", "wallet", "priority", "expires_at"],
            unique=False,
            sqlite_where=sa.text("pending_minor + available_minor + held_minor > 0"),
            postgresql_where=sa.text("pending_minor + available_minor + held_minor > 0"),
        )

    op.create_table(
        "notice",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("lot", ID, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("trigger_key", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "lot", "days", name=op.f("pk_notice")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_line",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("shop_order", ID, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("sku", NAME, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "shop_order", "line", name=op.f("pk_order_line")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("trigger_key", NAME, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("address", NAME, nullable=False),
        sa.Column("sender", NAME, nullable=False),
        sa.Column("message_class", NAME, nullable=False),
        sa.Column("subscription_group", NAME, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("flow", NAME, nullable=False),
        sa.Column("step", NAME, nullable=False),
        sa.Column("language", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("state_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name=op.f("pk_outbox")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_due",
            ["bucket", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_outbox_held",
            ["bucket", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            "ix_outbox_leased",
            ["bucket", "lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )

    op.create_table(
        "product",
        sa.Column("sku", NAME, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", NAME, nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("is_sold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_product")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "revision",
        sa.Column("flow", NAME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("translations", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("flow", "revision", name=op.f("pk_revision")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("flow", NAME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("step", NAME, nullable=False),
        sa.Column("wake_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name=op.f("pk_run")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            "ix_run_due",
            ["bucket", "wake_at"],
            unique=False,
            sqlite_where=sa.text("status = 'waiting' AND wake_at IS NOT NULL"),
            postgresql_where=sa.text("status = 'waiting' AND wake_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_run_waiting",
            ["bucket", "contact"],
            unique=False,
            sqlite_where=sa.text("status = 'waiting'"),
            postgresql_where=sa.text("status = 'waiting'"),
        )

    op.create_table(
        "setting",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shop_order",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name=op.f("pk_shop_order")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("shop_order", schema=None) as batch_op:
        batch_op.create_index("ix_shop_order_placed", ["bucket", "contact", "placed_at"], unique=False)

    op.create_table(
        "step_count",
        sa.Column("flow", NAME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("step", NAME, nullable=False),
        sa.Column("what", NAME, nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("flow", "revision", "step", "what", "slot", name=op.f("pk_step_count")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("subscription_group", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "contact", "subscription_group", name=op.f("pk_subscription")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "suppression",
        sa.Column("channel", NAME, nullable=False),
        sa.Column("address_hash", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address_hash", name=op.f("pk_suppression")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trigger",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("bucket", "contact", "key", name=op.f("pk_trigger")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("trigger", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trigger_dead",
            ["bucket"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index(
            "ix_trigger_new",
            ["bucket", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'new'"),
            postgresql_where=sa.text("state = 'new'"),
        )

    op.create_table(
        "wallet",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("pending_minor", sa.BigInteger(), nullable=False),
        sa.Column("available_minor", sa.BigInteger(), nullable=False),
        sa.Column("held_minor", sa.BigInteger(), nullable=False),
        sa.Column("debt_minor", sa.BigInteger(), nullable=False),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "pending_minor >= 0 AND available_minor >= 0 AND held_minor >= 0 AND debt_minor >= 0",
            name=op.f("ck_wallet_not_negative"),
        ),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name=op.f("pk_wallet")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take the schema back."""
    op.drop_table("wallet")
    with op.batch_alter_table("trigger", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_trigger_new", sqlite_where=sa.text("state = 'new'"), postgresql_where=sa.text("state = 'new'")
        )
        batch_op.drop_index(
            "ix_trigger_dead",
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )

    op.drop_table("trigger")
    op.drop_table("suppression")
    op.drop_table("subscription")
    op.drop_table("step_count")
    with op.batch_alter_table("shop_order", schema=None) as batch_op:
        batch_op.drop_index("ix_shop_order_placed")

    op.drop_table("shop_order")
    op.drop_table("setting")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_run_waiting",
            sqlite_where=sa.text("status = 'waiting'"),
            postgresql_where=sa.text("status = 'waiting'"),
        )
        batch_op.drop_index(
            "ix_run_due",
            sqlite_where=sa.text("status = 'waiting' AND wake_at IS NOT NULL"),
            postgresql_where=sa.text("status = 'waiting' AND wake_at IS NOT NULL"),
        )

    op.drop_table("run")
    op.drop_table("revision")
    op.drop_table("product")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_leased",
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.drop_index(
            "ix_outbox_held",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.drop_index(
            "ix_outbox_due",
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )

    op.drop_table("outbox")
    op.drop_table("order_line")
    op.drop_table("notice")
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_lot_open",
            sqlite_where=sa.text("pending_minor + available_minor + held_minor > 0"),
            postgresql_where=sa.text("pending_minor + available_minor + held_minor > 0"),
        )
        batch_op.drop_index(
            "ix_lot_notice",
            sqlite_where=sa.text("notice_at IS NOT NULL"),
            postgresql_where=sa.text("notice_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_lot_expiring",
            sqlite_where=sa.text("pending_minor + available_minor + held_minor > 0"),
            postgresql_where=sa.text("pending_minor + available_minor + held_minor > 0"),
        )

    op.drop_table("lot")
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_hold_order",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(
            "ix_hold_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )
        batch_op.drop_index(
            "ix_hold_due", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    op.drop_table("hold")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_name")

    op.drop_table("event")
    op.drop_table("entry")
    op.drop_table("draw")
    op.drop_table("directory")
    op.drop_table("counter")
    op.drop_table("contact")
    op.drop_table("consent")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_call_due",
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )

    op.drop_table("call")
    op.drop_table("audit")
    op.drop_table("address")
