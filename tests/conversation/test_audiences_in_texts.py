"""What texts and conditions see of audiences and computed traits, and flows that start on them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from tests.conversation.chat import Chat, chatting, quiet_flows

AUDIENCES = """\
regulars:
  event: Order Placed
  count: ">= 2"
  within: 30d
named:
  trait: {first_name: {exists: true}}
"""
TRAITS = """\
orders_so_far: {count: {event: Order Placed}}
"""
STANDING = """\
flow: standing
title: Say which audiences somebody is in
start: [keyword: STANDING]
steps:
  - say: "In: {{ contact.audiences | join: ', ' }}. Orders: {{ contact.traits.orders_so_far }}."
  - if: contact.audiences contains 'regulars'
    then: [say: "You are one of our regulars."]
"""
WELCOME = """\
flow: regular_welcome
title: Say hello to regulars
group: loyalty
start: [audience: {entered: regulars}]
steps:
  - set: {regular_since: "{{ now | date: '%Y' }}"}
  - say: "Nice to see you again and again."
"""
FAREWELL = """\
flow: regular_farewell
title: Miss regulars
group: loyalty
start: [audience: {left: regulars}]
steps: [say: "We miss you."]
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """The shipped application with audiences of its own."""
    flows = tmp_path / "flows"
    shutil.copytree(quiet_flows(), flows)
    for name, text in {
        "audiences": AUDIENCES,
        "traits": TRAITS,
        "standing": STANDING,
        "regular_welcome": WELCOME,
        "regular_farewell": FAREWELL,
    }.items():
        (flows / f"{name}.yaml").write_text(text)
    async with chatting(database_url, flows=flows) as chat:
        yield chat


async def track(chat: Chat, number: int) -> None:
    """Let the shop tell of an order."""
    body: dict[str, JsonValue] = {"id": f"order-{number}", "name": "Order Placed", "properties": {}}
    work = operation_work(
        "event.track", body, key=f"api:{number}", at=chat.clock(), contact_id=await chat.contact_id()
    )
    await chat.app.dispatcher.submit(work)


async def test_texts_and_conditions_see_where_somebody_stands(chat: Chat) -> None:
    await chat("HELLO")
    await track(chat, 1)
    assert await chat("STANDING") == ["In: . Orders: 1."]
    await chat.run("UPDATE contact SET first_name = 'Ana'")
    await track(chat, 2)
    assert await chat("STANDING") == ["In: regulars, named. Orders: 2.", "You are one of our regulars."]


async def test_membership_is_right_at_the_moment_it_is_asked(chat: Chat) -> None:
    """Whether or not a job has looked."""
    await chat("HELLO")
    await track(chat, 1)
    await track(chat, 2)
    assert await chat.later(days=30, strike=False) == []
    assert await chat("STANDING") == ["In: . Orders: 2."]


async def test_coming_in_and_leaving_start_flows(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat.strike()
    await chat.later(seconds=5)
    chat.news()
    await track(chat, 1)
    await chat.later(seconds=1)
    assert chat.news() == []
    await track(chat, 2)
    assert await chat.later(seconds=1) == ["Nice to see you again and again."]
    await track(chat, 3)
    assert await chat.later(seconds=1) == []
    assert "We miss you." in await chat.later(days=31)
    assert await chat.later(days=31) == []
