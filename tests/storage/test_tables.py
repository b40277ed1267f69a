"""The rules that every table keeps (design section 8), and the registry that spreads them over servers."""

import re

import pytest
from sqlalchemy import Boolean, ForeignKeyConstraint, String, Table, Text, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bot.storage import distribution
from bot.storage.tables import KINDS, Kind, Row, kind_of

TABLES = Row.metadata.sorted_tables
OWNED = [table for table in TABLES if kind_of(table) is Kind.CONTACT_OWNED]


def by_name(table: Table) -> str:
    return table.name


def test_the_registry_names_tables_that_are_there() -> None:
    assert set(KINDS) <= {table.name for table in TABLES}
    assert {table.name for table in OWNED} == {
        *("contact", "address", "subscription", "consent", "trigger", "run", "outbox", "event"),
        *("wallet", "lot", "entry", "draw", "hold", "notice", "shop_order", "order_line", "call"),
        *("link", "click"),
        *("earned", "standing", "offer", "checkout", "fulfilment", "referral", "spin", "reservation"),
        *("refill", "subscribe_grant", "subscribe_grant_entry", "proof", "joined", "desk_visit"),
        *("session", "payment", "payment_refund", "payout", "inbox"),
        *("attribute_times", "activity", "computed_trait", "audience_member"),
        *("conversion", "exposure", "answer", "invitation", "evaluation"),
    }


@pytest.mark.parametrize("table", OWNED, ids=by_name)
def test_what_a_contact_owns_lives_in_its_bucket(table: Table) -> None:
    """A server of many can keep unique only what has the distribution column in it."""
    assert next(column.name for column in table.primary_key.columns) == "bucket"
    assert str(table.c.bucket.type) == "INTEGER"
    assert not table.c.bucket.nullable
    for constraint in table.constraints:
        if isinstance(constraint, (UniqueConstraint, ForeignKeyConstraint)):
            assert next(column.name for column in constraint.columns) == "bucket", constraint.name
    for index in table.indexes:
        assert next(column.name for column in index.columns) == "bucket", index.name
    if table.name != "contact":
        assert [column.name for column in table.primary_key.columns][1] == "contact"


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_no_table_counts_by_itself_or_refers_over_a_border(table: Table) -> None:
    assert not table.foreign_keys, "rows of other servers cannot be referred to"
    for column in table.columns:
        assert column.server_default is None
        assert column.identity is None
    written = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # SQLAlchemy's
    assert "SERIAL" not in written


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_keys_compare_as_bytes(table: Table) -> None:
    """On PostgreSQL a locale's rules would order ids otherwise than SQLite, and more slowly."""
    indexed = {*table.primary_key.columns, *(column for index in table.indexes for column in index.columns)}
    for column in indexed:
        if isinstance(column.type, (String, Text)):
            kind = column.type.dialect_impl(postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's
            assert isinstance(kind, String)
            assert kind.collation == "C", column


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_instants_are_large_enough_and_flags_are_flags(table: Table) -> None:
    for column in table.columns:
        name = column.name
        if name == "at" or name.endswith(("_at", "_until", "_minor", "_from")):
            assert str(column.type) == "BIGINT", column
        if name.startswith("is_") or name.endswith("_is_known"):
            assert isinstance(column.type, Boolean), column


def test_the_distribution_script_names_every_table_once() -> None:
    script = distribution.script()
    named = re.findall(r"create_(reference|distributed)_table\('(\w+)'(?:, '(\w+)')?", script)
    assert sorted(name for _, name, _ in named) == sorted(table.name for table in TABLES)
    by_table = {name: (how, column) for how, name, column in named}
    for table in TABLES:
        how, column = by_table[table.name]
        kind = kind_of(table)
        assert how == ("reference" if kind is Kind.SHARED else "distributed")
        if how == "distributed":
            assert column in [key.name for key in table.primary_key.columns], "Citus wants it in the key"
            assert (column == "bucket") is (kind is Kind.CONTACT_OWNED)
    owned = [line for line in script.splitlines() if "'bucket'" in line]
    assert "('contact'," in owned[0], "the others are put beside it"
    assert all("colocate_with => 'contact'" in line for line in owned[1:])
