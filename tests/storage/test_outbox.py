"""Messages on their way: claimed once, in order, under a lease; states that only rise; after a restore."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.ids import bucket_of
from bot.core.messages import MessageClass, OutboxState
from bot.core.turn import Turn
from bot.storage import outbox
from bot.storage.driver import Database, Statement
from bot.storage.outbox import Claimed, Outcome
from bot.storage.sqlite import SqliteDatabase
from tests.databases import SqliteDatabases
from tests.storage.scripted import NOW, asked, contacts, turn

LEASE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


async def queued(database: Database, contact_id: str, *bodies: str, at: datetime = NOW) -> None:
    """Let a turn queue messages."""

    def say(turn: Turn) -> None:
        for body in bodies:
            turn.say(body, flow="f", step="s", message_class=MessageClass.REPLY)

    await turn(database, contact_id, f"say {bodies}", say, at)


async def claimed(database: Database, contact_id: str, at: datetime, most: int = 100) -> list[Claimed]:
    bucket = bucket_of(contact_id)
    return await database.transact(lambda c: outbox.claim(c, bucket, at, LEASE, most))


def bodies(messages: Sequence[Claimed]) -> list[str]:
    return [one.message.body for one in messages]


async def states(database: Database) -> dict[str, str]:
    return {row[0]: row[1] for row in await asked(database, "SELECT body, state FROM outbox")}


async def test_messages_are_claimed_once_and_oldest_first(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one", "two")
    await queued(database, contact_id, "three", at=NOW + SECOND)
    due = await database.query(lambda c: outbox.buckets_with_due(c, NOW + SECOND))
    assert due == [bucket_of(contact_id)]
    for body in ("one", "two", "three"):
        got = await claimed(database, contact_id, NOW + SECOND)
        assert bodies(got) == [body]
        assert await claimed(database, contact_id, NOW + SECOND) == []
        sent = [Outcome(one.message, OutboxState.SENT, NOW) for one in got]
        await database.transact(lambda c, sent=sent: outbox.record(c, sent, NOW + SECOND))  # type: ignore[misc]  # bound now


async def test_nothing_leaves_while_an_older_one_is_being_handed_over(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    (first,) = await claimed(database, contact_id, NOW)
    await queued(database, contact_id, "two", at=NOW + SECOND)
    assert await claimed(database, contact_id, NOW + SECOND) == []
    outcome = Outcome(first.message, OutboxState.SENT, NOW, provider_id="SM1", segments=2)
    await database.transact(lambda c: outbox.record(c, [outcome], NOW + SECOND))
    assert bodies(await claimed(database, contact_id, NOW + SECOND)) == ["two"]
    assert await asked(database, "SELECT provider_id, segments FROM outbox WHERE body = 'one'") == [
        ("SM1", 2)
    ]


async def test_workers_side_by_side_never_claim_the_same(database: Database) -> None:
    ids = await contacts(database, 30)
    for contact_id in ids:
        await queued(database, contact_id, f"to {contact_id}")

    async def work() -> list[str]:
        mine = []
        for bucket in await database.query(lambda c: outbox.buckets_with_due(c, NOW)):
            got = await database.transact(lambda c, bucket=bucket: outbox.claim(c, bucket, NOW, LEASE, 2))  # type: ignore[misc]  # bound now
            mine += bodies(got)
        return mine

    got = [body for mine in await asyncio.gather(*(work() for _ in range(5))) for body in mine]
    assert sorted(got) == sorted(f"to {contact_id}" for contact_id in ids)


async def test_a_lease_that_ended_makes_it_unknown_and_it_is_not_sent_again(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    (first,) = await claimed(database, contact_id, NOW)
    await database.transact(lambda c: outbox.give_up_leases(c, NOW + LEASE - SECOND))
    assert await states(database) == {"one": "sending"}
    await database.transact(lambda c: outbox.give_up_leases(c, NOW + LEASE))
    assert await states(database) == {"one": "unknown"}
    assert await claimed(database, contact_id, NOW + 2 * LEASE) == []
    late = Outcome(first.message, OutboxState.SENT, NOW)
    await database.transact(lambda c: outbox.record(c, [late], NOW + 2 * LEASE))
    assert await states(database) == {"one": "sent"}, "who comes late still knows what became of it"


async def test_what_is_held_is_queued_when_its_time_has_come(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    (first,) = await claimed(database, contact_id, NOW)
    later = Outcome(first.message, OutboxState.HELD, NOW + LEASE, reason="quiet_hours")
    await database.transact(lambda c: outbox.record(c, [later], NOW))
    for at, state in ((NOW + LEASE - SECOND, "held"), (NOW + LEASE, "queued")):
        await database.transact(lambda c, at=at: outbox.release_held(c, at))  # type: ignore[misc]  # bound now
        assert await states(database) == {"one": state}


@pytest.mark.parametrize("first", ["sent", "delivered", "undelivered", "failed"])
@pytest.mark.parametrize("second", ["sent", "delivered", "undelivered", "failed"])
async def test_reports_only_raise_a_message(database: Database, first: str, second: str) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    (message,) = await claimed(database, contact_id, NOW)

    async def report(state: str) -> bool:
        found = await database.transact(
            lambda c: outbox.report(
                c,
                contact_id,
                message.message.id,
                OutboxState(state),
                NOW,
                provider_id="SM1",
                segments=None,
                error_code=None,
            )
        )
        return found is not None

    assert await report(first)
    rises = first == "sent" and second != "sent"
    assert await report(second) is rises
    assert await states(database) == {"one": second if rises else first}


async def test_after_a_restore_nothing_that_may_have_left_is_sent_again(database: Database) -> None:
    """Neither what was in hand under a running lease nor an answer on its way in a webhook's response."""
    ids = await contacts(database, 2)
    await queued(database, ids[0], "in hand")
    await claimed(database, ids[0], NOW)
    await queued(database, ids[1], "waits", "told")
    await database.transact(
        lambda c: c.run(Statement("UPDATE outbox SET state = 'delivered' WHERE body = 'told'"), [{}])
    )
    assert await database.transact(lambda c: outbox.after_restore(c, NOW + SECOND)) == 1
    assert await states(database) == {"in hand": "unknown", "waits": "queued", "told": "delivered"}
    assert await asked(database, "SELECT lease_until FROM outbox WHERE body = 'in hand'") == [(None,)]
    assert await database.transact(lambda c: outbox.after_restore(c, NOW + SECOND)) == 0


async def test_a_copy_made_while_a_message_was_in_hand_knows_that_it_may_have_left(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    database = SqliteDatabase((await sqlite_databases.create()).partition(":///")[2])
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    (first,) = await claimed(database, contact_id, NOW)
    await database.backup(str(tmp_path / "copy.sqlite"))
    sent = Outcome(first.message, OutboxState.SENT, NOW, provider_id="SM1")
    await database.transact(lambda c: outbox.record(c, [sent], NOW))
    await database.close()
    restored = SqliteDatabase(str(tmp_path / "copy.sqlite"))
    assert await states(restored) == {"one": "sending"}
    await restored.transact(lambda c: outbox.after_restore(c, NOW + SECOND))
    assert await claimed(restored, contact_id, NOW + 2 * LEASE) == []
    assert await states(restored) == {"one": "unknown"}
    await restored.close()
