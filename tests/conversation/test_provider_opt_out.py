"""Where Twilio itself hears STOP, START and HELP and says so: heard here too, and not confirmed twice."""

from collections.abc import AsyncIterator

import pytest

from tests.conversation.chat import Chat, chatting


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """A shop with Twilio's advanced opt-out."""
    async with chatting(database_url, opt_out="advanced") as chat:
        await chat("LOYALTY")
        yield chat


async def test_stop_is_confirmed_by_twilio_alone(chat: Chat) -> None:
    assert await chat("STOP") == []
    assert len(chat.loopback.received(chat.number)) == 4
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert (await chat.of("address", "stopped_at", "value"))[0][0] is not None
    assert await chat.of("consent", "state, source, words", "number") == [
        ("subscribed", "keyword", "LOYALTY"),
        ("unsubscribed", "provider", "STOP"),
    ]


async def test_start_and_help_are_answered_by_twilio_alone(chat: Chat) -> None:
    await chat("STOP")
    assert await chat("START") == []
    assert await chat.subscriptions() == {"loyalty": "subscribed"}
    assert await chat("HELP") == []
    assert len(await chat("BALANCE")) == 1


async def test_yes_of_a_stopped_contact_is_start_to_twilio_and_to_us(chat: Chat) -> None:
    await chat("STOP")
    assert await chat("YES") == []
    assert await chat.subscriptions() == {"loyalty": "subscribed"}


async def test_yes_to_a_question_is_an_answer(chat: Chat) -> None:
    await chat("Ana")
    await chat("skip")
    await chat("REWARDS")
    await chat("1")
    (done,) = await chat("YES")
    assert done.startswith("Enjoy!")
