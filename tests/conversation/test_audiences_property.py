"""Whatever happens, in whatever order: what is kept is what the raw events say, each move told once."""

import asyncio
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.audiences.audience import Known
from bot.core.audiences.traits import folded
from bot.core.contact import Contact
from bot.core.ids import bucket_of
from bot.storage.traits import Wanted, happened
from tests.conversation.keeping import Kept
from tests.databases import SqliteDatabases
from tests.storage.scripted import open_at

AUDIENCES = """
    high_value:
      all:
        - {event: Order Completed, count: "> 2", within: 90d}
        - {sum: {event: Order Completed, property: revenue}, is: "> 300"}
    lately: {event: Page Viewed, within: 7d}
    lapsing:
      all:
        - {event: Order Completed, between: [120d, 30d]}
        - {event: Order Completed, count: 0, within: 30d}
    neither: {none: [{audience: lately}, {audience: lapsing}]}
"""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.integers(0, 2), st.integers(0, 150), st.integers(1, 200)),
        st.tuples(st.just("page"), st.integers(0, 2), st.integers(0, 10), st.just(0)),
        st.tuples(st.just("pass"), st.just(0), st.integers(1, 50), st.just(0)),
        st.tuples(st.just("strike"), st.just(0), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, is_new=st.booleans())
def test_what_is_kept_is_what_the_events_say(
    sqlite_databases: SqliteDatabases, steps: list[tuple[str, int, int, int]], *, is_new: bool
) -> None:
    asyncio.run(_live(sqlite_databases, steps, is_new=is_new))


async def _live(folder: SqliteDatabases, steps: list[tuple[str, int, int, int]], *, is_new: bool) -> None:
    url = await folder.create()
    database = await open_at(url)
    try:
        kept = Kept.of(database, AUDIENCES)
        contacts = [await kept.contact() for _ in range(3)]
        if not is_new:
            await kept.built()
        for kind, who, days, cents in steps:
            at = kept.now - timedelta(days=days)
            if kind == "order":
                await kept.happens(contacts[who], ("Order Completed", {"revenue": cents}, at))
            elif kind == "page":
                await kept.happens(contacts[who], ("Page Viewed", {"name": "Home"}, at))
            elif kind == "pass":
                kept.now += timedelta(days=days)
            else:
                await kept.later(seconds=1)
        if is_new:
            await kept.built()
        await kept.later(seconds=1)
        for contact in contacts:
            await _check(kept, contact)
    finally:
        await database.close()
        await folder.drop(url)


async def _check(kept: Kept, contact: str) -> None:
    figures = kept.decisions.shop.figures
    wanted = [Wanted(contact, name) for rule in figures.rules.values() for name in rule.events]
    events = await kept.database.query(lambda c: happened(c, wanted))
    states = {
        rule.key: folded(rule, [one for name in rule.events for one in events[contact, name]], kept.now)
        for rule in figures.rules.values()
    }
    known = Known(Contact(contact, bucket_of(contact), "en", "UTC", kept.now), kept.now, traits=states)
    names = list(figures.audiences.audiences)
    should_be = {name for name, one in figures.audiences.judged(names, known).items() if one.is_in}
    assert await kept.audiences(contact) == should_be
    for name in names:  # in, out, in, out: nothing is said twice, and nothing is left out
        told = [move[0] for move in await kept.moves(contact) if move[1:] == name]
        assert all(one != other for one, other in pairwise(told))
        if told:
            assert (told[-1] == "+") is (name in should_be)
