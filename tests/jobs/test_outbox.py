"""The outbox, over the loopback's REST API: what is sent, what Twilio says, what becomes of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from twilio.request_validator import RequestValidator

from bot.channels.twilio.signature import SIGNATURE_HEADER
from bot.channels.twilio.webhook import status_url
from bot.demo.loopback_message import Fault
from bot.demo.loopback_network import DEMO_NUMBER
from bot.storage.interventions import Intervention, Which, intervene
from tests.conversation.chat import TOKEN, Chat, chatting, shipped

PAUSE = """\
flow: pause
title: Say something a moment later
language: en
start:
  - keyword: [PAUSE]
steps:
  - say: Wait.
  - wait: 30s
  - say: {text: Done waiting., group: loyalty}
"""
TWICE = """\
flow: twice
title: Say two things a moment later
language: en
start:
  - keyword: [TWICE]
steps:
  - wait: 30s
  - say: {text: First., group: loyalty}
  - say: {text: Second., group: loyalty}
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A member for whom a message will be due in 30 seconds."""
    flows = shipped(tmp_path, "loyalty", "balance", pause=PAUSE, twice=TWICE)
    async with chatting(database_url, flows=flows) as chat:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
        assert await chat("PAUSE") == ["Wait."]
        yield chat


async def due(chat: Chat) -> list[str]:
    """Let the message become due and be tried once."""
    return await chat.later(seconds=31)


async def told(chat: Chat, form: dict[str, str]) -> None:
    """Post a status callback of the newest message, signed as Twilio signs it."""
    contact, message = (await chat.of("outbox", "contact, id", "id"))[-1]
    url = status_url(chat.url, contact, message)
    signature = RequestValidator(TOKEN).compute_signature(url, form)
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=form, headers={SIGNATURE_HEADER: signature}) as answer,
    ):
        assert answer.status == 204


async def last(chat: Chat, columns: str = "state") -> tuple[object, ...]:
    """Return columns of the newest message."""
    return (await chat.outbox(columns))[-1]


async def test_a_message_is_delivered_and_its_statuses_are_heard(chat: Chat) -> None:
    assert await due(chat) == ["Done waiting."]
    state, provider_id, attempts = await last(chat, "state, provider_id, attempts")
    assert (state, attempts) == ("delivered", 1)
    assert str(provider_id).startswith("SM")
    assert await chat.later(hours=1) == []


async def test_inline_answers_are_delivered_too(chat: Chat) -> None:
    assert {state for (state,) in await chat.outbox()} == {"delivered"}


@pytest.mark.parametrize("kind", ["duplicate_callbacks", "reversed_callbacks"])
async def test_statuses_never_step_back(chat: Chat, kind: str) -> None:
    chat.loopback.fault(Fault.model_validate({"kind": kind}))
    assert await due(chat) == ["Done waiting."]
    assert await last(chat) == ("delivered",)


async def test_without_callbacks_it_stays_sent(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="no_callbacks"))
    assert await due(chat) == ["Done waiting."]
    assert await last(chat) == ("sent",)


@pytest.mark.parametrize("way", ["at once", "by callback"])
async def test_who_has_opted_out_at_twilio_is_stopped_here(chat: Chat, way: str) -> None:
    if way == "at once":
        chat.loopback.fault(Fault(kind="reject", code=21610))
    else:
        chat.loopback.fault(Fault(kind="failed", code=21610))
    assert await due(chat) == []
    assert await last(chat, "state, error_code") == ("failed", "21610")
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert await chat("BALANCE") == []
    assert await chat.later(hours=1) == []
    assert len(await chat("START")) == 1
    assert len(await chat("BALANCE")) == 1


async def test_an_opt_out_is_heard_though_the_same_message_was_refused_for_something_else(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", code=21614))
    assert await due(chat) == []
    await chat("BALANCE")  # so the number can be reached after all
    await intervene(chat.app.database, Intervention.REPLAY, Which(flow="pause"), chat.clock.now)
    chat.loopback.fault(Fault(kind="reject", code=21610))
    assert await chat.later(minutes=1) == []
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}


async def test_a_phone_that_is_off_gets_the_message_once_hours_later(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="undelivered", code=30003))
    assert await due(chat) == []
    state, code, attempts, provider_id, first = await last(
        chat, "state, error_code, attempts, provider_id, earlier_ids"
    )
    assert (state, code, attempts, provider_id) == ("queued", "30003", 1, None)
    assert await chat.later(hours=3) == []
    assert await chat.later(hours=1) == ["Done waiting."]
    state, attempts, provider_id = await last(chat, "state, attempts, provider_id")
    assert (state, attempts) == ("delivered", 2)
    assert provider_id not in {None, first}, "the provider has it under another name"
    assert await chat.of("address", "stopped_at, unusable_reason", "value") == [(None, None)]


async def test_a_phone_that_stays_off_is_given_up_on(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="undelivered", code=30003, times=None))
    await due(chat)
    await chat.later(hours=4)
    assert await last(chat, "state, error_code, attempts") == ("undelivered", "30003", 2)
    assert await chat.later(hours=30) == []


@pytest.mark.parametrize("kind", ["duplicate_callbacks", "reversed_callbacks"])
async def test_what_is_said_of_the_first_try_says_nothing_of_the_second(chat: Chat, kind: str) -> None:
    chat.loopback.fault(Fault(kind="undelivered", code=30003))
    chat.loopback.fault(Fault.model_validate({"kind": kind}))
    assert await due(chat) == []
    ((state, first),) = [await last(chat, "state, earlier_ids")]
    assert state == "queued"
    form = {"MessageSid": str(first), "MessageStatus": "undelivered", "ErrorCode": "30003"}
    await told(chat, form)
    assert await last(chat, "state, attempts") == ("queued", 1)
    assert await chat.later(hours=4) == ["Done waiting."]
    await told(chat, form)
    assert await last(chat, "state, attempts, error_code") == ("delivered", 2, None)


async def test_too_fast_for_the_carrier_slows_the_sender(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="undelivered", code=30022))
    assert await due(chat) == []
    assert await last(chat) == ("queued",)
    ((slowed_until, failures),) = await chat.rows(
        "SELECT slowed_until, failures FROM sender WHERE name = :name", name=DEMO_NUMBER
    )
    assert slowed_until > int(chat.clock().timestamp() * 1_000_000)
    assert failures == 1
    assert await chat.later(minutes=5) == ["Done waiting."]
    assert await chat.rows("SELECT failures FROM sender WHERE name = :name", name=DEMO_NUMBER) == [(0,)]


async def test_a_full_day_of_the_brand_waits_for_midnight_in_california(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="undelivered", code=30023))
    assert await due(chat) == []
    midnight = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert await last(chat, "state, due_at") == ("queued", int(midnight.timestamp() * 1_000_000))
    await chat("PAUSE")
    assert await chat.later(minutes=1) == [], "the rest of the brand waits too"
    assert len(await chat("BALANCE")) == 1, "but answers do not"
    assert await chat.move_to(midnight + timedelta(hours=6, minutes=5)) == ["Done waiting."] * 2


async def test_a_number_out_of_service_is_not_written_to_again_until_it_writes(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="undelivered", code=30005))
    await chat("PAUSE")
    chat.clock.now += timedelta(seconds=31)
    await chat.strike()
    ((reason,),) = await chat.of("address", "unusable_reason", "value")
    assert reason == "error 30005"
    assert len(await chat("BALANCE")) == 1
    assert await chat.of("address", "unusable_reason", "value") == [(None,)]


async def test_an_answer_that_is_lost_is_unknown_until_the_callback(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="drop_answer"))
    assert await due(chat) == ["Done waiting."]
    assert await last(chat) == ("delivered",)
    assert await chat.later(hours=1) == []


async def test_an_answer_that_is_lost_is_never_sent_again(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="drop_answer"))
    chat.loopback.fault(Fault(kind="no_callbacks"))
    assert await due(chat) == ["Done waiting."]
    assert await last(chat) == ("unknown",)
    assert await chat.later(hours=3) == []


async def test_too_many_requests_are_tried_again_when_twilio_says(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", status=429, retry_after=120))
    assert await due(chat) == []
    assert await last(chat) == ("queued",)
    assert await chat.later(seconds=110) == []
    assert await chat.later(seconds=15) == ["Done waiting."]


async def test_a_server_error_is_unknown_and_not_sent_again(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", status=503))
    assert await due(chat) == []
    assert await last(chat) == ("unknown",)
    assert await chat.later(hours=3) == []


async def test_what_will_never_work_fails_at_once(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", code=21612))
    assert await due(chat) == []
    assert await last(chat, "state, error_code, attempts") == ("failed", "21612", 1)


async def test_what_may_be_the_messages_own_fault_is_tried_a_few_times(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", code=30017, times=None))
    await due(chat)
    for _ in range(5):
        await chat.later(hours=1)
    assert await last(chat, "state, error_code, attempts") == ("failed", "30017", 4)


async def test_what_its_sender_is_to_blame_for_is_tried_for_a_day(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", status=429, times=None))
    await due(chat)
    for _ in range(9):
        await chat.later(hours=1)
    assert await last(chat) != ("failed",)
    for _ in range(24):
        await chat.later(hours=1)
    assert await last(chat) == ("failed",)


async def test_what_is_held_or_has_to_wait_counts_no_attempt(chat: Chat) -> None:
    await chat.move_to(datetime(2026, 11, 25, 3, 30, tzinfo=UTC))
    assert await last(chat, "state, attempts") == ("held", 0)
    await chat.move_to(datetime(2026, 11, 25, 14, 1, tzinfo=UTC))
    assert await last(chat, "state, attempts") == ("delivered", 1)


async def test_a_wrong_token_keeps_messages_until_the_operator_mends_it(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", status=401, times=8))
    await due(chat)
    for _ in range(8):
        await chat.later(minutes=6)
    assert await last(chat) == ("delivered",)
    assert '"event": "operator_needed"' in chat.log.getvalue()


async def test_stop_between_queueing_and_claiming_refuses_the_message(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", status=429, retry_after=60))
    await due(chat)
    assert await last(chat) == ("queued",)
    await chat("STOP")
    queued = "state, reason"
    assert await chat.later(minutes=5) == []
    assert ("refused", "stopped") in await chat.outbox(queued)


async def test_one_strike_refuses_all_that_may_not_leave(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="reject", status=429, retry_after=60))
    await chat("TWICE")
    assert await chat.later(seconds=40) == []
    assert (await chat.outbox()).count(("queued",)) == 3
    await chat("STOP")
    chat.clock.now += timedelta(minutes=5)
    await chat.app.clockwork.strike_all()
    assert (await chat.outbox()).count(("refused",)) == 3


async def test_a_job_that_did_something_tells_of_it_in_one_line(chat: Chat) -> None:
    await due(chat)
    told = [json.loads(line) for line in chat.log.getvalue().splitlines()]
    jobs = [(line["job"], line["done"]) for line in told if line["event"] == "job"]
    assert {("timers", 1), ("outbox_service", 1)} <= set(jobs)


async def test_in_quiet_hours_a_message_is_held_and_leaves_in_the_morning(chat: Chat) -> None:
    assert await chat.move_to(datetime(2026, 11, 25, 3, 30, tzinfo=UTC)) == []  # 22:30 in New York
    assert await last(chat, "state, reason") == ("held", "quiet_hours")
    assert await chat.move_to(datetime(2026, 11, 25, 13, 55, tzinfo=UTC)) == []
    assert await chat.move_to(datetime(2026, 11, 25, 14, 1, tzinfo=UTC)) == ["Done waiting."]


async def test_stop_while_a_message_is_held_refuses_it(chat: Chat) -> None:
    await chat.move_to(datetime(2026, 11, 25, 3, 30, tzinfo=UTC))
    await chat("STOP")
    assert await chat.move_to(datetime(2026, 11, 25, 14, 1, tzinfo=UTC)) == []
    assert ("refused", "stopped") in await chat.outbox("state, reason")


async def test_messages_of_one_contact_leave_in_order(chat: Chat) -> None:
    await due(chat)
    await chat("TWICE")
    assert await chat.later(seconds=31) == ["First.", "Second."]


async def test_who_dies_while_sending_leaves_it_unknown(chat: Chat) -> None:
    await due(chat)
    contact = await chat.contact_id()
    await chat.run(
        "UPDATE outbox SET state = 'sending', lease_until = :soon"
        " WHERE contact = :contact AND body = 'Done waiting.'",
        soon=int(chat.clock().timestamp() * 1_000_000) + 1000,
        contact=contact,
    )
    assert await chat.later(minutes=2) == []
    assert await last(chat) == ("unknown",)


async def test_a_process_that_stops_finishes_what_it_is_sending(database_url: str, tmp_path: Path) -> None:
    flows = shipped(tmp_path, "loyalty", pause=PAUSE)
    async with chatting(database_url, flows=flows, strikes=True) as chat:
        for text in ("LOYALTY", "skip", "skip", "PAUSE"):
            await chat(text)
        chat.loopback.fault(Fault(kind="slow_answer", seconds=1.5))
        chat.loopback.fault(Fault(kind="no_callbacks"))
        chat.clock.now += timedelta(seconds=31)
        async with asyncio.timeout(10):
            while ("sending",) not in await chat.outbox():  # noqa: ASYNC110  # the database tells nobody
                await asyncio.sleep(0.05)
        await chat.app.clockwork.close()
        assert await last(chat) == ("sent",)
