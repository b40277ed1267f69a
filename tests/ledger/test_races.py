"""Several processes that want the same credit at the same moment."""

import asyncio
from collections import Counter

import pytest

from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.turn import Turn
from bot.storage.driver import Database
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.core.loyalty.ledger_operations import Snapshot
from tests.ledger.processes import PROCESSES, Race, spend
from tests.storage.scripted import asked, contacts, stored, turn

IN_PARALLEL = 4


async def member_with(database: Database, *amounts: int) -> str:
    """A contact with lots of these amounts."""
    (contact_id,) = await contacts(database)

    def earn(turn: Turn) -> None:
        for number, amount in enumerate(amounts):
            grant = Grant(amount, Terms(turn.now, "UTC"), "earned", "test", "p@1")
            turn.books.earn(grant, turn.now, Cause(f"grant {number}", "tester"))

    await turn(database, contact_id, "earn", earn)
    return contact_id


async def raced(url: str, contact_id: str, amount: int, keys: list[list[str]]) -> Counter[str]:
    """Let one process for each list of keys spend that amount under each of its keys; all at once."""
    start = PROCESSES.Barrier(len(keys))
    pipes = [PROCESSES.Pipe(duplex=False) for _ in keys]
    started = [
        PROCESSES.Process(target=spend, args=(Race(url, contact_id, amount, tuple(mine)), start, writer))
        for mine, (_, writer) in zip(keys, pipes, strict=True)
    ]
    for process in started:
        process.start()
    for _, writer in pipes:
        writer.close()
    outcomes: Counter[str] = Counter()
    for reader, _ in pipes:
        outcomes.update(await asyncio.to_thread(reader.recv))
        reader.close()
    for process in started:
        await asyncio.to_thread(process.join)
        assert process.exitcode == 0
    return outcomes


async def settled(database: Database, contact_id: str) -> Snapshot:
    snapshot = await database.query(lambda c: stored(c, contact_id))
    check_snapshot(snapshot)
    return snapshot


def keys_of_their_own(each: int) -> list[list[str]]:
    return [[f"spend {process}/{number}" for number in range(each)] for process in range(IN_PARALLEL)]


@pytest.mark.parametrize("amounts", [(100,), (60, 40)], ids=["one lot", "two lots"])
async def test_of_twenty_spends_of_the_same_credit_one_wins(
    database: Database, database_url: str, amounts: tuple[int, ...]
) -> None:
    contact_id = await member_with(database, *amounts)
    outcomes = await raced(database_url, contact_id, 100, keys_of_their_own(5))
    assert outcomes == {"won": 1, "refused": 19}
    snapshot = await settled(database, contact_id)
    assert [entry.reason.value for entry in snapshot.entries[len(amounts) :]] == ["redeem"]
    assert snapshot.wallet.available_minor == 0
    done = await asked(database, "SELECT COUNT(*) FROM \"trigger\" WHERE key LIKE 'spend%'")
    assert done == [(1,)], "who was refused left nothing"


async def test_two_hundred_spends_of_one_wallet_end_right(database: Database, database_url: str) -> None:
    """Twelve lots, more than a snapshot carries, hold enough for 150 of them."""
    contact_id = await member_with(database, *([25] * 12))
    outcomes = await raced(database_url, contact_id, 2, keys_of_their_own(50))
    assert outcomes == {"won": 150, "refused": 50}
    snapshot = await settled(database, contact_id)
    assert snapshot.wallet.available_minor == 0
    assert Counter(entry.reason.value for entry in snapshot.entries) == {"earn": 12, "redeem": 150}


async def test_the_same_cause_that_comes_to_all_at_once_has_one_effect(
    database: Database, database_url: str
) -> None:
    """A provider that tries again elsewhere before we answered: ten messages, each four times over."""
    contact_id = await member_with(database, 1000)
    same = [f"message {number}" for number in range(10)]
    outcomes = await raced(database_url, contact_id, 7, [same] * IN_PARALLEL)
    assert outcomes == {"won": 10, "duplicate": 30}
    snapshot = await settled(database, contact_id)
    assert sorted(entry.key for entry in snapshot.entries[1:]) == same
    assert snapshot.wallet.available_minor == 1000 - 70
