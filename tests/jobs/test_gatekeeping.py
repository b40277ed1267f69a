"""Frequency caps where messages leave: counted under a lock, across lanes and workers, and taken back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.conversation.batch import Batch
from bot.core.caps import Cap
from bot.core.consent import ConsentSource, Evidence, opt_in
from bot.core.gate import Policy
from bot.core.ids import bucket_of
from bot.core.messages import Lane, MessageClass, OutboxState
from bot.core.turn import Turn
from bot.jobs import gatekeeping
from bot.storage import outbox
from bot.storage.driver import Connection, Database
from bot.storage.outbox import Claimed, Outcome
from tests.storage.scripted import NOW, SHOP, Script, asked, contacts, conversation, open_at, work

ONCE_A_DAY = Policy(zone="UTC", caps=(Cap(1, 1),))
LEASE = timedelta(minutes=1)
DAY = timedelta(days=1)
MARKETING, SERVICE, REPLY = MessageClass.MARKETING, MessageClass.SERVICE, MessageClass.REPLY


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def say(
    database: Database,
    contact_id: str,
    *messages: tuple[str, MessageClass],
    policy: Policy,
    at: datetime = NOW,
) -> None:
    """Let one turn opt in and say each."""

    def deed(turn: Turn) -> None:
        turn.change_consent(opt_in(Evidence("loyalty", "sms", "JOIN", ConsentSource.KEYWORD, at)))
        for body, message_class in messages:
            turn.say(body, flow="f", step="s", message_class=message_class, group="loyalty")

    key = str(messages)
    script = Script({key: deed}, replace(SHOP, policy=policy))
    await database.transact(Batch(conversation(script, lambda: at), [work(key, contact_id, at)]).run)


async def claimed(
    database: Database,
    contact_id: str,
    at: datetime = NOW,
    *,
    lanes: Sequence[Lane] = tuple(Lane),
    policy: Policy = ONCE_A_DAY,
) -> list[Claimed]:
    """What leaves now, after the gate was asked as delivery asks it."""

    async def choose(connection: Connection, due: list[Claimed]) -> list[Claimed]:
        told = await gatekeeping.ask(connection, due, policy, at)
        await outbox.decline(connection, told.declined, at)
        return told.willing

    bucket = bucket_of(contact_id)
    return await database.transact(
        lambda c: outbox.claim(c, bucket, at, LEASE, 100, lanes=lanes, choose=choose)
    )


async def settle(database: Database, one: Claimed, state: OutboxState, at: datetime = NOW) -> None:
    await database.transact(lambda c: outbox.record(c, [Outcome(one.message, state, at)], at))


def bodies(messages: Sequence[Claimed]) -> list[str]:
    return [one.message.body for one in messages]


async def test_the_second_of_a_day_waits_for_the_next_and_says_so(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await say(database, contact_id, ("one", MARKETING), ("two", MARKETING), policy=ONCE_A_DAY)
    (one,) = await claimed(database, contact_id)
    await settle(database, one, OutboxState.SENT)
    assert await claimed(database, contact_id) == []
    sql = "SELECT body, state, reason, explanation, counted_on FROM outbox ORDER BY id"
    assert await asked(database, sql) == [
        ("one", "sent", None, None, "2026-03-01"),
        (
            "two",
            "held",
            "capped",
            "at most 1 message a day, then quiet hours until 9:00 in UTC; goes 2026-03-02 09:00 UTC",
            None,
        ),
    ]
    await database.transact(lambda c: outbox.release_held(c, bucket_of(contact_id), NOW + DAY, 9))
    assert bodies(await claimed(database, contact_id, NOW + DAY)) == ["two"]
    assert (await asked(database, sql))[1] == ("two", "sending", None, None, "2026-03-02")


async def test_lanes_count_together(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await say(
        database, contact_id, ("sale", MARKETING), ("order", SERVICE), ("yes", REPLY), policy=ONCE_A_DAY
    )
    assert sorted(bodies(await claimed(database, contact_id))) == ["order", "yes"]
    assert await asked(database, "SELECT state, reason FROM outbox WHERE body = 'sale'") == [
        ("held", "capped")
    ]


async def test_workers_side_by_side_never_pass_a_cap_together(database: Database) -> None:
    ids = await contacts(database, 15)
    for contact_id in ids:
        await say(database, contact_id, ("sale", MARKETING), ("order", SERVICE), policy=ONCE_A_DAY)
    for _ in range(3):
        await asyncio.gather(
            *(
                claimed(database, contact_id, lanes=[lane])
                for contact_id in ids
                for lane in (Lane.SERVICE, Lane.BULK)
            )
        )
    left = await asked(
        database, "SELECT contact, COUNT(*) FROM outbox WHERE state = 'sending' GROUP BY contact"
    )
    assert sorted(left) == sorted((contact_id, 1) for contact_id in ids)
    counted = await asked(database, "SELECT COUNT(*) FROM outbox WHERE counted_on IS NOT NULL")
    assert counted == [(len(ids),)]


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (OutboxState.SENT, True),
        (OutboxState.UNKNOWN, True),  # it may have left
        (OutboxState.QUEUED, False),
        (OutboxState.FAILED, False),
    ],
)
async def test_only_what_may_have_left_counts(
    database: Database, state: OutboxState, *, counts: bool
) -> None:
    (contact_id,) = await contacts(database)
    await say(database, contact_id, ("one", MARKETING), policy=ONCE_A_DAY)
    (one,) = await claimed(database, contact_id)
    await settle(database, one, state)
    ((counted_on,),) = await asked(database, "SELECT counted_on FROM outbox")
    assert (counted_on is not None) is counts
    await say(database, contact_id, ("two", SERVICE), policy=ONCE_A_DAY, at=NOW + timedelta(hours=1))
    ((queued,),) = await asked(database, "SELECT state FROM outbox WHERE body = 'two'")
    assert (queued == "held") is counts, "a turn asks what was sent before"


async def test_without_caps_nothing_is_counted(database: Database) -> None:
    (contact_id,) = await contacts(database)
    free = Policy(zone="UTC")
    await say(database, contact_id, ("one", MARKETING), policy=free)
    assert bodies(await claimed(database, contact_id, policy=free)) == ["one"]
    assert await asked(database, "SELECT counted_on FROM outbox") == [(None,)]


async def test_a_message_is_as_late_as_the_time_it_was_meant_for(database: Database) -> None:
    (contact_id,) = await contacts(database)
    night = NOW - timedelta(hours=1)
    await say(database, contact_id, ("one", MARKETING), policy=Policy(zone="UTC"), at=night)
    await database.transact(lambda c: outbox.release_held(c, bucket_of(contact_id), NOW, 9))
    (one,) = await claimed(database, contact_id, policy=Policy(zone="UTC"))
    assert one.message.due_at == night
