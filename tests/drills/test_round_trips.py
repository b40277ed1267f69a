"""How often a turn waits for its database: PostgreSQL's round trips, counted on the wire."""

import asyncio

from benchmarks.outbox import clock
from bot.app import prepare_database
from tests.databases import PostgresDatabases
from tests.drills.patience import Drill, settings_of, shop

MOST, MOST_OF_MOST = 8, 5
KNOWN_AFTER = 3
"""The first turns of a kind learn what the next ones will ask for, and prepare its statements."""
MEMBERS = KNOWN_AFTER + 2
ASIDE = ("PERSON", "BACK")
"""Between them people of the shop answer, and no flow does: these come last."""
JOINING = ("LOYALTY", "SKIP", "SKIP")
OF_ONE = 20
"""So many words one member says: how many one may send in a minute is limited."""


def shipped_keywords(at: Drill) -> list[str]:
    """One keyword of each flow that has any in English, and what no flow understands."""
    words: dict[str, str] = {}
    for name, flow in at.app.decisions.publication.flows.items():
        for keyword in flow.keywords:
            if keyword.text.isascii():
                words.setdefault(name, keyword.text)
    first = [word for word in words.values() if word.upper() not in ASIDE]
    assert len(first) > 30, "the shipped flows have keywords"
    return ["HELP", "WHY", "is it open on sunday?", *first, *ASIDE]


async def waits(at: Drill, word: str, who: str) -> int:
    """Round trips of one text when nothing else goes on."""
    await at.app.dispatcher.settle()
    await asyncio.sleep(0.03)  # what the turn before caused is done
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
        await at.build()
        keywords = shipped_keywords(at)
        for first in range(0, len(keywords), OF_ONE):
            members = [f"o{first:013}{number:014}" for number in range(MEMBERS)]
            for word in (*JOINING, *keywords[first : first + OF_ONE]):
                counted = [await waits(at, word, who) for who in members]
                found.setdefault(word, counted[KNOWN_AFTER:])
    await postgresql_databases.drop(url)
    print(found)  # noqa: T201  # the report
    assert {word: counted for word, counted in found.items() if min(counted) > MOST} == {}
    assert min(map(min, found.values())) > 0, "all of them are turns"
    assert min(found["BALANCE"]) <= MOST_OF_MOST
