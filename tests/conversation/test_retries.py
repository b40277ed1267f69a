"""The same message twice, and answers whose way back is lost: nothing lost, nothing said twice."""

import asyncio
from datetime import timedelta

from bot.conversation.inbox import inbound_work
from bot.conversation.work import Result
from bot.core.messages import Inbound
from bot.demo.loopback_message import Fault
from bot.storage import turns
from bot.storage.driver import Connection
from tests.conversation.chat import NUMBER, Chat

SID = "SM" + "1" * 32


async def submit(chat: Chat, text: str = "hello") -> Result:
    """Hand a message to the dispatcher as the webhook does, up to where the answer would be written."""
    inbound = Inbound("twilio", SID, "sms", NUMBER, "+14155550100", text, chat.clock())
    return await chat.app.dispatcher.submit(inbound_work(inbound))


def said(result: Result) -> list[str]:
    """Return the texts of a result."""
    return [reply.body for reply in result.replies]


async def test_an_answer_lost_on_its_way_is_given_again(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="lost_webhook_answer"))
    texted = await chat.text("LOYALTY")
    assert texted.attempts == 2
    assert len(chat.replies(texted)) == 3
    assert await chat.later(minutes=5) == []
    assert await chat.wallet() == (0, 500, 0, 0)


async def test_a_process_that_died_before_answering_leaves_it_to_the_retry(chat: Chat) -> None:
    first = await submit(chat)
    assert await chat.later(minutes=5) == []
    assert await chat.outbox() == [("unknown",)]
    again = await submit(chat)
    assert said(again) == said(first)
    assert again.is_duplicate
    chat.app.dispatcher.written(again)
    await chat("hello")  # the next batch records it
    assert (await chat.outbox())[0] == ("sent",)
    assert await chat.later(minutes=5) == []


async def test_an_answer_that_was_not_written_leaves_by_the_outbox_once(chat: Chat) -> None:
    first = await submit(chat)
    await chat.app.dispatcher.give_back(first)
    assert await chat.later(minutes=1) == said(first)
    assert said(await submit(chat)) == []
    assert await chat.later(minutes=5) == []


async def test_an_answer_that_was_called_unknown_before_it_is_given_back_leaves_too(chat: Chat) -> None:
    """Who was to write it knows better than the end of its lease: it did not leave."""
    first = await submit(chat)
    assert await chat.later(seconds=45) == []
    assert await chat.outbox() == [("unknown",)]
    await chat.app.dispatcher.give_back(first)
    assert await chat.later(minutes=1) == said(first)
    await chat.app.dispatcher.give_back(first)
    assert await chat.later(minutes=5) == []


async def test_what_a_retry_carries_is_not_sent_by_whoever_failed_before(chat: Chat) -> None:
    first = await submit(chat)
    chat.clock.now += timedelta(seconds=1)
    again = await submit(chat)
    assert said(again) == said(first)
    await chat.app.dispatcher.give_back(first)
    chat.app.dispatcher.written(again)
    assert await chat.later(minutes=5) == []
    await chat("hello")  # the next batch records it
    assert (await chat.outbox())[0] == ("sent",)


async def test_what_is_given_back_while_a_retry_comes_leaves_by_the_outbox_alone(chat: Chat) -> None:
    first = await submit(chat)
    loop, is_given_back = asyncio.get_running_loop(), asyncio.Event()

    async def give_back(connection: Connection) -> None:
        ids, until = [(first.contact_id, reply.id) for reply in first.replies], first.inline_until
        assert until is not None
        await turns.give_back(connection, ids, until, chat.clock())
        loop.call_soon_threadsafe(is_given_back.set)
        if chat.app.database.dialect == "postgresql":
            await asyncio.sleep(0.3)  # the retry reads meanwhile how it stood before; SQLite has one writer

    late = asyncio.create_task(chat.app.database.transact(give_back))
    await is_given_back.wait()
    assert said(await submit(chat)) == []
    await late
    assert await chat.later(minutes=1) == said(first)
    assert await chat.later(minutes=5) == []


async def test_what_was_written_before_its_retry_came_is_said_again(chat: Chat) -> None:
    first = await submit(chat)
    chat.app.dispatcher.written(first)
    await chat.app.dispatcher.settle()
    again = await submit(chat)
    assert said(again) == said(first)
    await chat.app.dispatcher.give_back(again)
    assert await chat.outbox() == [("sent",)]


async def test_an_answer_that_comes_too_late_leaves_by_the_outbox(chat: Chat) -> None:
    chat.clock.step = timedelta(seconds=6)
    assert await chat("LOYALTY") == []
    chat.clock.step = timedelta()
    assert [text[:8] for text in await chat.later(minutes=1)] == ["You're i", "Welcome!", "What sha"]
    assert await chat.later(minutes=5) == []


async def test_who_said_stop_in_between_is_not_answered_again(chat: Chat) -> None:
    first = await submit(chat)
    assert len(first.replies) == 1
    await chat("STOP")
    assert said(await submit(chat)) == []
    assert await chat.later(minutes=5) == []
