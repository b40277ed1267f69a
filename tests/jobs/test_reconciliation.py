"""Unknown outcomes over the loopback's REST API: asked about, found, sent again, or given up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.wechat.account import AccountKind, WechatAccount
from bot.channels.wechat.sender import WechatChannel
from bot.core.messages import OutboxState
from bot.demo.loopback_message import Draft, Fault, FaultKind
from bot.jobs.reconciliation import Reconciliation
from bot.storage import unknown
from tests.conversation.chat import Chat, chatting, shipped

LATER = """\
flow: later
title: Say the same a moment later
language: en
start:
  - keyword: [LATER]
reentry: always
steps:
  - wait: 30s
  - say: {text: Done waiting., group: loyalty}
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A member for whom a message will be due in 30 seconds."""
    flows = shipped(tmp_path, "loyalty", "balance", later=LATER)
    async with chatting(database_url, flows=flows) as chat:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
        await chat("LATER")
        yield chat


def fault(
    chat: Chat, *kinds: FaultKind, times: int | None = 1, seconds: float = 0, status: int = 503
) -> None:
    for kind in kinds:
        chat.loopback.fault(Fault(kind=kind, times=times, seconds=seconds, status=status))


async def last(chat: Chat, columns: str = "state") -> tuple[object, ...]:
    """Return columns of the newest message."""
    return (await chat.outbox(columns))[-1]


async def evidence(chat: Chat) -> str:
    return str((await last(chat, "evidence"))[0])


LOST: tuple[FaultKind, ...] = ("drop_answer", "error_answer")


@pytest.mark.parametrize("lost", LOST)
async def test_what_was_taken_is_found_in_the_list_and_not_sent_again(chat: Chat, lost: FaultKind) -> None:
    fault(chat, lost, "no_callbacks")
    assert await chat.later(seconds=31) == ["Done waiting."]
    assert await last(chat) == ("unknown",)
    assert await chat.later(seconds=50) == []
    assert await last(chat) == ("unknown",), "a callback has its time first"
    assert await chat.later(seconds=20) == []
    state, sid, segments, lookups = await last(chat, "state, provider_id, segments, lookups")
    assert (state, segments, lookups) == ("delivered", 1, 0)
    assert str(sid) in chat.loopback.network.messages
    assert f"in the provider's list as {sid}, delivered" in await evidence(chat)
    assert await chat.later(hours=12) == []


async def test_a_callback_settles_it_before_anybody_is_asked(chat: Chat) -> None:
    fault(chat, "drop_answer")
    fault(chat, "late_callbacks", seconds=0.5)  # later than the doubt is written down
    fault(chat, "reject_list", times=None)
    assert await chat.later(seconds=31) == ["Done waiting."]
    state, sid, doubted_at = await last(chat, "state, provider_id, doubted_at")
    assert state == "delivered"
    assert f"reported as {sid}, sent" in await evidence(chat)
    assert doubted_at is not None, "the report lists it for ever"


async def test_what_was_never_taken_is_sent_again_after_three_looks(chat: Chat) -> None:
    fault(chat, "drop_request")
    assert await chat.later(seconds=31) == []
    for minutes, looks in ((1, 1), (4, 2)):
        assert await chat.later(minutes=minutes, seconds=1) == []
        assert await last(chat, "state, lookups") == ("unknown", looks)
    assert await chat.later(minutes=10) == ["Done waiting."]
    assert await last(chat, "state, attempts") == ("delivered", 2)
    assert "not in the provider's list, asked 3 times: queued again" in await evidence(chat)
    assert await chat.later(hours=12) == []


async def test_a_list_that_lags_is_given_its_time(chat: Chat) -> None:
    fault(chat, "drop_answer", "no_callbacks")
    fault(chat, "late_list", seconds=600, times=None)
    assert await chat.later(seconds=31) == ["Done waiting."]
    for minutes in (1, 4, 10, 60):
        assert await chat.later(minutes=minutes, seconds=1) == []
    assert await last(chat, "state, attempts") == ("delivered", 1)


async def test_nothing_is_decided_while_the_provider_cannot_be_asked(chat: Chat) -> None:
    fault(chat, "drop_request")
    fault(chat, "reject_list", times=None)
    assert await chat.later(seconds=31) == []
    for _ in range(4):
        assert await chat.later(hours=1) == []
        assert await last(chat, "state, lookups") == ("unknown", 0)
    chat.loopback.network.faults.clear()
    assert await chat.later(hours=1) == []
    assert await last(chat, "state, lookups") == ("unknown", 1), "once is not enough"
    assert await chat.later(hours=1) == ["Done waiting."]


async def test_what_cannot_be_found_out_in_ten_hours_fails_and_says_why(chat: Chat) -> None:
    fault(chat, "drop_answer", "no_callbacks")
    fault(chat, "reject_list", times=None)
    assert await chat.later(seconds=31) == ["Done waiting."]
    await chat.later(hours=9)
    assert await last(chat) == ("unknown",)
    await chat.later(hours=2)
    assert await last(chat, "state, reason") == ("failed", "outcome unknown")
    assert "could not be found out: Twilio's list answered 503" in await evidence(chat)
    assert await chat.later(hours=24) == []


async def test_what_nobody_can_ever_be_asked_about_fails_at_the_first_look(chat: Chat) -> None:
    """WeChat keeps no list: waiting would find out nothing, and sending again may be sending twice."""
    fault(chat, "drop_answer", "no_callbacks")
    assert await chat.later(seconds=31) == ["Done waiting."]
    await chat.run("UPDATE outbox SET channel = 'wechat', address = 'wx1/o1' WHERE state = 'unknown'")
    account = WechatAccount(name="shop", appid="wx1", secret="s", kind=AccountKind.OFFICIAL, tokens=("t",))
    channel = WechatChannel([account], base_url="http://127.0.0.1:9")
    try:
        running = chat.app
        asking = Reconciliation(
            running.database, {"wechat": channel}, running.receipts, chat.clock, asyncio.Event()
        )
        chat.clock.now += timedelta(seconds=61)
        assert await asking.find_out() == 1
    finally:
        await channel.close()
    assert await last(chat, "state, reason") == ("failed", "outcome unknown")
    assert "wechat keeps no list that could be asked" in await evidence(chat)


async def test_what_is_found_missing_too_late_is_not_sent_any_more(chat: Chat) -> None:
    fault(chat, "drop_request")
    assert await chat.later(seconds=31) == []
    assert await chat.later(hours=11) == []
    assert await last(chat, "state, reason") == ("failed", "outcome unknown")
    assert "too old to be sent again" in await evidence(chat)


async def test_who_stops_meanwhile_gets_nothing(chat: Chat) -> None:
    fault(chat, "drop_request")
    assert await chat.later(seconds=31) == []
    await chat("STOP")
    chat.news()
    for minutes in (1, 5, 15, 60):
        assert await chat.later(minutes=minutes) == []
    assert ("refused", "stopped") in await chat.outbox("state, reason")


@pytest.mark.parametrize("lost", ["first", "second"])
async def test_of_two_equal_texts_the_lost_one_is_sent_again(chat: Chat, lost: str) -> None:
    """One of them is in the list, under a name that one of them has: it proves nothing of the other."""
    fault(chat, "drop_request" if lost == "first" else "drop_answer", "no_callbacks")
    await chat.later(seconds=31)
    chat.loopback.network.faults.clear()
    await chat("LATER")
    fault(chat, "drop_answer" if lost == "first" else "drop_request", "no_callbacks")
    await chat.later(seconds=31)
    chat.loopback.network.faults.clear()
    for _ in range(4):
        await chat.later(minutes=10)
    assert chat.loopback.received(chat.number).count("Done waiting.") == 2
    assert (await chat.outbox("state, body")).count(("delivered", "Done waiting.")) == 2
    sids = {sid for sid, body in await chat.outbox("provider_id, body") if body == "Done waiting."}
    assert len(sids) == 2


async def test_the_list_is_read_to_its_end(chat: Chat) -> None:
    fault(chat, "drop_answer", "no_callbacks")
    await chat.later(seconds=31)
    chat.loopback.network.faults.clear()
    for number in range(600):
        chat.loopback.network.messages[f"SM{number:032}"] = chat.loopback.network._message(  # noqa: SLF001  # a long past
            "outbound-api", _draft(chat, f"old news {number}")
        )
    await chat.later(seconds=90)
    assert await last(chat, "state, attempts") == ("delivered", 1)


def _draft(chat: Chat, body: str) -> Draft:
    return Draft(to=chat.number, sender=chat.loopback.account.numbers[0], body=body)


async def lose_track(chat: Chat) -> None:
    """Let the process that was to answer be gone before it recorded whether it did."""
    await chat.app.dispatcher.settle()
    await chat.run(
        "UPDATE outbox SET state = 'sending', provider_id = NULL, lease_until = state_at"
        " WHERE id = (SELECT MAX(id) FROM outbox)"
    )


async def test_an_inline_answer_that_twilio_took_is_found(chat: Chat) -> None:
    fault(chat, "no_callbacks")
    assert len(await chat("BALANCE")) == 1
    await lose_track(chat)
    await chat.later()
    assert await last(chat) == ("unknown",)
    assert await chat.later(seconds=70) == ["Done waiting."]
    found = [
        (state, sid)
        for state, sid, doubted_at in await chat.outbox("state, provider_id, doubted_at")
        if doubted_at
    ]
    assert [state for state, _ in found] == ["delivered"]
    assert chat.loopback.network.messages[found[0][1]].direction == "outbound-reply"


async def test_an_inline_answer_that_nobody_took_is_sent_by_the_outbox(chat: Chat) -> None:
    chat.loopback.fault(Fault(kind="no_callbacks"))
    (answer,) = await chat("BALANCE")
    await lose_track(chat)
    for sid, message in list(chat.loopback.network.messages.items()):
        if message.body == answer:
            del chat.loopback.network.messages[sid]  # the process died before it wrote the answer
    arrived = []
    for minutes in (0, 1, 5, 10, 60):
        arrived += await chat.later(minutes=minutes, seconds=1)
    assert arrived.count(answer) == 1


async def test_the_report_lists_all_that_was_ever_in_doubt(chat: Chat) -> None:
    fault(chat, "drop_answer", "no_callbacks")
    await chat.later(seconds=31)
    summary = await chat.app.database.query(unknown.summary)
    assert (summary.open, summary.oldest_at) == (1, chat.clock.now)
    await chat.later(seconds=70)
    summary = await chat.app.database.query(unknown.summary)
    assert (summary.open, summary.oldest_at, summary.by_state) == (0, None, {OutboxState.DELIVERED: 1})
    (one,) = await chat.app.database.query(lambda c: unknown.doubted(c, chat.clock.now.replace(hour=0)))
    assert (one.contact_id, one.flow, one.state) == (await chat.contact_id(), "later", OutboxState.DELIVERED)
    assert one.evidence is not None
