"""What an operator does to whole flows is set once, and every process learns of it."""

from bot.core.flow.halts import Halt
from bot.storage import halts, revisions
from bot.storage.driver import Database


async def test_a_flow_is_halted_until_it_is_not(database: Database) -> None:
    assert await database.query(halts.halted) == {}
    assert await database.transact(lambda c: halts.change(c, "a", Halt.PAUSED, "g1")) is None
    assert await database.transact(lambda c: halts.change(c, "b", Halt.DRAINING, "g2")) is None
    assert await database.transact(lambda c: halts.change(c, "a", Halt.DRAINING, "g3")) is Halt.PAUSED
    assert await database.query(halts.halted) == {"a": Halt.DRAINING, "b": Halt.DRAINING}
    assert await database.query(revisions.generation) == "g3"
    assert await database.transact(lambda c: halts.change(c, "a", None, "g4")) is Halt.DRAINING
    assert await database.query(halts.halted) == {"b": Halt.DRAINING}
