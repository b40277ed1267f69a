"""What is read side by side is what is read one by one, in fewer questions; on both databases."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.storage.driver import Asked, Connection, Database, Present, Record, Rows, Statement
from bot.storage.tables import Row
from bot.storage.together import together
from tests.storage.scripted import asked

SETTING = Rows(Row.metadata.tables["setting"], Present.FAIL)
KEPT = Rows(Row.metadata.tables["setting"], Present.KEEP, returning="name")
VALUE = Statement("SELECT s.value, s.name, NULL FROM setting s WHERE s.name = :name")
AFTER = Statement("SELECT s.name FROM setting s WHERE s.name > :name ORDER BY s.name LIMIT :most")
NAMED = Statement("""
    SELECT s.name, s.value FROM @each(keys: name text) JOIN setting s ON s.name = keys.name
    WHERE s.value <> :but ORDER BY s.name
""")
ALL = Statement("SELECT COUNT(*), MAX(s.name) FROM setting s")
JSON = Statement("SELECT (SELECT @rows(s.name, s.value) FROM setting s WHERE s.name = :name)")
MANY: list[Asked] = [
    (VALUE, {"name": "b"}),
    (NAMED, {"keys": [("a",), ("c",)], "but": "1"}),
    (AFTER, {"name": "a", "most": 2}),
    (ALL, {}),
    (VALUE, {"name": "nobody"}),
    (NAMED, {"keys": [], "but": ""}),
    (VALUE, {"name": "a"}),
    (JSON, {"name": "b"}),
    (AFTER, {"name": "b", "most": 1}),
    (JSON, {"name": "a"}),
]


@pytest.fixture
async def settings(database: Database) -> Database:
    """A database with a few settings."""
    values = [("a", "1"), ("b", "it's \\ {2}"), ("c", "中文"), ("d", "")]
    await database.transact(lambda c: c.write(SETTING, values))
    return database


def plain(found: Sequence[Sequence[Record]]) -> list[list[tuple[object, ...]]]:
    """Rows as tuples, whatever the driver makes of them."""
    return [[tuple(row) for row in rows] for rows in found]


async def test_many_statements_find_what_each_finds_alone(settings: Database) -> None:
    alone = [
        await settings.query(lambda c, one=one: c.read(one[0], **one[1]))  # type: ignore[misc]  # bound now
        for one in MANY
    ]
    for many in (MANY, list(reversed(MANY)), MANY[:1], MANY[:2], []):
        found = await settings.query(lambda c, many=many: c.read_all(many))  # type: ignore[misc]  # bound now
        assert plain(found) == plain([alone[MANY.index(one)] for one in many])


async def test_a_claim_beside_reads_says_what_was_new(settings: Database) -> None:
    rows = [("b", "again"), ("e", "5"), ("f", "6")]
    won, found = await settings.transact(lambda c: c.claim_and_read(KEPT, rows, MANY))
    assert won == [False, True, True]
    assert plain(found)[3] == [(4, "d")], "it is read as it was before"
    assert plain(found)[0] == [("it's \\ {2}", "b", None)]
    assert await settings.transact(lambda c: c.claim_and_read(KEPT, rows, [])) == ([False] * 3, [])
    won, found = await settings.transact(lambda c: c.claim_and_read(KEPT, [], MANY[:1]))
    assert (won, plain(found)) == ([], [[("it's \\ {2}", "b", None)]])
    assert await asked(settings, "SELECT COUNT(*) FROM setting") == [(6,)]


@dataclass
class Counted:
    """A connection that counts how often it is asked."""

    inner: Connection
    asked: list[int] = field(default_factory=list)
    is_near: bool = False

    async def read_all(self, many: list[Asked]) -> list[Sequence[Record]]:
        """See `Connection.read_all`."""
        self.asked.append(len(many))
        return await self.inner.read_all(many)


async def follow(connection: Connection, name: str, steps: int) -> str:
    """Go from one setting to the next, so many times."""
    for _ in range(steps):
        ((name,),) = await connection.read(AFTER, name=name, most=1)
        await connection.read(VALUE, name=name)
    return name


async def test_readers_wait_for_one_another_as_often_as_the_longest_asks(settings: Database) -> None:
    async def both(connection: Connection) -> str:
        inner = await together(connection, [lambda c: follow(c, "a", 1), lambda c: follow(c, "b", 0)])
        return "".join(inner)

    async def nothing(_: Connection) -> str:
        return "nothing"

    async def work(connection: Connection) -> tuple[list[str], list[int]]:
        counted = Counted(connection)
        readers = [lambda c: follow(c, "a", 2), both, nothing, lambda c: follow(c, "b", 1)]
        return await together(connection, readers, counted.read_all), counted.asked

    found, first = await settings.query(work)
    assert found == ["c", "bb", "nothing", "c"]
    is_near = settings.dialect == "sqlite"
    assert first == ([0] if is_near else [3]), "`first` is asked once, where nobody waits for nothing"

    async def count(connection: Connection) -> list[int]:
        counted = Counted(connection)
        await together(counted, [lambda c: follow(c, "a", 2), both, nothing])  # type: ignore[arg-type]  # it only reads
        return counted.asked

    assert await settings.query(count) == [2, 2, 1, 1]


async def test_what_one_reader_raises_ends_all(settings: Database) -> None:
    async def fails(connection: Connection) -> str:
        await connection.read(ALL)
        raise ZeroDivisionError

    async def writes(connection: Connection) -> str:
        await connection.write(SETTING, [("z", "26")])
        return ""

    for bad, error in ((fails, ZeroDivisionError), (writes, AssertionError)):
        with pytest.raises(error):
            await settings.transact(lambda c, bad=bad: together(c, [lambda c: follow(c, "a", 2), bad]))  # type: ignore[misc]  # bound now
    assert await asked(settings, "SELECT COUNT(*) FROM setting") == [(4,)]
