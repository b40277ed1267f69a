"""Works in bulk: each once, and nobody who texts waits until all of them are done."""

import asyncio

from bot.conversation.inbox import inbound_work
from bot.conversation.work import Work
from bot.core.messages import Inbound
from tests.conversation.chat import Chat

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
