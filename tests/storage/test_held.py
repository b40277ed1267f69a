"""What the operator holds back is set once, and every process learns of it."""

from bot.storage import held, revisions
from bot.storage.driver import Database


async def test_names_are_held_back_until_they_are_let_go(database: Database) -> None:
    assert await database.query(held.held) == frozenset()
    await database.transact(lambda c: held.hold(c, "marketing", "g1"))
    await database.transact(lambda c: held.hold(c, "offers", "g2"))
    assert await database.query(held.held) == {"marketing", "offers"}
    assert await database.query(revisions.generation) == "g2"
    assert await database.transact(lambda c: held.let_go(c, "marketing", "g3"))
    assert not await database.transact(lambda c: held.let_go(c, "marketing", "g4"))
    assert await database.query(held.held) == {"offers"}
    assert await database.query(revisions.generation) == "g4"
