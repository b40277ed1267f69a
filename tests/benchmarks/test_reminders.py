"""The members of the reminders benchmark are due, each once, and its promises notice what is amiss."""

from asyncio import run
from pathlib import Path

import pytest

from benchmarks.databases import Database, Postgres, Sqlite
from benchmarks.population import multiply
from benchmarks.reminders import LANGUAGES, TEMPLATES, Book, make_templates, promises
from benchmarks.reminding import remind

MEMBERS = TEMPLATES + 50


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Sqlite(tmp_path)
    started = request.getfixturevalue("postgres")
    assert isinstance(started, Postgres)
    return started


def test_everybody_is_reminded_once_in_their_language(database: Database) -> None:
    url = database.fresh("reminders")
    run(make_templates(url))
    multiply(url, range(TEMPLATES), range(TEMPLATES, MEMBERS))

    first = run(remind(url))
    assert first.handled == MEMBERS

    async def ask() -> tuple[list[str], list[str], dict[str, str], float]:
        book = Book(url)
        try:
            return (
                await promises(book, MEMBERS),
                await promises(book, MEMBERS + 1),
                await book.languages(),
                await book.insert_select(),
            )
        finally:
            await book.close()

    broken, seen, bodies, seconds = run(ask())
    assert broken == []
    assert len(seen) == 3  # queued, reminded, noticed: none of them is what it should be
    assert set(bodies) == set(LANGUAGES)
    assert len(set(bodies.values())) == len(LANGUAGES)
    assert seconds > 0

    assert run(remind(url)).handled == 0
