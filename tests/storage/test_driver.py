"""Statements, rows and transactions say the same on both databases."""

import asyncio
from typing import Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.driver import (
    Changes,
    Connection,
    Database,
    Present,
    Rows,
    Statement,
    postgres_parameters,
    sqlite_parameters,
)
from bot.storage.tables import FOREVER, Row
from tests.storage.scripted import asked

TABLES: Final = Row.metadata.tables
SETTING: Final = Rows(TABLES["setting"], Present.FAIL)
KEPT: Final = Rows(TABLES["setting"], Present.KEEP, returning="name")
COUNTER: Final = Rows(TABLES["counter"], Present.REPLACE)
# Whatever a marketer or a member may write; NUL never comes as far as here.
HARD: Final = (
    "",
    "'",
    '"',
    "\\",
    "a,b",
    "{}",
    "[1]",
    "NULL",
    ":now",
    "100%",
    "📱安娜",
    "\n\t\x01",
    "\u202e",
    " ",
)


async def settings(database: Database) -> list[tuple[str, str]]:
    return [
        (row[0], row[1]) for row in await asked(database, "SELECT name, value FROM setting ORDER BY name")
    ]


async def test_keys_of_several_columns_are_a_table(database: Database) -> None:
    statement = Statement("""
        SELECT keys.number, keys.word FROM @each(keys: number bigint, word text)
        WHERE keys.number <> :but ORDER BY keys.number
    """)
    keys = [(number, word) for number, word in enumerate(HARD, -3)]
    found = await database.query(lambda c: c.read(statement, keys=keys, but=0))
    assert [tuple(row) for row in found] == [key for key in keys if key[0] != 0]
    assert list(await database.query(lambda c: c.read(statement, keys=[], but=0))) == []


async def test_the_largest_instants_pass_as_keys(database: Database) -> None:
    statement = Statement("SELECT keys.number FROM @each(keys: number bigint) ORDER BY keys.number")
    keys = [(-FOREVER,), (0,), (FOREVER,)]
    found = await database.query(lambda c: c.read(statement, keys=keys))
    assert [tuple(row) for row in found] == keys


async def test_one_parameter_serves_in_several_places(database: Database) -> None:
    missing = Statement("SELECT CAST(:a AS TEXT), CAST(:b AS TEXT)")
    with pytest.raises(KeyError, match="b"):
        await database.query(lambda c: c.read(missing, a="x"))
    found = await database.query(
        lambda c: c.read(Statement("SELECT CAST(:a AS TEXT), CAST(:a AS TEXT)"), a="x")
    )
    assert [tuple(row) for row in found] == [("x", "x")]


async def test_collected_rows_come_back_as_they_were(database: Database) -> None:
    values = [(f"{number:02}", word) for number, word in enumerate(HARD)]
    await database.transact(lambda c: c.write(SETTING, values))
    ((text, none),) = await asked(
        database,
        """
        SELECT (SELECT @rows(s.name, s.value, NULL, 7) FROM (SELECT * FROM setting ORDER BY name) s),
            (SELECT @rows(s.name) FROM setting s WHERE s.name = 'nobody')
        """,
    )
    assert orjson.loads(text) == [[*value, None, 7] for value in values]
    assert none in (None, "[]")


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(codec="utf-8")))))
def test_parameters_keep_their_order_in_both_dialects(keys: list[tuple[int, str]]) -> None:
    statement = Statement("SELECT :z FROM @each(keys: n bigint, w text), x WHERE :a = :z")
    given_ = {"keys": keys, "z": "Z", "a": "A"}
    assert sqlite_parameters(statement, given_) == ["Z", orjson.dumps(keys).decode(), "A", "Z"]
    columns = [list(column) for column in postgres_parameters(statement, given_)[1:3]]  # type: ignore[call-overload]  # the arrays
    assert columns == ([list(column) for column in zip(*keys, strict=True)] or [[], []])
    assert statement.postgres.count("$1") == 2
    assert postgres_parameters(statement, given_)[::3] == ["Z", "A"]


async def test_rows_of_several_tables_are_written_together(database: Database) -> None:
    later = Rows(TABLES["setting"], Present.REPLACE)

    async def write(connection: Connection) -> None:
        await connection.write_all([])
        await connection.write_all([(SETTING, [])])
        await connection.write_all(
            [(SETTING, [("a", "1"), ("b", "1")]), (COUNTER, [("c", 0, 5, 9)]), (later, [("b", "2")])]
        )
        await connection.write_all(
            [(COUNTER, [("c", 0, 6, 9), ("d", 0, 7, 9)]), (KEPT, [("a", "3"), ("e", "3")])]
        )

    await database.transact(write)
    assert await settings(database) == [("a", "1"), ("b", "2"), ("e", "3")]
    counters = await asked(database, "SELECT * FROM counter ORDER BY name")
    assert [tuple(row) for row in counters] == [("c", 0, 6, 9), ("d", 0, 7, 9)]


async def test_what_raises_is_taken_back(database: Database) -> None:
    async def fail(connection: Connection) -> None:
        await connection.write(SETTING, [("a", "1")])
        await connection.run(Statement("UPDATE setting SET value = :v"), [{"v": "2"}])
        assert await connection.claim(KEPT, [("b", "1")]) == [True]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.transact(fail)
    assert await settings(database) == []


async def test_a_failing_statement_takes_back_those_before_it(database: Database) -> None:
    async def fail(connection: Connection) -> None:
        await connection.write(SETTING, [("a", "1")])
        await connection.write(SETTING, [("b", "1"), ("a", "2")])

    with pytest.raises(Exception, match=r"(?i)unique"):
        await database.transact(fail)
    assert await settings(database) == []
    await database.transact(lambda c: c.write(SETTING, [("a", "3")]))
    assert await settings(database) == [("a", "3")]


async def test_a_cancelled_transaction_is_whole_or_not_there(database: Database) -> None:
    """Where the driver waits it is taken back; where it does not, it goes on to its end."""
    begun = asyncio.get_running_loop().create_task(
        database.transact(lambda c: c.write(SETTING, [(f"{n}", "") for n in range(2000)]))
    )
    await asyncio.sleep(0)
    begun.cancel()
    with pytest.raises(asyncio.CancelledError):
        await begun
    await database.transact(lambda c: c.write(Rows(TABLES["setting"], Present.REPLACE), [("0", "")]))
    assert len(await settings(database)) in (1, 2000)


async def test_the_same_key_twice_in_one_batch_is_claimed_once(database: Database) -> None:
    rows = [("a", "1"), ("a", "2"), ("b", "3"), ("a", "4")]
    assert await database.transact(lambda c: c.claim(KEPT, rows)) == [True, False, True, False]
    assert await database.transact(lambda c: c.claim(KEPT, rows)) == [False] * 4
    assert await settings(database) == [("a", "1"), ("b", "3")]


async def test_transactions_side_by_side_claim_a_key_once(database: Database) -> None:
    async def claim(number: int) -> list[bool]:
        rows = [(f"k{key}", f"{number}") for key in range(20)]
        return await database.transact(lambda c: c.claim(KEPT, rows))

    claimed = await asyncio.gather(*(claim(number) for number in range(8)))
    assert [sum(column) for column in zip(*claimed, strict=True)] == [1] * 20


async def test_a_claim_that_is_taken_back_can_be_claimed_again(database: Database) -> None:
    """The trap of savepoints on SQLite: a claim must not outlive its transaction."""

    async def fail(connection: Connection) -> None:
        assert await connection.claim(KEPT, [("a", "1")]) == [True]
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await database.transact(fail)
    assert await database.transact(lambda c: c.claim(KEPT, [("a", "2")])) == [True]


async def test_a_row_that_is_there_is_kept_replaced_or_refused(database: Database) -> None:
    await database.transact(lambda c: c.write(COUNTER, [("stock", 1, 5, 5), ("stock", 2, 5, 5)]))
    await database.transact(lambda c: c.write(COUNTER, [("stock", 2, 4, 5), ("stock", 3, FOREVER, 5)]))
    found = await asked(database, "SELECT name, slot, units_left FROM counter ORDER BY slot")
    assert found == [("stock", 1, 5), ("stock", 2, 4), ("stock", 3, FOREVER)]
    kept = Rows(TABLES["counter"], Present.KEEP)
    await database.transact(lambda c: c.write(kept, [("stock", 1, 9, 9), ("stock", 4, 9, 9)]))
    found = await asked(database, "SELECT slot, units_left FROM counter ORDER BY slot")
    assert found == [(1, 5), (2, 4), (3, FOREVER), (4, 9)]


async def test_columns_written_once_stay(database: Database) -> None:
    once = Rows(TABLES["product"], Present.REPLACE, once=("price_minor",))
    for price, is_sold in ((5, True), (7, False)):
        await database.transact(lambda c, row=("S", "Tea", "tea", price, is_sold, "{}"): c.write(once, [row]))  # type: ignore[misc]  # bound now
    ((price, is_sold),) = await asked(database, "SELECT price_minor, is_sold FROM product")
    assert (price, bool(is_sold)) == (5, False)


async def test_some_columns_of_rows_change_by_their_key(database: Database) -> None:
    await database.transact(lambda c: c.write(COUNTER, [("stock", slot, 5, 9) for slot in (1, 2, 3)]))
    left = Changes(TABLES["counter"], "units_left")
    await database.transact(lambda c: c.write(left, [(4, "stock", 1), (3, "stock", 3), (2, "gone", 2)]))
    await database.transact(lambda c: c.write(left, []))
    found = await asked(database, "SELECT name, slot, units_left, units_of FROM counter ORDER BY slot")
    assert found == [("stock", 1, 4, 9), ("stock", 2, 5, 9), ("stock", 3, 3, 9)]


async def test_many_new_rows_are_written_as_few_are(database: Database) -> None:
    hard = [*HARD, *(f"{number}" for number in range(200))]
    many = [(name or "none", text) for name, text in zip(hard, reversed(hard), strict=True)]
    await database.transact(lambda c: c.write(SETTING, many))
    assert sorted(await settings(database)) == sorted(many)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await database.transact(
            lambda c: c.write(SETTING, [*((f"new {n}", "") for n in range(100)), many[0]])
        )
    assert sorted(await settings(database)) == sorted(many), "nothing of it was written"
    product = Rows(TABLES["product"], Present.FAIL)
    rows = [(f"S{n}", "Tea", "tea", n, n % 2 == 0, "{}") for n in range(100)]
    await database.transact(lambda c: c.write(product, rows))
    ((sold, price),) = await asked(database, "SELECT COUNT(*), SUM(price_minor) FROM product WHERE is_sold")
    assert (sold, int(price)) == (50, 2450)


async def test_a_check_that_does_not_hold_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)check"):
        await database.transact(lambda c: c.write(COUNTER, [("stock", 1, -1, 0)]))


async def test_nothing_to_do_is_nothing(database: Database) -> None:
    await database.transact(lambda c: c.run(Statement("UPDATE setting SET value = :v"), []))
    await database.transact(lambda c: c.write(SETTING, []))
    assert await database.transact(lambda c: c.claim(KEPT, [])) == []


async def test_a_reader_sees_only_what_was_committed(database: Database) -> None:
    seen: list[list[tuple[str, str]]] = []
    await database.transact(lambda c: c.write(SETTING, [("a", "1")]))
    writing = asyncio.get_running_loop().create_task(
        database.transact(lambda c: c.write(SETTING, [(f"b{n:04}", "") for n in range(1000)]))
    )
    while not writing.done():
        seen.append(await settings(database))
    await writing
    assert {len(rows) for rows in seen} <= {1, 1001}


async def test_numbers_are_added_to_those_that_are_there(database: Database) -> None:
    added = Rows(TABLES["counter"], Present.ADD)
    for rows in ([("seen", 1, 5, 0)], [("seen", 1, 2, 0), ("seen", 2, 4, 0)]):
        await database.transact(lambda c, rows=rows: c.write(added, rows))  # type: ignore[misc]  # bound now
    assert await asked(database, "SELECT slot, units_left FROM counter ORDER BY slot") == [(1, 7), (2, 4)]
