"""Wide rows in the order in which they came, on SQLite: a batch of turns then writes far fewer pages.

Revision: 0003, after 0002.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WIDE = ("consent", "outbox", "run", "trigger")


def upgrade() -> None:
    """Bring the schema here."""
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL keeps its rows so anyway
        for table in WIDE:
            _unclustered(table)


def _unclustered(table: str) -> None:
    """Write a table anew without WITHOUT ROWID, with everything else as it is."""
    ask = sa.text(
        "SELECT sql FROM sqlite_master WHERE type = :type AND tbl_name = :table AND sql IS NOT NULL"
    )
    create = op.get_bind().scalar(ask, {"type": "table", "table": table})
    indexes = op.get_bind().scalars(ask, {"type": "index", "table": table}).all()
    op.rename_table(table, f"{table}_clustered")
    op.execute(sa.text(_escaped(re.sub(r"\s*WITHOUT ROWID\s*$", "", create))))
    op.execute(f'INSERT INTO "{table}" SELECT * FROM "{table}_clustered"')  # noqa: S608  # our own names
    op.drop_table(f"{table}_clustered")
    for index in indexes:
        op.execute(sa.text(_escaped(index)))


def _escaped(sql: str) -> str:
    return sql.replace(":", "\\:")
