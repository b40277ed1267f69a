"""What is struck at once, what waits for its time, and that both come to an end in order."""

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest

from bot.conversation.inbox import inbound_work
from bot.core.ids import bucket_of
from bot.core.messages import Inbound
from bot.jobs.clockwork import Clockwork, Job
from tests.conversation.chat import Chat, chatting


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """An application whose jobs strike by themselves."""
    async with chatting(database_url, strikes=True) as chat:
        yield chat


async def test_what_cannot_wait_is_struck_at_once_and_beside_what_is_in_hand() -> None:
    clockwork = Clockwork((), asyncio.Event())
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()
    ended = 0

    async def work() -> int:
        nonlocal ended
        begun.release()
        await go_on.wait()
        ended += 1
        return 1

    job = Job("now", 0, work)
    clockwork.soon(job)  # before it runs: nothing happens
    clockwork.start()
    clockwork.soon(job)
    clockwork.soon(job)
    async with asyncio.timeout(5):
        await begun.acquire()
        await begun.acquire()
    assert begun.locked(), "two and not three"
    clockwork.pause()
    clockwork.soon(job)
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    await clockwork.close()
    assert ended == 2, "what is in hand is finished"


async def test_a_job_that_takes_long_is_not_struck_twice() -> None:
    struck = 0

    async def work() -> int:
        nonlocal struck
        struck += 1
        await asyncio.sleep(0.3)
        return 0

    clockwork = Clockwork((Job("slow", 0.05, work),), asyncio.Event())
    clockwork.start()
    await asyncio.sleep(0.25)
    assert struck == 1
    await clockwork.close()


async def test_an_answer_that_was_given_back_leaves_at_once(chat: Chat) -> None:
    woken: list[int] = []
    deliver = chat.app.dispatcher.queued

    def queued(buckets: Collection[int]) -> None:
        woken.extend(buckets)
        deliver(buckets)

    chat.app.dispatcher.queued = queued
    inbound = Inbound(
        "twilio", "SM1", "sms", chat.number, chat.loopback.account.numbers[0], "HELP", chat.clock()
    )
    result = await chat.app.dispatcher.submit(inbound_work(inbound))
    assert woken == [], "what goes back in the webhook's answer is nobody's business"
    await chat.app.dispatcher.give_back(result)
    assert woken == [bucket_of(result.contact_id)]
    async with asyncio.timeout(5):
        while not chat.loopback.received(chat.number):  # noqa: ASYNC110  # the loopback tells nobody
            await asyncio.sleep(0.01)
    await chat.loopback.settle()
    assert len(chat.loopback.received(chat.number)) == 1
