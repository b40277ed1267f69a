"""What comes is learnt: counted by every process, added up in the database, and bounded."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.core.tracking.plan import JsonKind
from bot.storage import learnt
from bot.storage.driver import Connection, Database, DatabaseUnavailable
from bot.storage.learnt import EVENTS_MAX, PROPERTIES_MAX, Learnt, Seen
from tests.storage.scripted import NOW, open_at

T = TypeVar("T")
LATER = NOW + timedelta(days=1)
TEXT, NUMBER, LIST, NOTHING = JsonKind.TEXT, JsonKind.NUMBER, JsonKind.LIST, JsonKind.NOTHING


class Gone:
    """A database that nobody reaches."""

    dialect = "sqlite"

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Fail."""
        raise DatabaseUnavailable(str(work))

    query = transact

    async def close(self) -> None:
        """Close nothing."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def test_processes_add_up(database: Database) -> None:
    one, other = Learnt(), Learnt()
    one.saw("Viewed", {"price": 3, "name": "tea"})
    one.saw("Viewed", {"name": "tea", "price": 4})
    one.saw("Viewed", {"price": "4"})
    await one.flush(database, NOW)
    other.saw("Viewed", {"price": None, "tags": []})
    other.saw("Left", {})
    await other.flush(database, LATER)
    await one.flush(database, LATER)  # nothing came since
    left, viewed = await database.query(learnt.read)
    assert (left.name, left.seen, left.properties) == ("Left", Seen(1, frozenset(), LATER, LATER), {})
    assert viewed.seen == Seen(4, frozenset(), NOW, LATER)
    assert viewed.properties == {
        "name": Seen(2, frozenset({TEXT}), NOW, NOW),
        "price": Seen(4, frozenset({NUMBER, TEXT, NOTHING}), NOW, LATER),
        "tags": Seen(1, frozenset({LIST}), LATER, LATER),
    }


async def test_what_is_late_moves_nothing_back(database: Database) -> None:
    for at in (LATER, NOW):
        one = Learnt()
        one.saw("Viewed", {})
        await one.flush(database, at)
    (viewed,) = await database.query(learnt.read)
    assert viewed.seen.last_at == LATER


async def test_a_public_key_cannot_fill_the_table(database: Database) -> None:
    one = Learnt()
    for number in range(EVENTS_MAX + 50):
        one.saw(f"E{number}", {})
    one.saw("E0", {f"p{number}": 1 for number in range(PROPERTIES_MAX + 50)} | {"x" * 201: 1, "": 1})
    await one.flush(database, NOW)
    one.saw("Another", {"a": 1})
    one.saw("E0", {"p0": 1, "a": 1})
    await one.flush(database, NOW)
    events = {one.name: one for one in await database.query(learnt.read)}
    assert len(events) == EVENTS_MAX
    assert len(events["E0"].properties) == PROPERTIES_MAX
    assert events["E0"].properties["p0"].times == 2
    assert "Another" not in events
    assert max(map(len, events["E0"].properties)) < 10


async def test_what_does_not_come_any_more_makes_room(database: Database) -> None:
    one = Learnt()
    one.saw("Old", {"a": 1})
    await one.flush(database, NOW)
    one.saw("New", {})
    await one.flush(database, LATER)
    await database.transact(lambda c: learnt.forget(c, LATER))
    assert [event.name for event in await database.query(learnt.read)] == ["New"]


async def test_what_cannot_be_written_is_kept(database: Database) -> None:
    one = Learnt()
    one.saw("Viewed", {})
    with pytest.raises(DatabaseUnavailable):
        await one.flush(Gone(), NOW)
    await one.flush(database, NOW)
    assert [event.seen.times for event in await database.query(learnt.read)] == [1]
