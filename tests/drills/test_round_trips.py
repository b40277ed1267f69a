"""How often a turn waits for its database: PostgreSQL's round trips, counted on the wire."""

import asyncio
from itertools import count

from benchmarks.outbox import clock
from bot.app import prepare_database
from tests.databases import PostgresDatabases
from tests.drills.patience import Drill, settings_of, shop

MOST, MOST_OF_MOST = 8, 5
KNOWN_AFTER = 3
"""The first turns of a kind learn what the next ones will ask for, and prepare its statements."""
WORDS = (
    "BALANCE",
    "HELP",
    "REWARDS",
    "WHY",
    "REORDER",
    "HISTORY",
    "HOW",
    "TIER",
    "OFFERS",
    "LOYALTY",
    "is it open on sunday?",
)
JOINING = ("LOYALTY", "SKIP", "SKIP")
NUMBERS = count(1000)


def openid() -> str:
    """Somebody else each time: how many pushes one person may send is limited."""
    return f"o{next(NUMBERS):027}"


async def waits(at: Drill, words: tuple[str, ...]) -> int:
    """Round trips of the last of these texts of somebody new, when nothing else goes on."""
    who, before = openid(), 0
    for word in words:
        await at.app.dispatcher.settle()
        await asyncio.sleep(0.05)  # what the turn before caused is done
        before = at.proxy.round_trips
        written = await at.write(word, who)
        assert written.statuses == [200]
    return at.proxy.round_trips - before


async def test_a_turn_waits_for_its_database_eight_times_at_most(
    postgresql_databases: PostgresDatabases,
) -> None:
    url = await postgresql_databases.create()
    near = await prepare_database(settings_of(url), clock)
    await near.close()
    found: dict[str, list[int]] = {}
    async with shop(url, 0.0, "web") as at:
        at.app.clockwork.pause()
        for words in (("LOYALTY",), *((*JOINING, word) for word in WORDS)):
            counted = [await waits(at, words) for _ in range(KNOWN_AFTER + 2)]
            found[words[-1] if len(words) > 1 else "joining"] = counted[KNOWN_AFTER:]
    await postgresql_databases.drop(url)
    print(found)  # noqa: T201  # the report
    assert {word: counted for word, counted in found.items() if min(counted) > MOST} == {}
    assert min(found["BALANCE"]) <= MOST_OF_MOST
