"""Journeys of a contact who turns out to be another one go on as that one's, and count once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.storage.step_figures import recount
from tests.conversation.chat import NUMBER, Chat, chatting, shipped
from tests.conversation.tracking.telling import SERVER, message, tracker_of
from tests.storage.joining import splitting

OFFER = """\
flow: offer
title: Make an offer, and see who takes it
language: en
group: loyalty
class: marketing
reentry: never
start:
  - keyword: [OFFER]
  - api
goals:
  - {event: Booking Made, within: 7d}
  - {event: Booking Praised, within: 7d}
steps:
  - id: first
    say: Take ten percent off.
  - split: tea
    arms: {black: [{set: {tea: black}}], green: [{set: {tea: green}}]}
  - wait: 1d
  - id: second
    say: Still thinking?
  - wait_for: {event: Bell Rung, within: 30d, else: end}
  - id: third
    say: It rang.
"""
EXPERIMENTS = """\
experiments:
  tea: {title: Which tea, hypothesis: Green tea is bought more, arms: {black: 50%, green: 50%},
        goal: {event: Booking Made, within: 7d}}
"""
OTHER = "+12125550177"


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop whose member has a second number, with an offer open there."""
    flows = shipped(tmp_path, "loyalty", offer=OFFER)
    (flows / "experiments.yaml").write_text(EXPERIMENTS)
    async with chatting(database_url, flows=flows) as chat:
        known = message("i1", user="u1", traits={"phone": NUMBER}, now=chat.clock.now)
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
            await chat(text, number=OTHER)
        await tracker_of(chat).take([known], SERVER)
        await chat.strike()
        assert await chat("OFFER", number=OTHER) == ["Take ten percent off."]
        yield chat


async def join(chat: Chat) -> None:
    """Say that the other number is the member's too."""
    body: dict[str, JsonValue] = {"channel": "sms", "value": OTHER, "evidence": {"way": "platform"}}
    me = await chat.contact_id(NUMBER)
    work = operation_work("contact.identify", body, key="api:1", at=chat.clock(), contact_id=me)
    await chat.app.dispatcher.submit(work)
    await chat.strike()


async def tell(chat: Chat, name: str) -> None:
    """Tell of something that the member did."""
    facts: dict[str, JsonValue] = {"revenue": 40, "currency": "USD"}
    event = message(f"{name}{chat.clock()}", user="u1", event=name, properties=facts, now=chat.clock())
    await tracker_of(chat).take([event], SERVER)
    await chat.strike()


def heard(chat: Chat) -> list[str]:
    """What has come to either number since this was last asked."""
    return [*chat.news(NUMBER), *chat.news(OTHER)]


async def after(chat: Chat, hours: int) -> list[str]:
    """What has come to either number some hours later."""
    return [*await chat.later(hours=hours), *heard(chat)]


async def count(chat: Chat, what: str) -> dict[str, int]:
    """Figures of the flow, by step."""
    sql = "SELECT step, SUM(times) FROM step_figure WHERE flow = 'offer' AND what = :what GROUP BY step"
    return {step: int(times) for step, times in await chat.rows(sql, what=what)}


async def test_what_was_waited_for_comes_and_is_counted_once(chat: Chat) -> None:
    them, me = await chat.contact_id(OTHER), await chat.contact_id(NUMBER)
    (arm,) = await chat.rows("SELECT arm FROM exposure")
    await join(chat)
    heard(chat)
    await tell(chat, "Booking Made")
    assert await count(chat, "converted:0") == {"first": 1}, "what they had been told before counts"
    assert await after(chat, 24) == ["Still thinking?"]
    await tell(chat, "Booking Made")
    await tell(chat, "Bell Rung")
    assert heard(chat) == ["It rang."]
    assert await count(chat, "converted:0") == {"first": 1}
    assert (await count(chat, "entries"), await count(chat, "completed")) == ({"": 1}, {"": 1})
    assert await count(chat, "ended") == {}
    assert await chat.rows("SELECT contact, arm FROM exposure") == [(me, *arm)]
    assert await recount(chat.app.database, "America/New_York") == []
    # Once is once for both; and of who is parted the entry, its goals and its arm are their own again.
    await chat("OFFER")
    assert await count(chat, "entries") == {"": 1}
    await chat.app.dispatcher.submit(splitting(me, them))
    await chat.strike()
    for table in ("run", "conversion", "exposure"):
        sql = f"SELECT DISTINCT contact FROM {table}"  # noqa: S608  # our own names
        if table == "run":
            sql += " WHERE flow = 'offer'"
        assert await chat.rows(sql) == [(them,)], table


async def test_a_message_that_waits_is_said_again_by_who_goes_on(chat: Chat) -> None:
    await chat.move_to(datetime(2026, 11, 26, 4, tzinfo=UTC))  # an hour before midnight: it is held
    await chat.strike()
    assert heard(chat) == []
    await join(chat)
    heard(chat)
    assert await count(chat, "canceled") == {"second": 1}
    assert await after(chat, 14) == ["Still thinking?"]
    await tell(chat, "Bell Rung")
    assert heard(chat) == ["It rang."]
    assert await recount(chat.app.database, "America/New_York") == []


async def test_nobody_goes_twice_through_what_one_goes_through_once(chat: Chat) -> None:
    await chat("OFFER")
    await join(chat)
    heard(chat)
    assert await after(chat, 24) == ["Still thinking?"]
    assert await count(chat, "ended") == {"": 1}
    await tell(chat, "Booking Made")
    assert await count(chat, "converted:0") == {"first": 1, "second": 1}


async def test_what_the_other_bought_counts_for_the_level_at_once(chat: Chat) -> None:
    await chat.order(("LATTE", 1), number=OTHER)
    await chat.run("UPDATE shop_order SET cash_minor = 16000, currency = 'USD', total_minor = 16000")
    await join(chat)
    assert "tier" in dict(await chat.of("standing", "kind, value", "kind", number=NUMBER))
    reached = await chat.rows("SELECT properties FROM event WHERE name = 'Tier Reached'")
    assert '"tier":"silver"' in reached[0][0]
    assert len(reached) == 1


@pytest.mark.parametrize("brings_back", [False, True])
async def test_stop_holds_for_what_was_on_its_way_when_they_became_one(
    chat: Chat, *, brings_back: bool
) -> None:
    assert await after(chat, 24) == ["Still thinking?"]
    them, second = await chat.contact_id(OTHER), "contact = :them AND step = 'second'"
    await chat.run(f"UPDATE outbox SET state = 'unknown' WHERE {second}", them=them)  # noqa: S608  # ours
    await join(chat)
    heard(chat)
    await chat("STOP", number=OTHER)
    if brings_back:
        await chat("START", number=OTHER)
    heard(chat)
    # The provider has not taken it.
    await chat.run(f"UPDATE outbox SET state = 'queued' WHERE {second}", them=them)  # noqa: S608  # ours
    assert await after(chat, 0) == (["Still thinking?"] if brings_back else [])
    found = await chat.rows(f"SELECT state, reason FROM outbox WHERE {second}", them=them)  # noqa: S608  # ours
    assert found == [("delivered", None) if brings_back else ("refused", "stopped")]
