"""Several statements that read, asked of PostgreSQL as one: its protocol answers one at a time.

Each becomes an array of rows in the one row that comes back. A statement that is asked for several times,
with other parameters each time, is written once and run for each row of a table of these, so that the text
is the same however many ask: PostgreSQL plans a text once for each connection.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from bot.storage.driver import Asked, Record, Statement, postgres_parameters

_PARAMETER = re.compile(r"\$(\d+)")
_types: dict[Statement, tuple[str, ...]] = {}
"""The types of a statement's parameters, which PostgreSQL knows from where they stand."""


async def read_at_once(
    raw: Any,  # noqa: ANN401  # asyncpg's pooled proxy has no public type
    many: Sequence[Asked],
    *,
    claiming: tuple[str, Sequence[object]] = ("", ()),
) -> tuple[list[Sequence[Record]], Sequence[Record]]:
    """Run them all on asyncpg's connection; returns the rows of each.

    `claiming` is an insert that returns keys, with its arrays: it is run beside them, and these come last.
    """
    asked: dict[Statement, list[int]] = {}
    alone: list[int] = []
    for number, (statement, _) in enumerate(many):
        if statement.tables or not statement.postgres_order:
            alone.append(number)
        else:
            asked.setdefault(statement, []).append(number)
    for statement in asked:
        if statement not in _types:
            prepared = await raw.prepare(statement.postgres)
            _types[statement] = tuple(one.name for one in prepared.get_parameters())
    # In an order of their own, so that the same statements are the same text whoever asks first.
    alone.sort(key=lambda number: many[number][0].postgres)
    often = sorted(asked.items(), key=lambda one: one[0].postgres)
    insert, inserted = claiming
    text = _text(insert, tuple(many[number][0] for number in alone), tuple(one for one, _ in often))
    values = [*inserted, *(one for number in alone for one in postgres_parameters(*many[number]))]
    for _, numbers in often:
        values += _columns(postgres_parameters(*many[number]) for number in numbers)
    row = await raw.fetchrow(text, *values)
    found: list[Sequence[Record]] = [()] * len(many)
    for number, rows in zip(alone, row, strict=False):
        found[number] = rows
    for (_, numbers), each in zip(often, row[len(alone) : len(alone) + len(often)], strict=True):
        for number, (rows,) in zip(numbers, each, strict=True):
            found[number] = rows
    return found, row[-1] if insert else ()


@lru_cache(maxsize=1024)
def _text(insert: str, alone: tuple[Statement, ...], often: tuple[Statement, ...]) -> str:
    parts, before = [], len(set(_PARAMETER.findall(insert)))
    for statement in alone:
        inner = _PARAMETER.sub(lambda one, before=before: f"${int(one[1]) + before}", statement.postgres)  # type: ignore[misc]  # bound now
        parts.append(f"ARRAY(SELECT whole FROM ({inner}) AS whole)")  # noqa: S608  # our own statements, here and below
        before += len(set(_PARAMETER.findall(statement.postgres)))
    for statement in often:
        types = _types[statement]
        arrays = ", ".join(f"${before + number}::{kind}[]" for number, kind in enumerate(types, 1))
        names = ", ".join(f"p{number}" for number in range(1, len(types) + 1))
        inner = _PARAMETER.sub(r"each_asked.p\1", statement.postgres)
        parts.append(
            f"ARRAY(SELECT ROW(ARRAY(SELECT whole FROM ({inner}) AS whole))"  # noqa: S608
            f" FROM unnest({arrays}) WITH ORDINALITY AS each_asked({names}, number) ORDER BY number)"
        )
        before += len(types)
    if not insert:
        return f"SELECT {', '.join(parts)}"
    parts.append("ARRAY(SELECT claimed FROM claimed)")
    return f"WITH claimed AS ({insert}) SELECT {', '.join(parts)}"


def _columns(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
