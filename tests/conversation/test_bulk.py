"""Works in bulk: each once, and nobody who texts waits until all of them are done."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.inbox import inbound_work
from bot.conversation.work import Work
from bot.core.messages import Inbound
from bot.storage import revisions
from bot.storage.driver import Connection, Database
from tests.conversation.chat import Chat

T = TypeVar("T")
MANY = 400


def texted(chat: Chat, line: int, text: str) -> Work:
    """A message from a number of its own, as the webhook submits it."""
    return inbound_work(
        Inbound(
            provider="twilio",
            provider_id=f"SM{line:032x}",
            channel="sms",
            address=f"+1212555{line:04}",
            to="+12065550100",
            text=text,
            received_at=chat.clock(),
        )
    )


async def test_who_texts_does_not_wait_for_a_bulk(chat: Chat) -> None:
    """A reply comes while the most of the bulk still waits."""
    dispatcher = chat.app.dispatcher
    # PostgreSQL's pool opens a connection when it is first needed, which takes longer than all of this.
    await asyncio.gather(*(chat.app.database.query(revisions.generation) for _ in range(3)))
    bulk = asyncio.create_task(dispatcher.submit_all(texted(chat, line, "HELP") for line in range(MANY)))
    await asyncio.sleep(0)
    assert dispatcher.backlog == MANY
    result = await dispatcher.submit(texted(chat, MANY, "HELP"))
    assert len(result.replies) == 1
    assert dispatcher.backlog > MANY // 2
    assert await bulk == MANY


async def test_a_bulk_counts_what_is_new(chat: Chat) -> None:
    """What was handled before is not counted again, also when it comes twice at once."""
    works = [texted(chat, line, "HELP") for line in range(40)]
    assert await chat.app.dispatcher.submit_all(works[:30]) == 30
    assert await chat.app.dispatcher.submit_all([*works, *works]) == 10
    assert await chat.app.dispatcher.submit_all(()) == 0


@dataclass(slots=True)
class Slow:
    """A database far away: transactions begin there when it is told to go on."""

    real: Database
    asked: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    dialect: str = "postgresql"  # where several transactions may be in hand

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Wait, then do it."""
        self.asked += 1
        await self.go_on.wait()
        return await self.real.transact(work)

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do it."""
        return await self.real.query(work)

    async def close(self) -> None:
        """Leave the real one open: it is the application's."""


async def _turns_of_the_loop() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_bulk_leaves_a_place_to_who_texts(chat: Chat) -> None:
    """Of three batches at once two may be of bulk works, however many wait."""
    slow = Slow(chat.app.database)
    dispatcher = Dispatcher(slow, chat.app.conversation)
    dispatcher.start()
    bulk = asyncio.create_task(dispatcher.submit_all(texted(chat, line, "HELP") for line in range(MANY)))
    await _turns_of_the_loop()
    assert slow.asked == 2
    slow.go_on.set()
    assert await bulk == MANY
    await dispatcher.close()


async def test_few_who_text_wait_for_the_batch_that_runs_but_not_for_long(chat: Chat) -> None:
    """Together they cost one batch; one that hangs, at a lock or a network, must not stop all others."""
    slow = Slow(chat.app.database)
    dispatcher = Dispatcher(slow, chat.app.conversation)
    dispatcher.start()
    said = [asyncio.create_task(dispatcher.submit(texted(chat, 0, "HELP")))]
    await _turns_of_the_loop()
    said += [asyncio.create_task(dispatcher.submit(texted(chat, line, "HELP"))) for line in range(1, 4)]
    await _turns_of_the_loop()
    assert (slow.asked, dispatcher.backlog) == (1, 3)
    async with asyncio.timeout(5):
        while dispatcher.backlog:  # noqa: ASYNC110  # nobody is told of a batch that begins
            await asyncio.sleep(0.01)
    await _turns_of_the_loop()
    assert slow.asked == 2
    slow.go_on.set()
    assert [len((await one).replies) for one in said] == [1, 1, 1, 1]
    await dispatcher.close()


async def test_many_who_text_do_not_wait_for_the_batch_that_runs(chat: Chat) -> None:
    slow = Slow(chat.app.database)
    dispatcher = Dispatcher(slow, chat.app.conversation)
    dispatcher.start()
    said = [asyncio.create_task(dispatcher.submit(texted(chat, 0, "HELP")))]
    await _turns_of_the_loop()
    said += [asyncio.create_task(dispatcher.submit(texted(chat, line, "HELP"))) for line in range(1, 40)]
    await _turns_of_the_loop()
    assert (slow.asked, dispatcher.backlog) == (2, 0)
    slow.go_on.set()
    assert all([len((await one).replies) == 1 for one in said])
    await dispatcher.close()


async def test_a_stopped_dispatcher_takes_no_bulk(chat: Chat) -> None:
    """Who finds works when all is closed is not kept waiting for ever."""
    await chat.app.dispatcher.close()
    works = [texted(chat, 1, "HELP")]
    assert await asyncio.wait_for(chat.app.dispatcher.submit_all(works), 5) == 0
