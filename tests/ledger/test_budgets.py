"""A fund that a thousand orders want at the same moment, from several processes: never a cent too much."""

import asyncio

from bot.storage import counters
from bot.storage.driver import Database
from tests.ledger.earners import FUND_LIMIT, WANTED_MINOR, Rush, earn_at_once
from tests.ledger.processes import PROCESSES
from tests.storage.scripted import asked, contacts

EARNERS = 1000
IN_PARALLEL = 4
FUND = "budget/autumn/2026-03"


async def rushed(url: str, contact_ids: list[str]) -> int:
    """Let processes earn for their share of the contacts, all at once; returns how many turns were done."""
    start = PROCESSES.Barrier(IN_PARALLEL)
    shares = [tuple(contact_ids[first::IN_PARALLEL]) for first in range(IN_PARALLEL)]
    pipes = [PROCESSES.Pipe(duplex=False) for _ in shares]
    started = [
        PROCESSES.Process(target=earn_at_once, args=(Rush(url, share), start, writer))
        for share, (_, writer) in zip(shares, pipes, strict=True)
    ]
    for process in started:
        process.start()
    for _, writer in pipes:
        writer.close()
    done = 0
    for reader, _ in pipes:
        done += await asyncio.to_thread(reader.recv)
        reader.close()
    for process in started:
        await asyncio.to_thread(process.join)
        assert process.exitcode == 0
    return done


async def test_a_fund_with_a_thousand_earners_gives_all_it_has_and_no_more(
    database: Database, database_url: str
) -> None:
    ids = await contacts(database, EARNERS)
    assert await rushed(database_url, ids) == EARNERS
    ((records, desired, granted),) = await asked(
        database, "SELECT COUNT(*), SUM(desired_minor), SUM(granted_minor) FROM earned"
    )
    assert records == EARNERS * 2, "who came too late has a record that says why"
    assert desired == EARNERS * WANTED_MINOR
    assert granted == FUND_LIMIT
    ((issued,),) = await asked(database, "SELECT SUM(amount_minor) FROM draw WHERE source = 'issue'")
    assert issued == FUND_LIMIT, "what the records say is what was granted"
    assert await database.query(lambda c: counters.left(c, [FUND])) == {FUND: 0}
    ((unexplained,),) = await asked(
        database, "SELECT COUNT(*) FROM earned WHERE granted_minor < desired_minor AND because = '[]'"
    )
    assert unexplained == 0
    ((cut,),) = await asked(
        database, "SELECT COUNT(*) FROM earned WHERE granted_minor > 0 AND granted_minor < desired_minor"
    )
    assert cut <= 2, "only the last order gets a part"
