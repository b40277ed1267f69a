"""The door of flows over a real database: re-entry by key, exact caps, verdicts on record."""

import asyncio
from pathlib import Path

from bot.conversation.operations import operation_work
from bot.conversation.work import Work
from bot.core.contact import Event, JsonValue
from bot.core.triggers import Trigger, TriggerKind
from tests.conversation.chat import Chat, chatting, shipped

REVIEW = """\
flow: review_asked
title: Ask for a review
language: en
group: loyalty
reentry: {per: order}
entry: {per_day: 3, total: 4}
start:
  - event: Parcel Opened
steps:
  - say: How is it?
"""


async def opened(chat: Chat, order: str, number: str | None = None, *, again: int = 0) -> None:
    """Let a parcel be opened."""
    event = Event("Parcel Opened", chat.clock(), {"order_id": order})
    payload: dict[str, JsonValue] = {"name": event.name, "properties": dict(event.properties)}
    trigger = Trigger(f"parcel/{order}/{again}", TriggerKind.EVENT, event.at, payload, event=event)
    await chat.app.dispatcher.submit(Work(trigger, contact_id=await chat.contact_id(number)))


async def verdicts(chat: Chat) -> list[str]:
    """The latest verdict of each contact."""
    latest = "(SELECT MAX(l.at) FROM evaluation l WHERE l.contact = e.contact AND l.flow = e.flow)"
    found = await chat.rows(
        f"SELECT verdict FROM evaluation e WHERE flow = 'review_asked' AND at = {latest} ORDER BY verdict"  # noqa: S608
    )
    return [verdict for (verdict,) in found]


async def test_who_enters_is_decided_once_and_on_record(database_url: str, tmp_path: Path) -> None:
    async with chatting(database_url, flows=shipped(tmp_path, "fallback", review_asked=REVIEW)) as chat:
        other = "+12125550188"
        await chat("hello")
        await chat("hello", number=other)
        await opened(chat, "1")
        await opened(chat, "1", again=1)  # delivered twice, or told twice
        assert await verdicts(chat) == ["reentry"]
        await asyncio.gather(*(opened(chat, order, number) for order in "23" for number in (None, other)))
        runs = "SELECT count(*) FROM run WHERE flow = 'review_asked'"
        assert await chat.rows(runs) == [(3,)]
        assert "cap_day" in await verdicts(chat)
        await chat.later(days=1)
        await opened(chat, "4")
        assert await verdicts(chat) == ["cap_day", "entered"]
        await opened(chat, "5", other)
        assert await verdicts(chat) == ["cap_total", "entered"]
        assert await chat.rows(runs) == [(4,)]
        ((at, facts),) = await chat.rows("SELECT at, facts FROM evaluation WHERE verdict = 'cap_total'")
        assert facts == '{"cap":4}'
        assert at > 0


async def test_once_for_an_order_whoever_the_contact_was_then(database_url: str, tmp_path: Path) -> None:
    async with chatting(database_url, flows=shipped(tmp_path, "fallback", review_asked=REVIEW)) as chat:
        other = "+12125550188"
        await chat("hello")
        await chat("hello", number=other)
        await opened(chat, "1", other)
        body: dict[str, JsonValue] = {"channel": "sms", "value": other, "evidence": {"way": "platform"}}
        me = await chat.contact_id()
        work = operation_work("contact.identify", body, key="api:1", at=chat.clock(), contact_id=me)
        await chat.app.dispatcher.submit(work)
        await chat.strike()
        await opened(chat, "1", again=1)
        assert await verdicts(chat) == ["entered", "reentry"]
        await opened(chat, "2")
        assert await chat.rows("SELECT count(*) FROM run WHERE flow = 'review_asked'") == [(2,)]
