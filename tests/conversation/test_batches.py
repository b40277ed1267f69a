"""Many works at once: one commit where it can be, each its own where it must be, and an orderly end."""

import asyncio
import json
from itertools import count

import pytest

from bot.conversation.batch import Batch
from bot.conversation.inbox import inbound_work
from bot.conversation.work import Work
from bot.core.errors import RetryLater
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from tests.conversation.chat import Chat, chatting

_NUMBERS = count(1)


def text(chat: Chat, number: str, body: str) -> Work:
    """Return the work of a text."""
    sid = f"SM{next(_NUMBERS):032x}"
    return inbound_work(Inbound("twilio", sid, "sms", number, "+14155550100", body, chat.clock()))


async def test_turns_that_want_different_things_share_a_batch(chat: Chat) -> None:
    numbers = [f"+1212555{n:04}" for n in range(6)]
    for number in numbers:
        await chat("LOYALTY", number=number)
    await chat.order(("LATTE", 1), number=numbers[0])
    contact = await chat.contact_id(numbers[1])
    expiring = Trigger("expiring:x", TriggerKind.CREDIT_EXPIRING, chat.clock(), {"lots": []})
    works = [
        text(chat, numbers[0], "REORDER"),
        Work(expiring, contact_id=contact),
        *(text(chat, number, "BALANCE") for number in numbers[2:]),
    ]
    batch = Batch(chat.app.conversation, works)
    results = await chat.app.database.transact(batch.run)
    assert [result.outcome for result in results if result] == ["exact", "notice", *["exact"] * 4]


async def test_a_contact_is_in_a_batch_once(chat: Chat) -> None:
    await chat("LOYALTY")
    works = [text(chat, chat.number, "Ana"), text(chat, chat.number, "skip")]
    first, second = await chat.app.database.transact(Batch(chat.app.conversation, works).run)
    assert first is not None
    assert second is None


async def test_contacts_that_were_merged_are_in_a_batch_once(chat: Chat) -> None:
    other = "+12125550101"
    await chat("LOYALTY")
    await chat("LOYALTY", number=other)
    ids = {"old": await chat.contact_id(other), "new": await chat.contact_id()}
    await chat.run("UPDATE contact SET merged_into = :new WHERE id = :old", **ids)
    works = [text(chat, chat.number, "Ana"), text(chat, other, "skip")]
    first, second = await chat.app.database.transact(Batch(chat.app.conversation, works).run)
    assert first is not None
    assert second is None


async def test_a_batch_and_a_job_are_told_in_one_line_each_that_names_nobody(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("STOP")
    await chat.strike()
    told = [json.loads(line) for line in chat.log.getvalue().splitlines()]
    batches = [line for line in told if line["event"] == "batch"]
    texts = [line for line in batches if "event" not in line["outcomes"]]
    assert [(line["turns"], line["outcomes"]) for line in texts[:2]] == [
        (1, {"exact": 1}),
        (1, {"opt_out": 1}),
    ]
    assert all(line["milliseconds"] > 0 for line in batches)
    assert chat.number not in chat.log.getvalue()
    assert not [line for line in told if line["event"] == "job" and not line["done"]]


async def test_a_web_process_records_what_it_has_written(database_url: str) -> None:
    """Also where it could not at first, and nobody texts any more."""
    async with chatting(database_url, role="web") as chat:
        result = await chat.app.dispatcher.submit(text(chat, chat.number, "HELP"))
        chat.app.dispatcher.written(result)
        await chat.app.clockwork.strike_all()
        assert await chat.outbox() == [("sent",)]


async def test_an_application_that_stops_finishes_the_works_in_hand(chat: Chat) -> None:
    works = [text(chat, f"+1212555{n:04}", "LOYALTY") for n in range(300)]
    waiting = [asyncio.create_task(chat.app.dispatcher.submit(work)) for work in works]
    await asyncio.sleep(0)
    await chat.app.dispatcher.close()
    results = await asyncio.gather(*waiting)
    assert {result.outcome for result in results} == {"exact"}
    assert await chat.rows("SELECT COUNT(*) FROM wallet") == [(300,)]
    with pytest.raises(RetryLater):
        await chat.app.dispatcher.submit(text(chat, chat.number, "LOYALTY"))


async def test_a_stopped_process_asks_twilio_to_try_elsewhere(chat: Chat) -> None:
    await chat.app.dispatcher.close()
    texted = await chat.text("LOYALTY")
    assert texted.http_status == 503
