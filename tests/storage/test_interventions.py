"""What an operator does to messages: it reaches those that wait, or have failed, and no others."""

from datetime import timedelta

import pytest

from bot.core.ids import bucket_of
from bot.core.messages import Lane, MessageClass, OutboxState
from bot.core.turn import Turn
from bot.storage import outbox
from bot.storage.driver import Database, Statement
from bot.storage.interventions import KNOWN_AFTER, TOUCHES, Intervention, Which, intervene
from tests.storage.scripted import NOW, asked, contacts, turn

LEASE = timedelta(minutes=1)
ALL = Which()


async def queued(database: Database, *said: tuple[str, str, MessageClass]) -> list[str]:
    """Let a turn queue messages (body, flow, class); returns the contact's messages, oldest first."""
    (contact_id,) = await contacts(database)

    def say(turn: Turn) -> None:
        for body, flow, message_class in said:
            turn.say(body, flow=flow, step="s", message_class=message_class)

    await turn(database, contact_id, "say", say)
    found = await asked(
        database, "SELECT id FROM outbox WHERE contact = :contact ORDER BY id", contact=contact_id
    )
    return [row[0] for row in found]


async def states(database: Database) -> dict[str, tuple[str, str | None]]:
    found = await asked(database, "SELECT body, state, reason FROM outbox")
    return {row[0]: (row[1], row[2]) for row in found}


async def put(database: Database, message_id: str, state: str) -> None:
    statement = Statement("UPDATE outbox SET state = :state, provider_id = 'SM1' WHERE id = :id")
    await database.transact(lambda c: c.run(statement, [{"state": state, "id": message_id}]))


@pytest.mark.parametrize("what", Intervention)
@pytest.mark.parametrize("state", OutboxState)
async def test_only_what_it_is_for_is_touched(
    database: Database, what: Intervention, state: OutboxState
) -> None:
    (message_id,) = await queued(database, ("one", "f", MessageClass.REPLY))
    if what is Intervention.RELEASE:
        await intervene(database, Intervention.HOLD, ALL, NOW)
    await put(database, message_id, state.value)
    done = await intervene(database, what, ALL, NOW)
    assert done == ([message_id] if state in TOUCHES[what] else [])
    if state not in TOUCHES[what]:
        assert (await states(database))["one"][0] == state


async def test_by_id_by_flow_by_lane(database: Database) -> None:
    first, second, third = await queued(
        database,
        ("one", "welcome", MessageClass.REPLY),
        ("two", "offer", MessageClass.REPLY),
        ("three", "offer", MessageClass.REQUIRED),
    )
    assert await intervene(database, Intervention.HOLD, Which(ids=[first, "f" * 32]), NOW) == [first]
    required = Which(flow="offer", lanes=[Lane.REQUIRED])
    assert await intervene(database, Intervention.CANCEL, required, NOW) == [third]
    assert await intervene(database, Intervention.CANCEL, Which(ids=[]), NOW) == []
    assert await intervene(database, Intervention.CANCEL, Which(flow="offer"), NOW) == [second]
    assert await states(database) == {
        "one": ("held", "held_by_operator"),
        "two": ("canceled", "canceled by an operator"),
        "three": ("canceled", "canceled by an operator"),
    }


async def test_what_an_operator_holds_is_not_released_by_the_clock(database: Database) -> None:
    (message_id,) = await queued(database, ("one", "f", MessageClass.REPLY))
    await intervene(database, Intervention.HOLD, ALL, NOW)
    bucket, later = bucket_of(message_id), NOW + timedelta(days=999)
    assert await database.transact(lambda c: outbox.release_held(c, bucket, later, 9)) == 0
    assert (await states(database))["one"][0] == "held"
    released = NOW + timedelta(hours=1)
    assert await intervene(database, Intervention.RELEASE, ALL, released) == [message_id]
    for at, number in ((released, 0), (released + KNOWN_AFTER, 1)):
        claimed = await database.transact(lambda c, at=at: outbox.claim(c, bucket, at, LEASE, 9))  # type: ignore[misc]  # bound now
        assert len(claimed) == number, "not before every process knows that its name is held back no longer"


async def test_what_the_gate_holds_is_not_an_operators_to_release(database: Database) -> None:
    (message_id,) = await queued(database, ("one", "f", MessageClass.REPLY))
    await put(database, message_id, "held")
    assert await intervene(database, Intervention.RELEASE, ALL, NOW) == []


async def test_a_replay_begins_anew_and_ignores_what_is_still_said_of_the_old_one(database: Database) -> None:
    (message_id,) = await queued(database, ("one", "f", MessageClass.REPLY))
    ((contact_id,),) = await asked(database, "SELECT contact FROM outbox")
    await put(database, message_id, "undelivered")
    await intervene(database, Intervention.REPLAY, ALL, NOW)
    found = await asked(database, "SELECT state, attempts, provider_id, earlier_ids FROM outbox")
    assert found == [("queued", 0, None, "SM1")]
    told = await database.transact(
        lambda c: outbox.report(
            c,
            contact_id,
            message_id,
            OutboxState.UNDELIVERED,
            NOW,
            provider_id="SM1",
            segments=None,
            error_code="30003",
        )
    )
    assert told is None
    assert (await states(database))["one"][0] == "queued"


@pytest.mark.parametrize("what", Intervention)
async def test_many_are_changed_part_by_part_each_once(database: Database, what: Intervention) -> None:
    ids = await queued(database, *((f"text {number}", "f", MessageClass.REPLY) for number in range(5)))
    state = TOUCHES[what][0]
    for one in ids:
        await put(database, one, state.value)
    if what is Intervention.RELEASE:
        reason = Statement("UPDATE outbox SET reason = 'held_by_operator'")
        await database.transact(lambda c: c.run(reason, [{}]))
    done = await intervene(database, what, ALL, NOW, at_once=2)
    assert sorted(done) == ids
    assert {one for one, _ in (await states(database)).values()} != {state.value}
    assert await intervene(database, what, ALL, NOW, at_once=2) == []
