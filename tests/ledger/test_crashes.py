"""`kill -9` in the middle of turns: nothing lost, nothing doubled, nothing half."""

import asyncio
import os
import random
from collections import Counter

from structlog.testing import capture_logs

from bot.conversation.dispatcher import Dispatcher
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage import rows, turns
from bot.storage.driver import Database
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.ledger.processes import PROCESSES, Effects, take_stored, work_until_killed
from tests.storage.scripted import NOW, asked, contacts, conversation, stored, turn, work

KILLS = int(os.environ.get("REGULARS_CRASH_KILLS", "20"))
STORED = 1000
CREDIT = 1_000_000
# One statement, so that it is one instant: a server may still be committing for a client that is dead.
FOUND = """
    SELECT 'trigger', t.key, t.state, t.contact FROM "trigger" t WHERE t.key LIKE '%/%'
    UNION ALL SELECT 'entry', e.key, 'done', e.contact FROM entry e WHERE e.key LIKE '%/%'
    UNION ALL SELECT 'outbox', o.trigger_key, 'done', o.contact FROM outbox o
    UNION ALL SELECT 'event', v.properties, 'done', v.contact FROM event v
"""


async def members(database: Database) -> list[str]:
    """Eight contacts with credit to spend and triggers that wait."""
    ids = await contacts(database, 8)

    def earn(turn: Turn) -> None:
        grant = Grant(CREDIT, Terms(turn.now, "UTC"), "earned", "test", "p@1")
        turn.books.earn(grant, turn.now, Cause("credit", "tester"))

    for contact_id in ids:
        await turn(database, contact_id, "credit", earn)
    waiting = [
        rows.trigger_row(
            ids[number % len(ids)], Trigger(f"stored/{number}", TriggerKind.START, NOW), state="new"
        )
        for number in range(STORED)
    ]
    assert all(await database.transact(lambda c: turns.claim(c, waiting)))
    return ids


async def killed_while_working(url: str, ids: list[str], name: str, after: float) -> list[str]:
    """Start a process, kill it that long after its first turn; returns the keys whose result it knew."""
    reader, writer = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=work_until_killed, args=(url, ids, name, writer))
    process.start()
    writer.close()
    known = [await asyncio.to_thread(reader.recv)]
    await asyncio.sleep(after)
    process.kill()
    await asyncio.to_thread(process.join)
    assert process.exitcode == -9
    try:
        while True:
            known.append(reader.recv())
    except (EOFError, OSError):  # the last one may be half written
        reader.close()
    return known


async def check_effects(database: Database) -> dict[str, str]:
    """Whatever is done has one entry, one message, one event; nothing else has any. Returns states by key."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    states: dict[str, str] = {}
    for table, key, state, contact_id in await asked(database, FOUND):
        if table == "trigger":
            states[key] = state
        name = key if table != "event" else key.partition(':"')[2].removesuffix('"}')
        found.setdefault(table, Counter())[name, contact_id] += state == "done"
    done = +found["trigger"]
    assert done == found["entry"] == found["outbox"] == found["event"]
    assert set(done.values()) == {1}
    return states


async def test_a_killed_process_leaves_whole_turns_only(database: Database, database_url: str) -> None:
    ids = await members(database)
    chance = random.Random(f"{KILLS}")
    acknowledged: list[str] = []
    states: dict[str, str] = {}
    for number in range(KILLS):
        after = chance.uniform(0.0, 0.12)
        acknowledged += await killed_while_working(database_url, ids, f"life {number}", after)
        states = await check_effects(database)
        kept = {"done", "dead", "new"}
        assert {states.get(key) for key in acknowledged} <= kept, "what was answered is kept"
        assert all(
            (state == "dead") <= (int(key.rpartition("/")[2]) % 5 == 4) for key, state in states.items()
        )
    assert len(acknowledged) > KILLS
    assert {"done", "new"} <= set(states.values()), "there was something of everything"
    with capture_logs():  # of turns that fail, as they shall
        await finish(database, ids, acknowledged)


async def finish(database: Database, ids: list[str], acknowledged: list[str]) -> None:
    """Go on after the last crash: what was answered stays, what waits is done, the sums are right."""
    dispatcher = Dispatcher(database, conversation(Effects()))
    dispatcher.start()
    before = await check_effects(database)
    again = [work(key, ids[int(key.rpartition("/")[2]) % len(ids)]) for key in acknowledged]
    results = await asyncio.gather(*(dispatcher.submit(one) for one in again))
    assert all(result.is_duplicate for result in results)
    assert await check_effects(database) == before
    while await take_stored(database, dispatcher, ids):
        pass
    await dispatcher.close()
    states = await check_effects(database)
    for number in range(STORED):
        # Its turn fails at every try, and it is put back for a later one.
        assert states[f"stored/{number}"] == ("new" if number % 5 == 4 else "done")
    for contact_id in ids:
        snapshot = await database.query(lambda c, one=contact_id: stored(c, one))  # type: ignore[misc]  # bound now
        check_snapshot(snapshot)
        numbers = [int(entry.key.rpartition("/")[2]) for entry in snapshot.entries[1:]]
        expected = CREDIT + sum(-3 if number % 2 else 10 for number in numbers)
        assert snapshot.wallet.available_minor == expected
