"""Figures follow every change of a message, whoever makes it, and a recount agrees each time."""

from datetime import timedelta

from bot.core.ids import bucket_of
from bot.core.messages import MessageClass, OutboxState
from bot.storage import message_marks, outbox, turns, unknown
from bot.storage.driver import Connection, Database, Statement
from bot.storage.interventions import Intervention, Which, intervene
from bot.storage.step_figures import SLOTS, Changing, recount, write
from tests.storage.scripted import NOW, asked
from tests.storage.test_interventions import queued

LATER = NOW + timedelta(minutes=5)


async def figures(database: Database) -> dict[str, int]:
    """Figures of the flow, without those that came to nothing; they agree with a recount."""
    assert await recount(database, "UTC") == []
    found = await asked(database, "SELECT what, SUM(times) FROM step_figure WHERE flow = 'f' GROUP BY what")
    return {what: int(times) for what, times in found if times}


async def test_what_operators_providers_and_readers_do_changes_figures_with_it(database: Database) -> None:
    said = [(body, "f", MessageClass.REPLY) for body in ("one", "two", "three", "four")]
    first, second, third, _ = await queued(database, *said)
    ((contact_id,),) = await asked(database, "SELECT id FROM contact")
    assert await figures(database) == {"sent": 4}

    await intervene(database, Intervention.CANCEL, Which(ids=[first, second]), NOW, at_once=1)
    assert await figures(database) == {"sent": 2, "canceled": 2}
    await intervene(database, Intervention.REPLAY, Which(ids=[first]), NOW)
    assert await figures(database) == {"sent": 3, "canceled": 1}

    async def hand_over(message: str, state: OutboxState) -> None:
        bucket, lease = bucket_of(contact_id), timedelta(minutes=1)
        (one,) = await database.transact(lambda c: outbox.claim(c, bucket, LATER, lease, 1))
        assert one.message.id == message
        outcome = outbox.Outcome(one.message, state, LATER, provider_id="SM1")

        async def record(connection: Connection) -> None:
            changing = await Changing.of(connection, [(contact_id, message)])
            await outbox.record(connection, [outcome], LATER)
            await changing.count(connection)

        await database.transact(record)

    await hand_over(first, OutboxState.SENT)
    await hand_over(third, OutboxState.UNKNOWN)
    assert await figures(database) == {"sent": 3, "canceled": 1, "handed": 1, "segments": 1}
    await database.transact(lambda c: message_marks.note_click(c, contact_id, first, LATER))
    await database.transact(lambda c: message_marks.note_click(c, contact_id, first, LATER))
    await database.transact(lambda c: unknown.end(c, contact_id, third, LATER, "never taken", "asked"))
    assert await figures(database) == {
        "sent": 3,
        "canceled": 1,
        "handed": 1,
        "segments": 1,
        "clicked": 1,
        "failed:other": 1,
    }
    assert not await database.transact(lambda c: turns.settle_inline(c, [(contact_id, first)], LATER))


async def test_answers_that_are_settled_together_count_each(database: Database) -> None:
    """They mostly stand alike and are counted by how they stand; one of another length is not forgotten."""
    said = [(body, "f", MessageClass.REPLY) for body in ("one", "two", "three", "four")]
    messages = await queued(database, *said)
    ((contact_id,),) = await asked(database, "SELECT id FROM contact")
    leaving = Statement("UPDATE outbox SET state = 'sending', segments = :segments WHERE id = :id")
    lengths = [{"id": message, "segments": 1 + (message == messages[1])} for message in messages]
    await database.transact(lambda c: c.run(leaving, lengths))

    async def settle(connection: Connection) -> None:
        handed = [(contact_id, message) for message in messages]
        await write(connection, await turns.settle_inline(connection, handed, LATER), SLOTS + 3)

    await database.transact(settle)
    assert await figures(database) == {"sent": 4, "handed": 4, "segments": 4}
    lengths_counted = await asked(database, "SELECT SUM(amount) FROM step_figure WHERE what = 'segments'")
    assert int(lengths_counted[0][0]) == 5
    # Where there is one writer nobody is to be kept out of anybody's way.
    slots = await asked(database, "SELECT slot FROM step_figure WHERE what = 'handed'")
    assert slots == [(0 if database.dialect == "sqlite" else 3,)]
