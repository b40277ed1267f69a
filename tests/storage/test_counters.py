"""Units of a counter: nobody gets one too many, and what was taken for nothing goes back."""

import asyncio

import pytest

from bot.conversation.batch import Batch
from bot.core.turn import Turn
from bot.storage import counters
from bot.storage.driver import Database
from tests.storage.scripted import Script, contacts, conversation, turn, work


async def left(database: Database, name: str) -> int | None:
    return (await database.query(lambda c: counters.left(c, [name]))).get(name)


def _take(turn: Turn, units: int, of: int) -> None:
    turn.take("d", units, of=of)


async def test_a_turn_takes_what_there_is_and_no_more(database: Database) -> None:
    (contact,) = await contacts(database)
    got: list[tuple[int, int, int]] = []

    def deed(turn: Turn) -> None:
        first = turn.take("budget/x", 30, of=50)
        refused = turn.take("budget/x", 30, of=50)
        rest = turn.take("budget/x", 30, of=50, partial=True)
        got.append((first, refused, rest))

    await turn(database, contact, "t1", deed)
    assert got[-1] == (30, 0, 20)
    assert await left(database, "budget/x") == 0


async def test_another_limit_changes_what_is_left_by_the_difference(database: Database) -> None:
    (contact,) = await contacts(database)
    for key, limit, expected in (("t1", 50, 40), ("t2", 80, 60), ("t3", 15, 0)):
        await turn(database, contact, key, lambda turn, limit=limit: _take(turn, 10, limit))  # type: ignore[misc]  # bound now
        assert await left(database, "d") == expected


async def test_a_limit_that_falls_and_rises_again_lets_nothing_be_taken_twice(database: Database) -> None:
    (contact,) = await contacts(database)
    for key, limit, expected in (("t1", 20, 10), ("t2", 20, 0), ("t3", 5, 0), ("t4", 5, 0), ("t5", 20, 0)):
        await turn(database, contact, key, lambda turn, limit=limit: _take(turn, 10, limit))  # type: ignore[misc]  # bound now
        assert await left(database, "d") == expected, key


async def test_what_a_turn_did_not_use_goes_back(database: Database) -> None:
    """It takes ten while it does not know of the orders, and changes its mind once it does."""
    (contact,) = await contacts(database)

    def deed(turn: Turn) -> None:
        if "orders" not in turn.snapshot.more:
            turn.take("stock/tea", 10, of=12)
        turn.orders()

    await turn(database, contact, "t1", deed)
    assert await left(database, "stock/tea") == 12


async def test_a_turn_that_starts_over_gives_back_what_it_took(database: Database) -> None:
    (contact,) = await contacts(database)

    def deed(turn: Turn) -> None:
        turn.take("stock/tea", 10, of=12)
        turn.start_over()

    await turn(database, contact, "t1", deed)
    assert await left(database, "stock/tea") == 12


async def test_units_are_given_back_once(database: Database) -> None:
    (contact,) = await contacts(database)
    await turn(database, contact, "t1", lambda turn: _take(turn, 3, 5))
    for _ in range(2):  # the same cause, twice
        await turn(database, contact, "t2", lambda turn: turn.give_back("d", 2))
    assert await left(database, "d") == 4


async def test_a_failing_turn_takes_nothing(database: Database) -> None:
    (contact,) = await contacts(database)

    def deed(turn: Turn) -> None:
        turn.take("d", 3, of=5)
        raise ZeroDivisionError

    with pytest.raises(Exception, match="start"):
        await turn(database, contact, "t1", deed)
    assert await left(database, "d") is None


async def test_a_hundred_at_once_get_ten(database: Database) -> None:
    members = await contacts(database, 100)
    got: dict[str, int] = {}

    def deed(turn: Turn) -> None:
        got[turn.contact.id] = turn.take("drop/friday", 1, of=10)

    script = Script(dict.fromkeys(members, deed))
    batches = [
        Batch(conversation(script), [work(member, member) for member in members[at : at + 5]])
        for at in range(0, 100, 5)
    ]
    await asyncio.gather(*(database.transact(batch.run) for batch in batches))
    assert sum(got.values()) == 10
    assert await left(database, "drop/friday") == 0
