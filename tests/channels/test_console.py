"""What leaves by the console is printed, media links below the text."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.channels.channel import Channel
from bot.channels.console import ConsoleChannel
from bot.core.gate import Cleared
from bot.core.messages import MessageClass, OutboxState, Outgoing

MESSAGE = Outgoing(
    id="1" * 32,
    contact_id="2" * 32,
    channel="console",
    address="you",
    sender="",
    message_class=MessageClass.REPLY,
    group=None,
    body="Hello",
    media=(),
    key="k",
    flow="f",
    step="1",
    due_at=datetime(2026, 11, 22, tzinfo=UTC),
    valid_until=None,
    language="en",
)


async def test_a_message_is_printed_and_delivered() -> None:
    printed: list[str] = []
    channel: Channel = ConsoleChannel(printed.append)
    sent = await channel.send(Cleared(MESSAGE))
    await channel.send(Cleared(replace(MESSAGE, media=("https://a.example/1.png",))))
    await channel.close()
    assert printed == ["Hello", "Hello\nhttps://a.example/1.png"]
    assert sent.state is OutboxState.DELIVERED
