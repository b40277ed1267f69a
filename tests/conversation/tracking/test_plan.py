"""The tracking plan holds for whatever sources tell, and erasing leaves nothing of who was tracked."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import String
from sqlmodel import AutoString

from bot.app import address_hashes
from bot.conversation.importing.chunks import Place
from bot.conversation.importing.past import PastEvents
from bot.conversation.tracking.handed import Handed, Told
from bot.core.contact import JsonValue
from bot.core.tracking.plan import BLOCKED, UNKNOWN
from bot.storage import erasing, tables
from tests.conversation.chat import Chat, chatting, shipped
from tests.conversation.tracking.telling import BROWSER, SERVER, message, tracker_of

PLAN = """\
unknown: block
events:
  Tea Brewed:
    properties:
      minutes: number
      weight: {type: number, personal: true}
      flat: text
      debug: {block: true}
  Scrolled: {block: true}
  Page Viewed:
"""
AUDIENCES = """\
brewers:
  sync: [identify, track]
  any:
    - {event: Tea Brewed, count: ">= 1"}
"""
TRAITS = """\
last_flat: {last: {event: Tea Brewed, property: flat}}
"""
PERSONAL = (
    "zanzibar",
    "xylophone",
    "quetzalina",
    "+12125550147",
    "u-zulu",
    "a-zulu",
    "ana@tea.example",
    "81.5",
)
TABLES = tables.Row.metadata.tables


@pytest.fixture
async def planned(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop with a tracking plan, an audience and a figure."""
    flows = shipped(tmp_path, "loyalty", events=PLAN, audiences=AUDIENCES, traits=TRAITS)
    settings = {
        "REGULARS_SHOP_WEBHOOK_URL": "http://127.0.0.1:9/hooks",
        "REGULARS_SHOP_WEBHOOK_SECRET": "w" * 32,
        "REGULARS_SHOP_WEBHOOK_NETWORK": "any",
    }
    async with chatting(database_url, flows=flows, settings=settings) as chat:
        yield chat


async def test_what_the_plan_does_not_want_is_counted_and_not_stored(planned: Chat) -> None:
    now = planned.clock()
    properties: dict[str, JsonValue] = {"minutes": 3, "debug": "x", "else": 1}
    told = [
        message("m1", user="u", event="Tea Brewed", properties=properties, now=now),
        message("m2", user="u", event="Scrolled", now=now),
        message("m3", user="u", event="Kettle Boiled", now=now),
        message("m4", user="u", event="Page Viewed", properties={"name": "Teas"}, now=now),
    ]
    taken = await tracker_of(planned).take(told, BROWSER)
    assert (taken.accepted, dict(taken.refused)) == (2, {BLOCKED: 1, UNKNOWN: 1})
    stored = await planned.rows("SELECT name, properties FROM event WHERE source <> '' ORDER BY name")
    assert [(name, json.loads(text)) for name, text in stored] == [
        ("Page Viewed", {"name": "Teas"}),
        ("Tea Brewed", {"minutes": 3}),
    ]
    await planned.strike()
    seen = await planned.rows("SELECT event, property, seen FROM learnt ORDER BY event, property")
    assert [tuple(row) for row in seen] == [
        ("Kettle Boiled", "", 1),
        ("Page Viewed", "", 1),
        ("Page Viewed", "name", 1),
        ("Scrolled", "", 1),
        ("Tea Brewed", "", 1),
        ("Tea Brewed", "debug", 1),
        ("Tea Brewed", "else", 1),
        ("Tea Brewed", "minutes", 1),
    ]


async def test_imported_events_are_held_against_it_too(planned: Chat) -> None:
    properties: dict[str, JsonValue] = {"minutes": 3, "debug": "x"}
    told = [
        message("i1", user="u", event="Tea Brewed", properties=properties, now=planned.clock()),
        message("i2", user="u", event="Scrolled", now=planned.clock()),
        message("i3", user="u", event="Kettle Boiled", now=planned.clock()),
    ]
    loop = asyncio.get_running_loop()
    events = [
        (Place(number, number + 1, ()), Handed([Told(one, SERVER)], loop.create_future(), Counter()))
        for number, one in enumerate(told, 1)
    ]
    chunk = PastEvents(planned.app.conversation, tracker_of(planned).telling, events, [])
    outcome = await planned.app.database.transact(chunk.take)
    assert outcome.taken == 1
    assert [place.number for place, _ in outcome.rejected] == [2, 3]
    assert [str(why).rpartition(": ")[2] for _, why in outcome.rejected] == [BLOCKED, UNKNOWN]
    ((stored,),) = await planned.rows("SELECT properties FROM event WHERE name = 'Tea Brewed'")
    assert json.loads(stored) == {"minutes": 3}


async def places_of(chat: Chat, words: str) -> set[str]:
    """Where any table holds something."""
    found = set()
    for table in TABLES.values():
        for column in table.columns:
            if isinstance(column.type, String | AutoString):
                texts = await chat.rows(f'SELECT "{column.name}" FROM "{table.name}"')  # noqa: S608  # ours
                found |= {
                    f"{table.name}.{column.name}" for (text,) in texts if text and words in text.casefold()
                }
    return found


async def test_erasing_leaves_nothing_of_who_was_tracked(planned: Chat) -> None:
    now = planned.clock()
    traits = {
        "firstName": "Quetzalina",
        "phone": "+12125550147",
        "email": "ana@tea.example",
        "like": "Xylophone",
    }
    properties: dict[str, JsonValue] = {"minutes": 3, "weight": 81.5, "flat": "Zanzibar", "debug": "x"}
    told = [
        message("n1", user="u-zulu", anonymous="a-zulu", traits=traits, now=now),
        message("n2", anonymous="a-zulu", event="Tea Brewed", properties=properties, now=now),
        message("n3", user="u-zulu", event="Page Viewed", properties={"name": "Zanzibar"}, now=now),
    ]
    assert (await tracker_of(planned).take(told, SERVER)).accepted == 3
    await planned.strike()
    for words in PERSONAL:
        assert await places_of(planned, words), f"{words} is somewhere before, or this proves nothing"
    for table in ("attribute_times", "activity", "computed_trait", "audience_member", "call"):
        assert await planned.rows(f'SELECT 1 FROM "{table}"'), table  # noqa: S608  # ours
    ((contact,),) = await planned.rows("SELECT DISTINCT contact FROM event")
    hashes = address_hashes(planned.app.settings)
    await planned.app.database.transact(lambda c: erasing.erase(c, contact, planned.clock(), hashes))
    assert {words: found for words in PERSONAL if (found := await places_of(planned, words))} == {}
    for table in ("attribute_times", "activity", "computed_trait", "audience_member"):
        assert not await planned.rows(f'SELECT 1 FROM "{table}"'), table  # noqa: S608  # ours
    kept = await planned.rows("SELECT properties FROM event WHERE name = 'Tea Brewed'")
    assert [json.loads(text) for (text,) in kept] == [{"minutes": 3}]
    again = [
        message("n4", user="u-zulu", event="Page Viewed", now=now),
        message("n5", anonymous="a-zulu", event="Page Viewed", now=now),
    ]
    taken = await tracker_of(planned).take(again, SERVER)
    assert (taken.accepted, sum(taken.refused.values())) == (0, 2)
    assert {words: found for words in PERSONAL if (found := await places_of(planned, words))} == {}
