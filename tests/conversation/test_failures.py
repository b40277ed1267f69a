"""Turns that fail: the message is kept, the contact answered kindly, the turn replayed once it can work."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import push
from bot.conversation.inbox import restored
from bot.core.ids import bucket_of
from bot.demo.loopback_message import Fault
from bot.storage.due import stored_trigger
from tests.conversation.chat import Chat, chatting, shipped

BROKEN = """\
flow: broken
title: Ask for a reward that is not there
language: en
start:
  - keyword: [BROKEN]
steps:
  - say: This is never heard.
  - do: redeem
    with: {reward: no_such_reward}
"""
MENDED = """\
flow: broken
title: Say something
language: en
start:
  - keyword: [BROKEN]
steps:
  - say: Mended.
"""
ASK = """\
flow: asking
title: Ask, then fail
language: en
start:
  - keyword: [ASK]
steps:
  - ask: What?
    expect: text
    save: what
    within: 1h
  - do: redeem
    with: {reward: no_such_reward}
"""
SORRY = "Sorry, something went wrong on our side. We kept your message and will look into it."
STOPPED = "Corner Leaf: you are unsubscribed and get no more texts. Reply START to rejoin."


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """An application with flows that fail."""
    flows = shipped(tmp_path, "loyalty", "balance", "language", broken=BROKEN, asking=ASK)
    async with chatting(database_url, flows=flows) as chat:
        yield chat


async def replay(chat: Chat) -> None:
    """Run what is dead again."""
    for row in await chat.rows(
        """SELECT t.contact, t.key, t.kind, t.at, t.payload FROM "trigger" t WHERE t.state = 'dead'"""
    ):
        await chat.app.dispatcher.submit(restored(stored_trigger(row)))


async def test_a_failed_turn_is_kept_and_answered_kindly(chat: Chat) -> None:
    assert await chat("BROKEN") == [SORRY]
    ((state, attempts, failure, payload),) = await chat.of(
        "trigger", "state, attempts, failure, payload", "key"
    )
    assert (state, attempts) == ("dead", 1)
    assert "no_such_reward" in failure or "TellMember" in failure
    assert '"BROKEN"' in payload
    assert await chat.runs() == []
    assert [body for (body,) in await chat.outbox("body")] == [SORRY]


async def test_the_answer_is_in_the_contact_s_language(chat: Chat) -> None:
    await chat("ESPAÑOL")
    assert (await chat("BROKEN"))[0].startswith("Lo sentimos")
    await chat("中文")
    assert (await chat("BROKEN"))[0].startswith("抱歉")


async def test_a_failed_turn_hurts_nobody_else(chat: Chat) -> None:
    assert await chat("BROKEN") == [SORRY]
    assert len(await chat("LOYALTY", number="+12125550101")) == 3
    assert len(await chat("LOYALTY")) == 3


async def test_a_retry_of_a_failed_message_gets_the_same_answer_and_no_second_try(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="lost_webhook_answer"))
    assert await chat("BROKEN") == [SORRY]
    assert await chat.triggers() == [("inbound", "dead")]


async def test_a_replay_answers_by_the_outbox(chat: Chat, tmp_path: Path) -> None:
    await chat("BROKEN")
    (tmp_path / "flows" / "broken.yaml").write_text(MENDED)
    await push(chat.app.database, chat.app.settings, chat.clock)
    await chat.app.reload()
    chat.clock.now += timedelta(hours=1)
    await replay(chat)
    assert await chat.triggers() == [("inbound", "done")]
    assert await chat.later() == ["Mended."]
    await replay(chat)
    assert await chat.later(minutes=5) == []


async def test_a_replay_that_fails_again_does_not_apologise_again(chat: Chat) -> None:
    await chat("BROKEN")
    await replay(chat)
    assert await chat.later(minutes=10) == []
    assert await chat.triggers() == [("inbound", "dead")]


async def test_stop_is_heard_though_the_open_question_is_broken(chat: Chat) -> None:
    await chat("ASK")
    assert await chat("anything") == [SORRY]
    assert await chat("STOP") == [STOPPED]
    assert await chat("BALANCE") == []


async def test_stop_is_heard_though_the_flow_of_the_open_question_is_gone(chat: Chat, tmp_path: Path) -> None:
    await chat("ASK")
    (tmp_path / "flows" / "asking.yaml").unlink()
    await push(chat.app.database, chat.app.settings, chat.clock)
    await chat.app.reload()
    assert await chat("STOP") == [STOPPED]
    assert await chat.runs() == [("asking", "ended")]


@pytest.mark.parametrize("state", ["{", "[]", '{"frames": 1}', "null"])
async def test_stop_is_heard_though_the_run_s_state_is_corrupt(chat: Chat, state: str) -> None:
    await chat("LOYALTY")
    contact = await chat.contact_id()
    await chat.run(
        "UPDATE run SET state = :state WHERE bucket = :bucket AND contact = :contact",
        state=state,
        bucket=bucket_of(contact),
        contact=contact,
    )
    assert await chat("Ana") == [SORRY]
    assert await chat("STOP") == [STOPPED]
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert (await chat.of("address", "stopped_at", "value"))[0][0] is not None
    assert await chat.later(days=2) == []


async def test_what_is_logged_of_a_failure_names_nobody(chat: Chat) -> None:
    await chat("BROKEN")
    logged = chat.log.getvalue()
    assert '"event": "turn_failed"' in logged
    assert chat.number not in logged
    assert "BROKEN" not in logged
