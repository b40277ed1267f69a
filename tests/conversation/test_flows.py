"""What runs do that wait: questions, silence, other messages, events; with flows made for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conversation.chat import Chat, chatting, shipped

SURVEY = """\
flow: survey
title: Ask for a colour
language: en
thanks: false
start:
  - keyword: [SURVEY]
steps:
  - id: colour
    choose: Which colour?
    options:
      - {label: Red, value: red}
      - {label: Blue, value: blue}
    only_answers: true
    save: colour
    within: 1h
    on_silence: end
  - say: "{{ colour }} it is."
"""
NOTE = """\
flow: note
title: Ask for a note, and go on without one
language: en
thanks: false
start:
  - keyword: [NOTE]
steps:
  - id: note
    ask: Leave a note?
    expect: text
    save: note
    within: 2h
  - say: "Noted: {{ note | default: 'nothing' }}."
"""
LISTEN = """\
flow: listen
title: Wait for somebody's opt-in
language: en
start:
  - keyword: [LISTEN]
steps:
  - say: Listening.
  - wait_for: {inbound: {keyword: [PING]}, within: 7d, else: end}
  - say: Heard it.
"""
PING = """\
flow: ping
title: Answer
language: en
start:
  - keyword: [PING]
  - keyword: [BASKETS]
steps:
  - say: Pong.
"""
PONG = """\
flow: pong
title: Answer otherwise
language: en
start:
  - keyword: [COFFEE]
  - keyword: [BASKETT]
steps:
  - say: Cup.
"""
WAIT = """\
flow: wait
title: Wait a while
language: en
start:
  - keyword: [PAUSE]
steps:
  - say: Wait.
  - wait: 30s
  - say: {text: Done waiting., group: loyalty}
"""
CLUB = """\
flow: club
title: Opt in
language: en
start:
  - keyword: [CLUB]
    category: opt-in
    group: loyalty
steps:
  - say: Welcome.
"""
MAZE = """\
flow: maze
title: Go round for ever
language: en
start:
  - keyword: [MAZE]
steps:
  - id: again
    set: {turns: 1}
  - goto: again
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """An application with the flows of this file."""
    flows = shipped(
        tmp_path,
        "fallback",
        survey=SURVEY,
        note=NOTE,
        listen=LISTEN,
        ping=PING,
        pong=PONG,
        wait=WAIT,
        club=CLUB,
        maze=MAZE,
    )
    async with chatting(database_url, flows=flows) as chat:
        yield chat


async def test_a_question_that_takes_only_answers_keeps_the_floor(chat: Chat) -> None:
    (asked,) = await chat("SURVEY")
    (again,) = await chat("PING")
    assert "1 Red\n2 Blue" in asked
    assert "Red" in again
    assert await chat("blue") == ["blue it is."]


async def test_stop_and_help_win_over_a_question_that_takes_only_answers(chat: Chat) -> None:
    await chat("SURVEY")
    (helped,) = await chat("HELP")
    assert helped.startswith("Corner Leaf rewards")
    (stopped,) = await chat("STOP")
    assert stopped.startswith("Corner Leaf: you are unsubscribed")
    assert await chat.runs() == [("survey", "ended")]


async def test_after_silence_the_run_goes_on(chat: Chat) -> None:
    await chat("CLUB")
    await chat("NOTE")
    assert await chat.later(hours=1) == []
    await chat.later(hours=1, minutes=1)
    assert (await chat.runs())[-1] == ("note", "done")


async def test_a_keyword_in_the_middle_of_a_free_question_suspends_it(chat: Chat) -> None:
    await chat("NOTE")
    assert await chat("ping") == ["Pong.", "Still open: Leave a note?"]
    assert await chat("less foam") == ["Noted: less foam."]


async def test_two_suspended_questions_come_back_newest_first(chat: Chat) -> None:
    await chat("NOTE")
    await chat("SURVEY")
    assert await chat("red") == ["red it is.", "Still open: Leave a note?"]
    assert await chat("oat milk") == ["Noted: oat milk."]


async def test_a_listening_run_hears_a_keyword_without_taking_it(chat: Chat) -> None:
    assert await chat("LISTEN") == ["Listening."]
    assert await chat("COFFEE") == ["Cup."]
    assert await chat("PING") == ["Pong.", "Heard it."]
    assert await chat("PING") == ["Pong."]


async def test_a_listening_run_ends_when_its_time_is_over(chat: Chat) -> None:
    await chat("LISTEN")
    await chat.later(days=7, minutes=1)
    assert await chat("PING") == ["Pong."]
    assert ("listen", "done") in await chat.runs()


async def test_a_wait_goes_on_once(chat: Chat) -> None:
    await chat("CLUB")
    assert await chat("PAUSE") == ["Wait."]
    assert await chat.later(seconds=20) == []
    assert await chat.later(seconds=15) == ["Done waiting."]
    assert await chat.later(seconds=60) == []


async def test_what_waited_is_not_said_after_stop(chat: Chat) -> None:
    await chat("CLUB")
    await chat("PAUSE")
    await chat("STOP")
    assert await chat.later(minutes=1) == []
    assert (await chat.outbox("state, reason"))[-1] == ("refused", "stopped")


async def test_a_typo_between_two_words_is_asked_about_and_starts_nothing(chat: Chat) -> None:
    (asked,) = await chat("BASKETX")
    assert asked.startswith("Did you mean BASKET")
    assert "BASKETS" in asked
    assert "BASKETT" in asked
    assert await chat("BASKETS") == ["Pong."]


async def test_a_flow_that_goes_round_for_ever_fails_and_says_nothing_of_it(chat: Chat) -> None:
    await chat("MAZE")
    assert await chat.runs() == [("maze", "failed")]
    assert await chat("PING") == ["Pong."]
