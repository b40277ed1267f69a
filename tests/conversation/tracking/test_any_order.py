"""Whatever the order in which messages come, however late and however often: what is stored is the same.

`REGULARS_ANY_ORDER_EXAMPLES` (40) makes it try more.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from bot.core.deeds.joining import JOINED
from bot.core.ids import bucket_of
from bot.core.sources import Source
from bot.core.tracking.message import PAGE_VIEWED, SCREEN_VIEWED, Tracked
from bot.core.tracking.sessions import APP_STARTED
from tests.conversation.chat import Chat, chatting, shipped
from tests.conversation.tracking.telling import BROWSER, SERVER, message, tracker_of

DAY = 24 * 60
FIGURES = """\
steeped:
  count: Tea Steeped
spent:
  sum: {event: Tea Bought, property: price}
kinds:
  unique_list: {event: Tea Bought, property: kind}
kind:
  most_frequent: {event: Tea Steeped, property: kind}
latest_price:
  last: {event: Tea Bought, property: price}
first_page:
  first: {event: Page Viewed, property: kind}
sessions:
  count: Session Started
  within: 14d
dearest:
  max: {event: Tea Bought, property: price}
"""
AUDIENCES = """\
drinkers:
  any:
    - {event: Tea Steeped, count: "> 1", within: 20d}
    - {sum: {event: Tea Bought, property: price}, is: "> 12"}
back_again:
  all:
    - {event: Session Started, count: "> 1"}
    - {trait: {plan: x}}
"""
EXAMPLES = int(os.environ.get("REGULARS_ANY_ORDER_EXAMPLES", "40"))
# Each anonymous id is one user's: of two users who share a browser the latest counts, which is an order.
WHO = st.sampled_from(
    [
        *((None, one) for one in ("a1", "a2", "b1")),
        *(("a", one) for one in (None, "a1", "a2")),
        *(("b", one) for one in (None, "b1")),
    ]
)
MINUTES = st.one_of(st.integers(0, 180), st.integers(0, 40 * DAY))
EVENTS = st.sampled_from([PAGE_VIEWED, PAGE_VIEWED, SCREEN_VIEWED, APP_STARTED, "Tea Steeped", "Tea Bought"])
PROPERTIES = st.fixed_dictionaries(
    {}, optional={"price": st.sampled_from([1, 2.5, 10, "12.30", None]), "kind": st.sampled_from("gw")}
)
TRAITS = st.dictionaries(st.sampled_from(["plan", "city", "firstName"]), st.sampled_from(["x", "y", None]))


@dataclass(frozen=True)
class Said:
    """A message before it is known whom a run of the test calls how."""

    user: str | None
    anonymous: str | None
    minutes_ago: int
    event: str | None
    properties: dict[str, Any]
    traits: dict[str, Any]
    is_believed: bool

    def told(self, number: int, run: str) -> tuple[Tracked, Source]:
        """The message, of people of one run alone."""
        one = message(
            f"{run}/{number}",
            user=self.user and f"{run}/{self.user}",
            anonymous=self.anonymous and f"{run}/{self.anonymous}",
            event=self.event,
            properties=self.properties,
            traits=self.traits,
            ago=timedelta(minutes=self.minutes_ago),
        )
        return one, SERVER if self.is_believed else BROWSER


def said(who: tuple[str | None, str | None], is_event: bool, rest: tuple[Any, ...]) -> Said:  # noqa: FBT001  # as it is drawn
    """A message of who is named: an event, or an identify."""
    minutes, event, properties, traits, is_believed = rest
    return Said(
        *who,
        minutes,
        event if is_event else None,
        properties if is_event else {},
        {} if is_event else traits,
        is_believed,
    )


MESSAGES = st.lists(
    st.builds(said, WHO, st.booleans(), st.tuples(MINUTES, EVENTS, PROPERTIES, TRAITS, st.booleans())),
    min_size=1,
    max_size=14,
)


async def tell(chat: Chat, many: list[tuple[Tracked, Source]], sizes: Iterator[int]) -> None:
    """Hand messages in, so many at a time side by side, and let turns be done now and then."""
    left = list(many)
    for number in itertools.count():
        now, left = left[: (size := next(sizes))], left[size:]
        await asyncio.gather(*(tracker_of(chat).take([one], source) for one, source in now))
        if number % 3 == 1 or not left:
            await chat.strike()
        if not left:
            return


async def stored(chat: Chat, run: str) -> list[Any]:
    """All that is stored of the people of a run, without the ids that it was given."""
    names = await chat.rows(
        "SELECT d.value, d.contact FROM directory d"
        " WHERE d.value LIKE :run AND d.kind IN ('external', 'anonymous')",
        run=f"{run}/%",
    )
    became = dict(
        await chat.rows("SELECT c.id, c.merged_into FROM contact c WHERE c.merged_into IS NOT NULL")
    )
    people: dict[str, list[str]] = {}
    for name, owner in names:
        contact = str(owner)
        while contact in became:
            contact = became[contact]
        people.setdefault(contact, []).append(str(name).removeprefix(run))
    by_names = [(sorted(called), contact) for contact, called in people.items()]
    return [[called, await of_one(chat, contact, became)] for called, contact in sorted(by_names)]


async def of_one(chat: Chat, contact: str, became: dict[str, str]) -> dict[str, Any]:
    """What is stored of one person, but not what we tell of the way there: who was joined, or came in."""
    own = {"bucket": bucket_of(contact), "contact": contact}
    family, asked = [contact], [contact]
    while asked:
        asked = [one for one, whose in became.items() if whose in asked]
        family += asked
    events: list[Any] = []
    for one in family:
        events += await chat.rows(
            "SELECT name, at, properties FROM event"
            " WHERE bucket = :bucket AND contact = :contact"
            " AND name <> :joined AND name NOT LIKE 'Audience %'",
            bucket=bucket_of(one),
            contact=one,
            joined=JOINED,
        )
    (person,) = await chat.rows(
        "SELECT attributes, first_name FROM contact WHERE bucket = :bucket AND id = :contact", **own
    )
    return {
        "events": sorted(events),
        "traits": sorted(orjson.loads(person[0]).items()),
        "first_name": person[1],
        "activity": await chat.rows(
            "SELECT last_at, session_at FROM activity WHERE bucket = :bucket AND contact = :contact", **own
        ),
        "figures": await chat.rows(
            "SELECT trait, n, total, first_at, last_at FROM computed_trait"
            " WHERE bucket = :bucket AND contact = :contact AND n > 0 ORDER BY trait",
            **own,
        ),
        "audiences": await chat.rows(
            "SELECT audience FROM audience_member"
            " WHERE bucket = :bucket AND contact = :contact AND is_in ORDER BY audience",
            **own,
        ),
    }


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop with figures and audiences of what is told here."""
    flows = shipped(tmp_path, "loyalty", traits=FIGURES, audiences=AUDIENCES)
    async with chatting(database_url, flows=flows) as chat:
        await chat.strike()  # figures are built
        yield chat


async def test_messages_in_any_order_and_doubled_come_to_the_same(shop: Chat) -> None:
    chat, met = shop, set[str]()
    loop, runs = asyncio.get_running_loop(), itertools.count()

    async def check(
        many: list[Said], shuffled: list[int], doubled: set[int], sizes: list[int]
    ) -> tuple[list[Any], list[Any]]:
        orderly, other = f"r{next(runs)}", f"r{next(runs)}"
        in_order = sorted(range(len(many)), key=lambda number: -many[number].minutes_ago)
        await tell(chat, [many[one].told(one, orderly) for one in in_order], itertools.repeat(1))
        mixed = [one for one in shuffled for _ in range(1 + (one in doubled))]
        await tell(chat, [many[one].told(one, other) for one in mixed], itertools.cycle(sizes))
        return await stored(chat, orderly), await stored(chat, other)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=(Phase.generate,),  # to find a smaller example would take minutes
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(MESSAGES, st.data())
    def holds(many: list[Said], data: st.DataObject) -> None:
        shuffled = data.draw(st.permutations(range(len(many))))
        doubled = data.draw(st.sets(st.sampled_from(range(len(many)))))
        sizes = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
        one, other = asyncio.run_coroutine_threadsafe(
            check(many, list(shuffled), doubled, sizes), loop
        ).result(60)
        for called, kept in one:
            met.update({what for what in ("figures", "audiences") if kept[what]})
            met.update({"joined"} if len(called) > 2 else ())
        note(f"orderly: {one}")
        note(f"shuffled: {other}")
        assert one == other

    await asyncio.to_thread(holds)
    assert met == {"figures", "audiences", "joined"}, "too few examples to say anything"
