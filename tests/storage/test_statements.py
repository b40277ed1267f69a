"""Every statement that the storage keeps is one that both databases understand."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import asyncpg
import pytest

import bot.storage
from bot.storage.driver import Rows, Statement


def kept(value: object) -> Iterator[Statement | Rows]:
    """Statements in a module's name, or in the values of a table of them."""
    if isinstance(value, (Statement, Rows)):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from kept(inner)
    elif isinstance(value, (tuple, list)):
        for inner in value:
            yield from kept(inner)


def statements() -> dict[str, Statement | Rows]:
    found: dict[str, Statement | Rows] = {}
    for module in pkgutil.iter_modules(bot.storage.__path__, "bot.storage."):
        if module.ispkg:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for number, statement in enumerate(kept(value)):
                found[f"{module.name.removeprefix('bot.storage.')}.{name}.{number}"] = statement
    return found


async def problem_of(url: str, statement: Statement | Rows) -> str:
    """What the database says of it without running it; empty when it is understood."""
    try:
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.partition(":///")[2])) as raw:
                order = statement.sqlite_order if isinstance(statement, Statement) else statement.columns
                raw.execute(f"EXPLAIN {statement.sqlite}", [None] * len(order))
        else:
            connection = await asyncpg.connect(url.replace("+asyncpg", ""))
            try:
                await connection.prepare(statement.postgres)
            finally:
                await connection.close()
    except (sqlite3.Error, asyncpg.PostgresError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


async def test_both_databases_understand_every_statement(database_url: str) -> None:
    found = statements()
    assert len(found) > 60
    # What an operator is told of one database alone says so in its name.
    other = "._POSTGRES_" if database_url.startswith("sqlite") else "._SQLITE_"
    problems = {name: await problem_of(database_url, one) for name, one in found.items() if other not in name}
    assert {name: problem for name, problem in problems.items() if problem} == {}


@pytest.mark.parametrize("sql", ["SELECT nothing FROM contact", "SELECT c.id FROM contact c JOIN wallet c"])
async def test_a_statement_that_is_wrong_is_seen(database_url: str, sql: str) -> None:
    assert await problem_of(database_url, Statement(sql))
