"""What of tracked messages starts flows and earns credit: from whom, how late, how often."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.tracking.message import PAGE_VIEWED
from tests.conversation.chat import Chat, chatting, shipped
from tests.conversation.tracking.telling import BROWSER, SERVER, message, tracker_of

GREET = """\
flow: greet
title: Greet who comes
language: en
start:
  - event: Session Started
steps:
  - say: {text: "Hello, visitor!", group: loyalty}
"""
STEEP = """\
flow: steep
title: Hear of tea
language: en
start:
  - event: Tea Steeped
    where: {minutes: "> 2"}
steps:
  - say: {text: "Enjoy it!", group: loyalty}
"""
WAITS = """\
flow: waits
title: Wait for tea
language: en
start:
  - keyword: [WAIT]
    group: loyalty
steps:
  - say: Waiting.
  - wait_for: {event: Kettle Boiled, within: 7d}
  - say: It boils.
"""


@pytest.fixture
async def hearing(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop whose flows hear of sessions and of tea."""
    flows = shipped(tmp_path, "loyalty", greet=GREET, steep=STEEP, waits=WAITS)
    async with chatting(database_url, flows=flows) as chat:
        await chat("LOYALTY")
        yield chat


async def known(chat: Chat) -> None:
    """Let the phone's owner be a user of the shop."""
    told = message("who", user="u1", traits={"phone": chat.number}, now=chat.clock())
    await tracker_of(chat).take([told], SERVER)
    await chat.strike()
    chat.news()


async def told(chat: Chat, name: str, *, late: float = 0, minutes: int = 3, key: str = "m") -> list[str]:
    """Tell of an event that is so many hours old; returns what arrives on the phone."""
    event = message(
        key,
        user="u1",
        event=name,
        properties={"minutes": minutes},
        ago=timedelta(hours=late),
        now=chat.clock(),
    )
    await tracker_of(chat).take([event], BROWSER)
    await chat.strike()
    return chat.news()


async def test_flows_hear_what_they_listen_for_once(hearing: Chat) -> None:
    await known(hearing)
    assert await told(hearing, "Tea Steeped", key="m1") == ["Enjoy it!"]
    assert await told(hearing, "Tea Steeped", key="m1") == []
    assert await told(hearing, "Tea Steeped", key="m2", minutes=1) == []
    waiting = await hearing.rows("SELECT COUNT(*) FROM \"trigger\" WHERE key = 'event:tracked/m2'")
    assert waiting == [(0,)]  # a turn that nobody needs costs ten times the event


async def test_what_is_told_a_day_late_starts_nothing(hearing: Chat) -> None:
    await known(hearing)
    assert await told(hearing, "Tea Steeped", late=25) == []
    assert await told(hearing, "Tea Steeped", late=23, key="m2") == ["Enjoy it!"]


async def test_a_run_goes_on_that_waited_for_it(hearing: Chat) -> None:
    await known(hearing)
    await hearing("WAIT")
    assert await told(hearing, "Kettle Boiled") == ["It boils."]
    assert await told(hearing, "Kettle Boiled", key="m2") == []


async def test_a_session_is_heard_of_once_whatever_comes_late(hearing: Chat) -> None:
    await known(hearing)
    assert await told(hearing, PAGE_VIEWED, key="p1", late=1) == ["Hello, visitor!"]
    assert await told(hearing, PAGE_VIEWED, key="p2", late=1.2) == []  # its start moves back
    assert await told(hearing, PAGE_VIEWED, key="p3", late=3) == ["Hello, visitor!"]  # one of its own
    assert await told(hearing, PAGE_VIEWED, key="p4", late=0.9) == []


async def test_only_who_is_believed_earns_a_member_something(hearing: Chat) -> None:
    """The shipped program gives credit for a review."""
    rules = hearing.app.decisions.shop.program.earning.rules
    event = next((rule.event for rule in rules if rule.event), None)
    assert event is not None
    await known(hearing)
    payload = "SELECT payload FROM \"trigger\" WHERE key LIKE 'event:tracked/%e_' ORDER BY key"
    for number, source in enumerate((BROWSER, SERVER)):
        one = message(f"e{number}", user="u1", event=event, now=hearing.clock())
        await tracker_of(hearing).take([one], source)
    found = await hearing.rows(payload)
    assert [('"credited":false' in one) for (one,) in found] == [True]


async def test_no_public_key_uses_up_the_id_of_what_earns(hearing: Chat) -> None:
    rules = hearing.app.decisions.shop.program.earning.rules
    event = next((rule.event for rule in rules if rule.event), None)
    await known(hearing)
    for source, key in ((BROWSER, "e1"), (BROWSER, "~trusted/e1"), (SERVER, "e1"), (SERVER, "e1")):
        one = message(key, user="u1", event=event, now=hearing.clock())
        await tracker_of(hearing).take([one], source)
    payloads = await hearing.rows("SELECT payload FROM \"trigger\" WHERE key LIKE 'event:%'")
    assert ['"credited":false' in one for (one,) in payloads].count(True) == 1
    assert await hearing.rows("SELECT COUNT(*) FROM event WHERE name = :name", name=event) == [(3,)]


async def test_who_is_identified_by_the_shops_server_is_not_texted_for_it(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("skip")
    await chat("skip")
    await chat.strike()
    chat.news()
    await tracker_of(chat).take([message("m1", user="u1", traits={"phone": chat.number})], SERVER)
    assert await chat.later(minutes=1) == [], "nobody did anything that they should hear of"
    assert await chat.rows("SELECT name FROM event WHERE name IN ('Contact Joined', 'Address Linked')")
