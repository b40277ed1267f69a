"""A drop that thousands want at the same moment, from several processes: never a unit too many or too few."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable

from bot.storage import counters
from bot.storage.driver import Database
from tests.ledger.processes import PROCESSES
from tests.ledger.takers import OPENING, UNITS, Rush, lapse_at_once, take_at_once
from tests.storage.scripted import asked, contacts

TAKERS = int(os.environ.get("REGULARS_DROP_TAKERS", "1000"))
"""How many want one of the hundred: 5000 is the measured figure."""
IN_PARALLEL = 4
COUNTER = f"drop/{OPENING}"


async def all_at_once(work: Callable[..., None], shares: list[tuple[str, ...]], url: str) -> list[object]:
    """Run the work in a process for each share; returns what they sent."""
    start = PROCESSES.Barrier(len(shares))
    pipes = [PROCESSES.Pipe(duplex=False) for _ in shares]
    started = [
        PROCESSES.Process(target=work, args=(Rush(url, share), start, writer))
        for share, (_, writer) in zip(shares, pipes, strict=True)
    ]
    for process in started:
        process.start()
    for _, writer in pipes:
        writer.close()
    sent = []
    for reader, _ in pipes:
        sent.append(await asyncio.to_thread(reader.recv))
        reader.close()
    for process in started:
        await asyncio.to_thread(process.join)
        assert process.exitcode == 0
    return sent


async def left(database: Database) -> int:
    return (await database.query(lambda c: counters.left(c, [COUNTER])))[COUNTER]


async def test_a_hundred_units_go_to_a_hundred_and_come_back_once(
    database: Database, database_url: str
) -> None:
    ids = await contacts(database, TAKERS)
    shares = [tuple(ids[first::IN_PARALLEL]) for first in range(IN_PARALLEL)]
    answers: Counter[str] = Counter()
    for sent in await all_at_once(take_at_once, shares, database_url):
        assert isinstance(sent, Counter)
        answers += sent
    assert answers == {"reserved": UNITS, "sold_out": TAKERS - UNITS}
    reserved = await asked(database, "SELECT COUNT(*), COUNT(DISTINCT contact), SUM(units) FROM reservation")
    assert reserved == [(UNITS, UNITS, UNITS)]
    assert await left(database) == 0
    # Four processes strike the same lapses: every unit goes back once.
    done = await all_at_once(lapse_at_once, [()] * IN_PARALLEL, database_url)
    assert sum(one for one in done if isinstance(one, int)) == UNITS
    assert await left(database) == UNITS
    states = await asked(database, "SELECT state, COUNT(*) FROM reservation GROUP BY state")
    assert states == [("lapsed", UNITS)]
