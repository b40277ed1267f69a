"""Flows that an operator pauses, resumes or lets run dry."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.flow.halts import Halt
from bot.storage import halts
from tests.conversation.chat import Chat, chatting, shipped

NUDGE = """\
flow: nudge
title: Say something, and something else an hour later
language: en
group: loyalty
start:
  - keyword: NUDGE
steps:
  - say: First.
  - wait: 1h
  - say: Second.
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A contact that is inside the flow, and waits."""
    async with chatting(database_url, flows=shipped(tmp_path, "loyalty", "fallback", nudge=NUDGE)) as chat:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
        assert await chat("NUDGE") == ["First."]
        yield chat


async def halt(chat: Chat, how: Halt | None) -> None:
    """Do what an operator does; every process hears of it."""
    database = chat.app.database
    await database.transact(lambda c: halts.change(c, "nudge", how, f"g/{how}"))
    if how is None:
        await halts.wake(database, "nudge", chat.clock())
    await chat.strike()


async def test_paused_runs_stand_still_and_go_on_when_their_flow_is_resumed(chat: Chat) -> None:
    await halt(chat, Halt.PAUSED)
    assert await chat.later(hours=2) == []
    assert await halts.standing(chat.app.database, "nudge", chat.clock()) == (1, 1)
    ((wake_at, status),) = await chat.rows("SELECT wake_at, status FROM run WHERE flow = 'nudge'")
    assert (wake_at, status) == (halts.STANDS_STILL, "waiting")
    (answer,) = await chat("NUDGE")
    assert "First." not in answer  # nobody enters, and nobody is met with silence
    assert await chat.later(hours=2) == []
    await halt(chat, None)
    assert chat.news() == ["Second."]
    assert await chat("NUDGE") == ["First."]


async def test_what_was_not_yet_due_goes_on_at_its_time(chat: Chat) -> None:
    await halt(chat, Halt.PAUSED)
    await chat.later(minutes=20)
    await halt(chat, None)
    assert chat.news() == []
    assert await chat.later(minutes=41) == ["Second."]


async def test_who_is_inside_goes_on_where_nobody_is_let_in(chat: Chat) -> None:
    await halt(chat, Halt.DRAINING)
    (answer,) = await chat("NUDGE")
    assert "First." not in answer
    assert await chat.later(hours=1, minutes=1) == ["Second."]
