"""Calls to the shop: in hand once, made again when whoever had them is gone."""

import asyncio
from datetime import timedelta

from bot.core.ids import bucket_of
from bot.core.turn import Turn
from bot.storage import calls
from bot.storage.calls import StoredCall
from bot.storage.driver import Database
from tests.storage.scripted import NOW, asked, contacts, turn

LEASE = timedelta(minutes=1)


async def called(database: Database, *keys: str) -> str:
    """A contact one of whose turns asked for these calls."""
    (contact_id,) = await contacts(database)

    def call(turn: Turn) -> None:
        for key in keys:
            turn.call(key, "order_placed", {"key": key, "lines": [1, None]})

    await turn(database, contact_id, f"t {keys}", call)
    await turn(database, contact_id, f"again {keys}", call)
    return contact_id


async def claimed(database: Database, contact_id: str, at: timedelta, most: int = 10) -> list[StoredCall]:
    bucket = bucket_of(contact_id)
    return await database.transact(lambda c: calls.claim(c, bucket, NOW + at, LEASE, most))


async def test_a_call_is_stored_once_for_its_key_and_claimed_once(database: Database) -> None:
    contact_id = await called(database, "a", "b")
    assert await database.query(lambda c: calls.buckets_with_due(c, NOW)) == [bucket_of(contact_id)]
    got = await claimed(database, contact_id, timedelta(0))
    assert sorted((one.key, one.kind, one.attempts, one.created_at) for one in got) == [
        ("a", "order_placed", 1, NOW),
        ("b", "order_placed", 1, NOW),
    ]
    assert got[0].payload == f'{{"key":"{got[0].key}","lines":[1,null]}}'
    assert await claimed(database, contact_id, timedelta(0)) == []


async def test_a_call_whose_maker_is_gone_is_made_again_in_the_same_words(database: Database) -> None:
    contact_id = await called(database, "a")
    (first,) = await claimed(database, contact_id, timedelta(0))
    assert await claimed(database, contact_id, LEASE / 2) == []
    (again,) = await claimed(database, contact_id, LEASE)
    assert (again.key, again.payload, again.attempts) == (first.key, first.payload, 2)


async def test_what_became_of_a_call_stays(database: Database) -> None:
    contact_id = await called(database, "a", "b")
    one, other = await claimed(database, contact_id, timedelta(0))
    await database.transact(lambda c: calls.record(c, one, "done", NOW, None))
    await database.transact(lambda c: calls.record(c, one, "dead", NOW, "too late"))
    await database.transact(lambda c: calls.record(c, other, "queued", NOW + 2 * LEASE, "503"))
    found = await asked(database, "SELECT state, failure FROM call ORDER BY state")
    assert found == [("done", None), ("queued", "503")]
    assert await claimed(database, contact_id, LEASE) == []
    assert [call.key for call in await claimed(database, contact_id, 2 * LEASE)] == [other.key]


async def test_workers_side_by_side_never_claim_the_same(database: Database) -> None:
    keys = tuple(f"key {number}" for number in range(30))
    contact_id = await called(database, *keys)
    got = await asyncio.gather(*(claimed(database, contact_id, timedelta(0), 4) for _ in range(10)))
    taken = [call.key for mine in got for call in mine]
    assert len(taken) == len(set(taken))
    taken += [call.key for call in await claimed(database, contact_id, timedelta(0), 99)]
    assert sorted(taken) == sorted(keys)
    assert all(len(mine) <= 4 for mine in got), "a claim keeps to its limit"
