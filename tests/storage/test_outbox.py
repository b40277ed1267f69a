"""Messages on their way: claimed once, in order, under a lease; states that only rise; after a restore."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.ids import bucket_of
from bot.core.messages import Lane, MessageClass, OutboxState
from bot.core.turn import Turn
from bot.storage import outbox, unsent
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
    bucket = bucket_of(contact_id)
    for at, state in ((NOW + LEASE - SECOND, "held"), (NOW + LEASE, "queued")):
        await database.transact(lambda c, at=at: outbox.release_held(c, bucket, at, 9))  # type: ignore[misc]  # bound now
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


HOUR = timedelta(hours=1)


async def said(
    database: Database, contact_id: str, body: str, message_class: MessageClass, at: datetime = NOW
) -> None:
    """Let a turn of its own queue a message of that class, whatever the gate would say."""
    await queued(database, contact_id, body, at=at)
    lane = {
        MessageClass.REQUIRED: 0,
        MessageClass.REPLY: 1,
        MessageClass.SERVICE: 2,
        MessageClass.MARKETING: 3,
    }
    change = Statement("UPDATE outbox SET message_class = :message_class, lane = :lane WHERE body = :body")
    values = {"message_class": message_class.value, "lane": lane[message_class], "body": body}
    await database.transact(lambda c: c.run(change, [values]))


async def came_back(database: Database, one: Claimed, due_at: datetime, at: datetime = NOW) -> None:
    """Record that a message is tried again later."""
    outcome = Outcome(one.message, OutboxState.QUEUED, due_at, reason="busy")
    await database.transact(lambda c: outbox.record(c, [outcome], at))


async def test_the_most_urgent_leaves_first(database: Database) -> None:
    (contact_id,) = await contacts(database)
    for body, message_class in (
        ("offer", MessageClass.MARKETING),
        ("receipt", MessageClass.SERVICE),
        ("answer", MessageClass.REPLY),
        ("stopped", MessageClass.REQUIRED),
    ):
        await said(database, contact_id, body, message_class)
    assert bodies(await claimed(database, contact_id, NOW)) == ["stopped", "answer", "receipt", "offer"]


async def test_a_bulk_message_in_trouble_never_holds_back_what_stop_is_answered(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await said(database, contact_id, "offer", MessageClass.MARKETING)
    (offer,) = await claimed(database, contact_id, NOW)
    await said(database, contact_id, "stopped", MessageClass.REQUIRED)
    (stopped,) = await claimed(database, contact_id, NOW)
    assert stopped.message.body == "stopped", "not even while it is being handed over"
    await came_back(database, offer, NOW + HOUR)
    await said(database, contact_id, "stopped again", MessageClass.REQUIRED, NOW + SECOND)
    assert await claimed(database, contact_id, NOW + SECOND) == [], "but behind what is as urgent"
    sent = Outcome(stopped.message, OutboxState.SENT, NOW)
    await database.transact(lambda c: outbox.record(c, [sent], NOW))
    assert bodies(await claimed(database, contact_id, NOW + SECOND)) == ["stopped again"]


@pytest.mark.parametrize(("wait", "free"), [(timedelta(seconds=15), []), (HOUR, ["another"])])
async def test_order_is_worth_a_minute_and_not_an_hour(
    database: Database, wait: timedelta, free: list[str]
) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "first", "its second part")
    (first,) = await claimed(database, contact_id, NOW)
    await came_back(database, first, NOW + wait)
    await queued(database, contact_id, "another", at=NOW + SECOND)
    assert bodies(await claimed(database, contact_id, NOW + SECOND)) == free
    later = await claimed(database, contact_id, NOW + wait)
    assert bodies(later) == ["first"], "the parts of one answer stay in order however long it takes"


async def test_what_is_scheduled_holds_nothing_back(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "tomorrow")
    await database.transact(
        lambda c: c.run(Statement("UPDATE outbox SET due_at = due_at + 86400000000"), [{}])
    )
    await queued(database, contact_id, "today", at=NOW + SECOND)
    assert bodies(await claimed(database, contact_id, NOW + SECOND)) == ["today"]


async def test_attempts_count_only_what_is_handed_over(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    bucket = bucket_of(contact_id)

    async def nobody(_connection: object, _due: list[Claimed]) -> list[Claimed]:
        return []

    assert not await database.transact(lambda c: outbox.claim(c, bucket, NOW, LEASE, 9, choose=nobody))
    assert await asked(database, "SELECT state, attempts FROM outbox") == [("queued", 0)]
    await claimed(database, contact_id, NOW)
    assert await asked(database, "SELECT state, attempts FROM outbox") == [("sending", 1)]


async def test_messages_of_a_resting_sender_do_not_hide_the_others(database: Database) -> None:
    ids = await contacts(database, 1)
    for number in range(3):
        await queued(database, ids[0], f"message {number}", at=NOW + number * SECOND)
    change = Statement("UPDATE outbox SET sender = 'MG1' WHERE body = 'message 2'")
    await database.transact(lambda c: c.run(change, [{}]))
    await database.transact(
        lambda c: c.run(Statement("UPDATE outbox SET state = 'held' WHERE body = 'message 1'"), [{}])
    )
    bucket = bucket_of(ids[0])
    at = NOW + 5 * SECOND
    ((sender,),) = await asked(database, "SELECT sender FROM outbox WHERE body = 'message 0'")
    free = await database.transact(lambda c: outbox.claim(c, bucket, at, LEASE, 1, resting=[sender]))
    assert free == [], "order within one contact goes before"
    free = await database.transact(lambda c: outbox.claim(c, bucket, at, LEASE, 1, resting=["MG1"]))
    assert bodies(free) == ["message 0"]


async def test_an_answer_that_a_report_overtook_adds_what_it_did_not_say(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    (one,) = await claimed(database, contact_id, NOW)
    await database.transact(
        lambda c: outbox.report(
            c,
            contact_id,
            one.message.id,
            OutboxState.DELIVERED,
            NOW,
            provider_id="SM1",
            segments=None,
            error_code=None,
        )
    )
    late = Outcome(one.message, OutboxState.SENT, NOW, provider_id="SM1", segments=3, handed_at=NOW)
    await database.transact(lambda c: outbox.record(c, [late], NOW))
    found = await asked(database, "SELECT state, provider_id, segments FROM outbox")
    assert found == [("delivered", "SM1", 3)]


async def test_the_answer_to_an_earlier_hand_over_says_nothing_of_this_one(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await queued(database, contact_id, "one")
    (one,) = await claimed(database, contact_id, NOW)
    await database.transact(
        lambda c: outbox.try_again(
            c,
            contact_id,
            one.message.id,
            NOW,
            due_at=NOW + SECOND,
            provider_id="SM1",
            error_code="30008",
            evidence="",
        )
    )
    late = Outcome(one.message, OutboxState.SENT, NOW, provider_id="SM1", handed_at=NOW)
    await database.transact(lambda c: outbox.record(c, [late], NOW))
    assert await states(database) == {"one": "queued"}
    assert len(await claimed(database, contact_id, NOW + SECOND)) == 1
    await database.transact(lambda c: outbox.record(c, [late], NOW + SECOND))
    assert await states(database) == {"one": "sending"}
    assert await asked(database, "SELECT provider_id, earlier_ids FROM outbox") == [(None, "SM1")]


async def test_how_long_each_lane_waits(database: Database) -> None:
    ids = await contacts(database, 2)
    await said(database, ids[0], "answer", MessageClass.REPLY, NOW + HOUR)
    await said(database, ids[0], "offer", MessageClass.MARKETING, NOW + SECOND)
    await said(database, ids[1], "older offer", MessageClass.MARKETING, NOW)
    assert await database.query(lambda c: unsent.waiting_since(c, NOW + SECOND)) == {Lane.BULK: NOW}
    assert await database.query(lambda c: unsent.waiting_since(c, NOW + HOUR)) == {
        Lane.BULK: NOW,
        Lane.REPLY: NOW + HOUR,
    }


async def test_few_are_claimed_of_several_buckets_at_once_and_in_order(database: Database) -> None:
    ids = await contacts(database, 5)
    for number, contact_id in enumerate(ids):
        await queued(database, contact_id, f"{number} first", f"{number} second", at=NOW + number * SECOND)
    buckets = [bucket_of(contact_id) for contact_id in ids[:4]]
    at = NOW + 9 * SECOND

    async def few(most: int, lanes: Sequence[Lane] = (Lane.REQUIRED, Lane.REPLY)) -> list[Claimed]:
        return await database.transact(lambda c: outbox.claim_few(c, buckets, at, LEASE, most, lanes=lanes))

    assert await few(9, [Lane.BULK]) == []
    got = await few(3)
    assert bodies(got) == ["0 first", "1 first", "2 first"]
    assert [one.is_followed for one in got] == [True] * 3
    assert [one.contact.id for one in got] == ids[:3]
    assert bodies(await few(9)) == ["3 first"], "the others wait for what is in hand; the fifth is elsewhere"
    sent = [Outcome(one.message, OutboxState.SENT, at) for one in got]
    await database.transact(lambda c: outbox.record(c, sent, at))
    got = await few(9)
    assert bodies(got) == ["0 second", "1 second", "2 second"]
    assert not any(one.is_followed for one in got)
