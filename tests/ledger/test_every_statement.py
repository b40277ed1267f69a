"""13: a process that dies before or after any statement, enumerated: nothing half, then one effect."""

import asyncio
import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.batch import Batch, TurnFailed
from bot.core.turn import Turn
from bot.storage import tables
from bot.storage.driver import Database
from bot.storage.tables import Kind, kind_of
from tests.core.loyalty.ledger_invariants import check_snapshot, wallet_sums
from tests.ledger.crashing import Crash, DyingDatabase
from tests.ledger.deeds import DEEDS, LATER, Deed, before, everything
from tests.ledger.processes import PROCESSES
from tests.storage.scripted import Script, asked, contacts, conversation, open_at, stored, turn, work

TABLES = tables.Row.metadata.tables
OWNED = [table.name for table in TABLES.values() if kind_of(table) is Kind.CONTACT_OWNED]
EVERY = int(os.environ.get("REGULARS_CRASH_EVERY", "7"))
"""`REGULARS_CRASH_EVERY=1` kills a process at every point there is, instead of at some."""


async def do(database: Database | DyingDatabase, contact: str, key: str, deed: Deed) -> bool:
    """Do a deed in a turn of its own; says whether it was done before."""
    batch = Batch(conversation(Script({key: deed}), lambda: LATER), [work(key, contact, LATER)])
    (result,) = await database.transact(batch.run)
    assert result is not None
    return result.is_duplicate


async def all_rows(database: Database, contact: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a contact, and what the counter has left."""
    found = {}
    for name in OWNED:
        own = "id" if name == "contact" else "contact"
        rows = await asked(database, f'SELECT * FROM "{name}" WHERE {own} = :c', c=contact)  # noqa: S608  # ours
        found[name] = sorted(rows, key=repr)
    found["counter"] = await asked(database, "SELECT name, SUM(units_left) FROM counter GROUP BY name")
    return found


async def prepared(database: Database) -> str:
    (contact,) = await contacts(database)
    await turn(database, contact, "before", before)
    return contact


async def effect(database: Database, contact: str) -> tuple[object, ...]:
    """What a deed came to, without ids: sums, entries by reason, lots by what is in them, rows by table."""
    snapshot = await database.query(lambda c: stored(c, contact))
    check_snapshot(snapshot)
    rows = await all_rows(database, contact)
    return (
        wallet_sums(snapshot.wallet),
        [entry.reason.value for entry in snapshot.entries],
        sorted(
            (lot.fund, lot.available_minor, f"{lot.expires_on}", lot.granted_minor) for lot in snapshot.lots
        ),
        {name: len(found) for name, found in rows.items() if name != "counter"},
        Counter(key for key in (entry.key for entry in snapshot.entries) if not key.startswith("auto/")),
    )


async def points_of(database: Database, deed: Deed) -> int:
    """How many points a deed has at which a process can die."""
    dying = DyingDatabase(database)
    await do(dying, await prepared(database), "deed", deed)
    return dying.points


@pytest.mark.parametrize("name", DEEDS)
async def test_a_crash_at_any_statement_leaves_nothing_and_a_retry_one_effect(
    database: Database, name: str
) -> None:
    deed = DEEDS[name]
    contact = await prepared(database)
    untouched = await effect(database, contact)
    assert not await do(database, contact, "deed", deed)
    once = await effect(database, contact)
    assert once != untouched, "a deed does something, or its crashes prove nothing"
    points = await points_of(database, deed)
    assert points > 10
    for at in range(points):
        contact = await prepared(database)
        rows = await all_rows(database, contact)
        with pytest.raises((Crash, TurnFailed)):
            await do(DyingDatabase(database, at), contact, "deed", deed)
        assert await all_rows(database, contact) == rows, f"{name} left something at point {at} of {points}"
        assert not await do(database, contact, "deed", deed), "it was never done"
        assert await effect(database, contact) == once, f"{name} after a crash at {at}"
        rows = await all_rows(database, contact)
        assert await do(database, contact, "deed", deed), "the answer was lost: it was done before"
        assert await all_rows(database, contact) == rows


def die(url: str, contact: str, at: int) -> None:
    """Do everything in a process that is gone at that point."""

    async def until_it_dies() -> None:
        database = DyingDatabase(await open_at(url, connections=1), at, for_good=True)
        await do(database, contact, "deed", everything)

    asyncio.run(until_it_dies())


async def test_a_killed_process_leaves_nothing_wherever_it_stood(
    database: Database, database_url: str
) -> None:
    contact = await prepared(database)
    await do(database, contact, "deed", everything)
    once = await effect(database, contact)
    points = await points_of(database, everything)
    for at in range(0, points, EVERY):
        contact = await prepared(database)
        rows = await all_rows(database, contact)
        process = PROCESSES.Process(target=die, args=(database_url, contact, at))
        process.start()
        await asyncio.to_thread(process.join)
        assert process.exitcode == 9, f"it lived on after point {at} of {points}"
        assert await all_rows(database, contact) == rows
        assert not await do(database, contact, "deed", everything)
        assert await effect(database, contact) == once


async def test_the_points_are_those_of_the_statements_themselves(database: Database) -> None:
    """Whoever adds a statement to a turn adds two points here, without a word in this file."""
    earned = await points_of(database, DEEDS["earn"])

    def more(one: Turn) -> None:
        DEEDS["earn"](one)
        one.trigger = replace(one.trigger, key=f"{one.trigger.key}#2")
        DEEDS["adjust"](one)

    assert await points_of(database, more) > earned
