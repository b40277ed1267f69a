"""Copied members are whole, distinct and findable, and rows that cannot be copied stay the original's."""

from asyncio import run
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.databases import Database, Postgres, Sqlite
from benchmarks.members import number
from benchmarks.population import multiply

ID = "0192a4b6c8d07e0f" + "8" + "0" * 13 + "2a"
STATEMENTS = (
    "CREATE TABLE directory (kind text, value text, bucket int, contact text, PRIMARY KEY (kind, value))",
    "CREATE TABLE contact (bucket int, id text, locale text, PRIMARY KEY (bucket, id))",
    "CREATE TABLE entry (bucket int, contact text, number int, amount int, PRIMARY KEY (contact, number))",
    "CREATE TABLE cause (bucket int, contact text, key text, payload text, PRIMARY KEY (contact, key))",
    "CREATE TABLE product (sku text PRIMARY KEY)",
    "INSERT INTO directory VALUES ('sms', 'NUMBER', 42, 'ID'), ('order', 'o-1', 42, 'ID')",
    "INSERT INTO contact VALUES (42, 'ID', 'en')",
    "INSERT INTO entry VALUES (42, 'ID', 1, 500), (42, 'ID', 2, -100)",
    "INSERT INTO cause VALUES (42, 'ID', 'SM1', 'from NUMBER')",
    "INSERT INTO product VALUES ('latte')",
)
FOUND = """
SELECT c.id, c.bucket, (SELECT sum(amount) FROM entry e WHERE e.contact = c.id), m.payload
FROM directory d JOIN contact c ON c.id = d.contact JOIN cause m ON m.contact = c.id WHERE d.value = :number
"""


async def ask(url: str, *statements: str, **values: str) -> tuple[object, ...]:
    """Run the statements in one transaction; the first row of the last, if it has rows."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements[:-1]:
                await connection.execute(text(statement))
            result = await connection.execute(text(statements[-1]), values)
            return tuple(result.one()) if result.returns_rows else ()
    finally:
        await engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Sqlite(tmp_path)
    started = request.getfixturevalue("postgres")
    assert isinstance(started, Postgres)
    return started


def test_a_copy_has_all_rows_of_its_template(database: Database) -> None:
    url = database.fresh("shop")
    run(ask(url, *(words.replace("ID", ID).replace("NUMBER", number(0)) for words in STATEMENTS)))
    written = multiply(url, range(1), range(1, 101))
    assert written == 100 * (1 + 1 + 2 + 1)
    identifier, bucket, balance, payload = run(ask(url, FOUND, number=number(100)))
    assert isinstance(identifier, str)
    assert identifier != ID
    assert len(identifier) == 32
    assert int(identifier[-2:], 16) == bucket == 42
    assert balance == 400
    assert payload == f"from {number(100)}"
    assert run(ask(url, "SELECT count(DISTINCT id) FROM contact")) == (101,)
    assert run(ask(url, "SELECT count(*) FROM directory WHERE kind = 'order'")) == (1,)
    assert run(ask(url, "SELECT count(*) FROM product")) == (1,)


def test_members_have_numbers_of_their_own() -> None:
    assert len({number(index) for index in range(200_000)}) == 200_000
