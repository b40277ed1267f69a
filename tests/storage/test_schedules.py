"""How far schedules have struck, and what they store."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from bot.core.ids import BUCKETS, bucket_of, microseconds
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage import due, schedules
from bot.storage.driver import Database, Present, Rows
from bot.storage.schedules import Whom
from bot.storage.tables import Row
from tests.storage.scripted import NOW, asked, contacts, turn

HOUR = timedelta(hours=1)


async def test_a_new_schedule_begins_now_and_not_in_the_past(database: Database) -> None:
    assert await database.query(lambda c: schedules.known_since(c, "daily")) is None
    assert await database.transact(lambda c: schedules.since(c, "daily", NOW)) == NOW
    assert await database.transact(lambda c: schedules.since(c, "daily", NOW + HOUR)) == NOW
    await database.transact(lambda c: schedules.reached(c, "daily", NOW + 2 * HOUR))
    assert await database.transact(lambda c: schedules.since(c, "daily", NOW)) == NOW + 2 * HOUR
    assert await database.query(lambda c: schedules.known_since(c, "daily")) == NOW + 2 * HOUR
    assert await database.transact(lambda c: schedules.since(c, "weekly", NOW)) == NOW


async def test_workers_that_begin_together_agree_on_the_beginning(database: Database) -> None:
    begun = await asyncio.gather(
        *(database.transact(lambda c, n=n: schedules.since(c, "daily", NOW + n * HOUR)) for n in range(5))  # type: ignore[misc]  # bound now
    )
    assert len(set(begun)) == 1


def moved_to(zone: str) -> Callable[[Turn], None]:
    """Enroll a contact that lives there."""

    def deed(turn: Turn) -> None:
        turn.enroll()
        turn.set_field("zone", zone)

    return deed


async def struck(database: Database, whom: Whom, trigger: Trigger) -> list[str]:
    """Strike page by page, of one contact each, and return who has the trigger."""
    for bucket in range(BUCKETS):
        after: str | None = ""
        while after is not None:
            after, found = await database.transact(
                lambda c, bucket=bucket, after=after: schedules.strike(  # type: ignore[misc]  # bound now
                    c, bucket, whom, trigger, after=after, most=1
                )
            )
            assert found == (after is not None)
    have = await asked(database, 'SELECT contact FROM "trigger" WHERE key = :key', key=trigger.key)
    return sorted(contact for (contact,) in have)


async def test_a_strike_is_for_members_who_live_there_and_were_there_in_time(database: Database) -> None:
    tokyo, rome, late, _stranger = await contacts(database, 4)
    await turn(database, tokyo, "t1", moved_to("Asia/Tokyo"))
    await turn(database, rome, "t1", moved_to("Europe/Rome"))
    await turn(database, late, "t1", moved_to("Asia/Tokyo"), NOW + 2 * HOUR)
    assert sorted(await database.query(due.zones)) == ["Asia/Tokyo", "Europe/Rome", "UTC"]
    first = Trigger("first", TriggerKind.SCHEDULE, NOW + HOUR, {"flow": "hello"})
    assert await struck(database, Whom(frozenset({"Asia/Tokyo", "UTC"})), first) == [tokyo]
    for _ in range(2):  # again, and wherever they live
        assert await struck(database, Whom(None), first) == sorted([tokyo, rome])
    columns = "kind, state, at, due_at, payload, attempts"
    ((kind, state, at, due_at, payload, attempts),) = await asked(
        database,
        f"SELECT {columns} FROM \"trigger\" WHERE contact = :rome AND key = 'first'",  # noqa: S608  # our own text
        rome=rome,
    )
    assert (kind, state, attempts) == ("schedule", "new", 0)
    assert (at, due_at, payload) == (microseconds(first.at), microseconds(first.at), '{"flow":"hello"}')


async def test_a_strike_for_an_audience_is_for_those_who_were_in_it(database: Database) -> None:
    inside, left, later = await contacts(database, 3)
    rows = Rows(Row.metadata.tables["audience_member"], Present.FAIL)
    members = [
        (bucket_of(contact), contact, "vip", is_in, microseconds(since), None)
        for contact, is_in, since in ((inside, True, NOW), (left, False, NOW), (later, True, NOW + 2 * HOUR))
    ]
    await database.transact(lambda c: c.write(rows, members))
    trigger = Trigger("vip", TriggerKind.SCHEDULE, NOW + HOUR, {"flow": "hello"})
    assert await struck(database, Whom(frozenset({"Asia/Tokyo"}), "vip"), trigger) == []
    assert await struck(database, Whom(frozenset({"UTC"}), "vip"), trigger) == [inside]


async def test_a_strike_gives_everybody_one_trigger_however_often(database: Database) -> None:
    ids = await contacts(database, 3)
    trigger = Trigger("strike", TriggerKind.SCHEDULE, NOW, {"flow": "hello"})
    for some in (ids[:2], [], ids, ids):
        await database.transact(lambda c, some=some: schedules.store(c, some, trigger))  # type: ignore[misc]  # bound now
    found = await asked(database, 'SELECT contact, key, state FROM "trigger" ORDER BY contact')
    assert found == [(contact_id, "strike", "new") for contact_id in sorted(ids)]
