"""How far schedules have struck, and what they store."""

import asyncio
from datetime import timedelta

from bot.core.triggers import Trigger, TriggerKind
from bot.storage import schedules
from bot.storage.driver import Database
from tests.storage.scripted import NOW, asked, contacts

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


async def test_a_strike_gives_everybody_one_trigger_however_often(database: Database) -> None:
    ids = await contacts(database, 3)
    trigger = Trigger("strike", TriggerKind.SCHEDULE, NOW, {"flow": "hello"})
    for some in (ids[:2], [], ids, ids):
        await database.transact(lambda c, some=some: schedules.store(c, some, trigger))  # type: ignore[misc]  # bound now
    found = await asked(database, 'SELECT contact, key, state FROM "trigger" ORDER BY contact')
    assert found == [(contact_id, "strike", "new") for contact_id in sorted(ids)]
