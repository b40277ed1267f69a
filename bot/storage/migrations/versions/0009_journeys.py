"""Journeys: figures of steps by day and arm, goals, experiments, feedback, invitations, verdicts.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("run", sa.Column("goals_until", sa.BigInteger(), nullable=True))
    _index("ix_run_goals", "run", ["bucket", "contact"], "goals_until IS NOT NULL")
    op.add_column("outbox", sa.Column("run", ID, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("variant", NAME, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("wakes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("on_day", NAME, nullable=False, server_default=""))
    for name in ("replied_at", "clicked_at", "left_at"):
        op.add_column("outbox", sa.Column(name, sa.BigInteger(), nullable=True))
    _figures()
    _table(
        "conversion",
        *_owner(),
        _id("run"),
        _small("goal"),
        _number("at"),
        _id("event"),
        _name("flow"),
        _small("revision"),
        _name("step"),
        _name("variant"),
        _name("order_id"),
        _number("revenue_minor"),
        _name("currency"),
        keys=4,
    )
    _table(
        "exposure",
        *_owner(),
        _name("experiment"),
        _name("arm"),
        _number("at"),
        _id("run"),
        _text("facts"),
        keys=3,
    )
    op.create_index("ix_exposure_experiment", "exposure", ["bucket", "experiment", "at"])
    _table(
        "experiment_note",
        _id("id"),
        _name("experiment"),
        _name("kind"),
        _number("at"),
        sa.Column("actor", sa.String(), nullable=False),
        _text("words"),
        _text("facts"),
        keys=1,
    )
    _answers()
    _table(
        "invitation",
        *_owner(),
        _name("code"),
        _name("flow"),
        _number("made_at"),
        _number("expires_at"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        _text("facts"),
        keys=3,
    )
    _table(
        "evaluation",
        *_owner(),
        _name("flow"),
        _name("step"),
        _number("at"),
        _name("verdict"),
        _text("facts"),
        keys=4,
    )


def _figures() -> None:
    """Keep figures by day and arm; those of before have neither."""
    _table(
        "step_figure",
        _name("flow"),
        _small("revision"),
        _name("step"),
        _name("variant"),
        _name("on_day"),
        _name("what"),
        _small("slot"),
        _number("times"),
        _number("amount"),
        keys=7,
    )
    op.execute(
        "INSERT INTO step_figure (flow, revision, step, variant, on_day, what, slot, times, amount)"
        " SELECT flow, revision, step, '', '', what, slot, times, 0 FROM step_count"
    )
    op.drop_table("step_count")


def _answers() -> None:
    op.create_table(
        "answer",
        *_owner(),
        _id("id"),
        _name("flow"),
        _small("revision"),
        _name("step"),
        _name("variant"),
        _id("run"),
        _name("kind"),
        _number("at"),
        _name("channel"),
        _name("language"),
        _name("choice"),
        sa.Column("score", sa.BigInteger(), nullable=True),
        _text("words"),
        sa.Column("quote_state", NAME, nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", NAME, nullable=True),
        sa.PrimaryKeyConstraint("bucket", "contact", "id", name="pk_answer"),
    )
    op.create_index("ix_answer_flow", "answer", ["bucket", "flow", "step", "at"])
    _index("ix_answer_quote", "answer", ["bucket", "at"], "quote_state IS NOT NULL")


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
    return _small("bucket"), _id("contact")


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, ID, nullable=False)


def _name(name: str) -> sa.Column[object]:
    return sa.Column(name, NAME, nullable=False)


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _small(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
