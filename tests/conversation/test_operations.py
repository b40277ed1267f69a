"""Operations: asked for with a key, done once, answered the same, refused without a trace."""

from collections.abc import AsyncIterator

import pytest

from bot.conversation.batch import Batch
from bot.conversation.operations import Body, operate, operation_work
from bot.conversation.work import Result
from bot.core.contact import JsonValue
from bot.core.errors import Refused, TellMember
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage.driver import Database, Statement
from tests.storage.scripted import NOW, Script, contacts, conversation, open_at


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def note(turn: Turn, body: Body) -> Body:
    """Do something, and refuse what is too much afterwards."""
    turn.track("Noted", {})
    turn.take("notes", 1, of=10)
    if body["n"] == 2:
        raise Refused("two is too much", "ask for one", 422)
    if body["n"] == 3:
        raise TellMember("three", limit=2)
    return {"n": body["n"], "event": len(turn.effects.events)}


async def ask(database: Database, contact: str, n: JsonValue, key: str = "k1") -> Result:
    """Ask for a note."""
    work = operation_work("note", {"n": n}, key=key, at=NOW, contact_id=contact, operations={"note": note})
    script = Script({key: lambda turn: operate(turn, {"note": note})})
    (result,) = await database.transact(Batch(conversation(script), [work]).run)
    assert result is not None
    return result


async def count(database: Database, table: str) -> int:
    found = await database.query(lambda c: c.read(Statement(f"SELECT COUNT(*) FROM {table}")))  # noqa: S608  # ours
    return int(found[0][0])


async def test_an_operation_is_done_once_and_answered_the_same(database: Database) -> None:
    (contact,) = await contacts(database)
    first = await ask(database, contact, 1)
    again = await ask(database, contact, 1)
    assert first.result == again.result == {"n": 1, "event": 1}
    assert (first.is_duplicate, again.is_duplicate, again.is_conflict) == (False, True, False)
    assert await count(database, "event") == 1


async def test_another_request_with_the_same_key_is_a_conflict(database: Database) -> None:
    (contact,) = await contacts(database)
    await ask(database, contact, 1)
    assert (await ask(database, contact, 4)).is_conflict
    assert await count(database, "event") == 1


@pytest.mark.parametrize(
    ("n", "problem"),
    [
        (2, {"status": 422, "what": "two is too much", "remedy": "ask for one"}),
        (3, {"status": 409, "code": "three", "facts": {"limit": 2}}),
    ],
)
async def test_a_refusal_leaves_its_reason_and_nothing_else(
    database: Database, n: int, problem: dict[str, JsonValue]
) -> None:
    (contact,) = await contacts(database)
    for _ in range(2):
        assert (await ask(database, contact, n)).result == {"problem": problem}
    assert await count(database, "event") == 0
    await ask(database, contact, 1, "k2")
    found = await database.query(lambda c: c.read(Statement("SELECT units_left FROM counter")))
    assert [tuple(row) for row in found] == [(9,)]


async def test_a_stranger_becomes_a_contact_without_any_consent(database: Database) -> None:
    work = operation_work(
        "note", {"n": 1}, key="k1", at=NOW, address=("sms", "+12125550177"), operations={"note": note}
    )
    script = Script({"k1": lambda turn: operate(turn, {"note": note})})
    (result,) = await database.transact(Batch(conversation(script), [work]).run)
    assert result is not None
    assert result.result == {"n": 1, "event": 1}
    assert (await count(database, "contact"), await count(database, "subscription")) == (1, 0)


async def test_what_is_left_for_another_contact_is_stored_with_the_turn(database: Database) -> None:
    giver, taker = await contacts(database, 2)
    gift = Trigger("gift:1", TriggerKind.START, NOW, {"flow": "gift"})
    script = Script({"k1": lambda turn: turn.tell(taker, gift)})
    work = operation_work("note", {"n": 1}, key="k1", at=NOW, contact_id=giver, operations={"note": note})
    await database.transact(Batch(conversation(script), [work]).run)
    found = await database.query(
        lambda c: c.read(Statement("SELECT contact, kind, state FROM \"trigger\" WHERE kind = 'relay'"))
    )
    assert [tuple(row) for row in found] == [(giver, "relay", "new")]
