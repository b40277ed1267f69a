"""Which way a message goes on WeChat, what that costs, and what becomes of it where none is left."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.conversation.receipts import Receipt, Receipts
from bot.core.ids import bucket_of, microseconds
from bot.core.messages import OutboxState
from bot.core.past import because_of
from bot.core.triggers import TriggerKind
from bot.storage.past import latest_texts
from tests.conversation.chat import shipped
from tests.wechat.wechat_chat import ARRIVED, WechatChat, wechatting

SEND = "/cgi-bin/message/custom/send"
SUBSCRIBE = "/cgi-bin/message/subscribe/bizsend"
WECHAT = f"""\
language: en
templates:
  arrived:
    id: {ARRIVED.template_id}
    fields:
      thing1: The shop
      amount2: $4.59
      time3: 2026-11-24 12:00
"""


def later(name: str, wait: str, say: str) -> str:
    """A flow that says something a while after its word was written."""
    return f"""\
flow: {name}
title: Say something later
language: en
start:
  - keyword: [{name.upper()}]
steps:
  - wait: {wait}
  - say: {{text: "It arrived ({name}).", group: loyalty{say}}}
"""


ASKS = """\
flow: asks
title: Ask something later
language: en
start:
  - keyword: [ASKS]
steps:
  - wait: 30s
  - ask: {text: How was it?, group: loyalty}
    expect: text
    save: how
    within: 1d
    on_silence: end
  - say: "Noted: {{ how }}"
"""
OFFER = """\
flow: offer
title: Offer something later
language: en
start:
  - keyword: [OFFER]
steps:
  - wait: 30s
  - ask: {text: Reply YES to order., group: loyalty, class: marketing}
    expect: yes_no
    within: 2d
    on_silence: end
  - say: It is ordered.
"""
TRIP = """\
flow: trip
title: Say something later, and go on when it is there
language: en
start:
  - keyword: [TRIP]
steps:
  - wait: 30s
  - say: {text: Come in!, group: loyalty}
    refused: [{set: {way: refused}}]
  - id: after
    wait: 3d
  - say: {text: Bye., group: loyalty}
"""
RUN = "flow, step, state"
FLOWS = {
    "asks": ASKS,
    "offer": OFFER,
    "trip": TRIP,
    "night": later("night", "12h", ""),
    "soon": later("soon", "30s", ""),
    "days": later("days", "3d", ""),
    "noted": later("noted", "3d", ", notice: arrived"),
    "notes": later("notes", "30s", ", notice: arrived, class: marketing"),
    "selling": later("selling", "30s", ", class: marketing"),
    "stays": later("stays", "3d", ", channel: wechat"),
}


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[WechatChat]:
    """Somebody who joined by WeChat, and by WeChat alone."""
    flows = shipped(tmp_path, "loyalty", "balance", **FLOWS)
    (flows / "wechat.yaml").write_text(WECHAT)
    async with wechatting(database_url, flows=flows) as made:
        await made.follow()
        for text in ("LOYALTY", "skip", "skip"):
            await made(text)
        assert (await made.subscriptions())["wechat:loyalty"] == "subscribed"
        await made.sms.run("UPDATE address SET tapped_left = 0")  # as a minute after following
        yield made


async def has_number(chat: WechatChat, *texts: str) -> None:
    """Let the contact have a number too, from which these texts come."""
    contact = await chat.contact_id()
    own = {"bucket": bucket_of(contact), "contact": contact, "value": chat.sms.number}
    at = microseconds(chat.clock.now)
    await chat.sms.run(
        "INSERT INTO directory (kind, value, bucket, contact) VALUES ('sms', :value, :bucket, :contact)",
        **own,
    )
    await chat.sms.run(
        "INSERT INTO address (bucket, contact, channel, value, created_at, window_left)"
        " VALUES (:bucket, :contact, 'sms', :value, :at, 0)",
        **own,
        at=at,
    )
    for text in texts:
        await chat.sms(text)
    chat.sms.news()


async def last(chat: WechatChat, columns: str = "channel, state, reason, way") -> tuple[object, ...]:
    return (await chat.outbox(columns))[-1]


async def window(chat: WechatChat) -> int:
    ((left,),) = await chat.sms.rows(
        "SELECT a.window_left FROM address a WHERE a.channel = 'wechat' AND a.value = :value",
        value=chat.address,
    )
    return int(left)


async def ledger(chat: WechatChat) -> list[tuple[object, ...]]:
    return await chat.rows("subscribe_grant_entry", "source, change, units_after", "at, key")


async def test_in_an_open_window_it_goes_by_customer_service_and_costs_one(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("SOON")
    assert await window(chat) == 5
    assert await chat.later(seconds=31) == ["It arrived (soon)."]
    assert chat.last.way == "customer_service"
    assert await last(chat) == ("wechat", "sent", None, "customer_service")
    (because,) = await last(chat, "way_because")
    assert str(because).startswith("customer service: the window is open until 2026-11-26")
    assert await window(chat) == 4
    assert chat.sms.news() == []


async def test_days_later_a_grant_is_spent_on_a_notice(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("NOTED")
    await chat.accept()
    assert await ledger(chat) == [("push", 1, 1)]
    await chat.later(days=3, seconds=1)
    assert chat.last.way == "subscribe"
    assert (await last(chat))[1:] == ("delivered", None, "subscribe")
    assert await ledger(chat) == [("push", 1, 1), ("sent", -1, 0)]
    assert chat.sms.news() == []


async def test_what_has_no_way_is_refused_with_every_reason(chat: WechatChat) -> None:
    await chat("DAYS")
    assert await chat.later(days=3, seconds=1) == []
    assert await last(chat) == ("wechat", "refused", "no_window", None)
    because, explanation = await last(chat, "way_because, explanation")
    assert because == explanation
    assert str(because).startswith("customer service: the window closed 2026-11-26")
    assert "subscribe message: the step has no notice; service card: not available" in str(because)


@pytest.mark.parametrize("texts", [("LOYALTY", "skip"), ()])
async def test_it_is_said_by_text_only_to_who_agreed_to_texts(
    chat: WechatChat, texts: tuple[str, ...]
) -> None:
    await chat("SOON")
    await has_number(chat, *texts)
    chat.fault(kind="refuse", code=45015, path=SEND)
    await chat.later(seconds=31)
    assert await chat.later(seconds=1) == []
    channel, state, reason, _way = await last(chat)
    wechat = (await chat.outbox("channel, state, reason"))[-2]
    assert wechat == ("wechat", "refused", "no_window")
    if texts:
        assert (channel, state) == ("sms", "delivered")
        assert chat.sms.news() == ["It arrived (soon)."]
    else:
        assert (channel, state, reason) == ("sms", "refused", "unsubscribed")
        assert chat.sms.news() == []


async def test_a_step_that_names_wechat_says_it_nowhere_else(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("STAYS")
    await chat.later(days=3, seconds=1)
    assert await last(chat) == ("wechat", "refused", "no_window", None)
    assert chat.sms.news() == []
    assert not [kind for (kind,) in await chat.rows("trigger", "kind", "at") if kind == "fallback"]


async def test_marketing_goes_by_grant_alone(chat: WechatChat) -> None:
    await chat("SELLING")
    assert await chat.later(seconds=31) == []
    assert await last(chat) == ("wechat", "refused", "no_grant", None)
    await chat.accept()
    await chat("NOTES")
    await chat.later(seconds=31)
    assert await last(chat) == ("wechat", "delivered", None, "subscribe")


@pytest.mark.parametrize(("code", "left"), [(45015, 0), (45047, 0), (-1, 4)])
async def test_what_the_platform_says_of_a_window_is_believed(chat: WechatChat, code: int, left: int) -> None:
    await chat("SOON")
    chat.fault(kind="refuse", code=code, path=SEND)
    arrived = await chat.later(seconds=31) + await chat.later(minutes=2)
    assert (arrived == ["It arrived (soon)."]) is (code == -1)
    assert await window(chat) == left, "a message that was not taken costs nothing"
    expected = ("wechat", "sent", None) if code == -1 else ("wechat", "refused", "no_window")
    assert (await last(chat))[:3] == expected


async def test_a_grant_that_is_none_is_zero_and_the_text_takes_over(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("NOTED")
    await chat.accept()
    await chat.accept()
    chat.fault(kind="refuse", code=43101, path=SUBSCRIBE)
    await chat.later(days=3, seconds=1)
    await chat.later(seconds=1)
    told = {(source, left) for source, _, left in await ledger(chat)}
    assert told == {("push", 1), ("push", 2), ("sent", 1), ("given_back", 2), ("refused", 0)}
    assert chat.sms.news() == ["It arrived (noted)."]
    assert (await chat.outbox("channel, state, reason"))[-2] == ("wechat", "refused", "no_grant")


async def test_a_notice_that_is_wrong_costs_no_grant_and_the_text_takes_over(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("NOTED")
    await chat.accept()
    chat.fault(kind="refuse", code=47003, path=SUBSCRIBE)
    await chat.later(days=3, seconds=1)
    told = {(source, left) for source, _, left in await ledger(chat)}
    assert told == {("push", 1), ("sent", 0), ("given_back", 1)}
    assert (await chat.outbox("channel, state"))[-2] == ("wechat", "failed")
    assert chat.sms.news() == ["It arrived (noted)."]


async def test_a_busy_platform_is_asked_again_with_the_same_grant(chat: WechatChat) -> None:
    await chat("NOTED")
    await chat.accept()
    chat.fault(kind="refuse", code=-1, path=SUBSCRIBE)
    await chat.later(days=3, seconds=1)
    await chat.later(minutes=2)
    assert (await last(chat))[1:] == ("delivered", None, "subscribe")
    assert [source for source, _, _ in await ledger(chat)] == ["push", "sent"]


async def test_a_refusal_takes_what_was_granted(chat: WechatChat) -> None:
    await chat.accept()
    await chat.accept(answer="reject")
    assert [(source, left) for source, _, left in await ledger(chat)] == [("push", 1), ("refused", 0)]
    await chat.accept()
    await chat.people.reject_in_settings(chat.person, chat.account, ARRIVED.template_id)
    await chat.came_back()
    assert await chat.rows("subscribe_grant", "units", "template") == [(0,)]


async def test_who_joined_by_wechat_gets_no_texts_and_the_reverse(chat: WechatChat) -> None:
    await has_number(chat)
    assert await chat.subscriptions() == {"wechat:loyalty": "subscribed"}
    await chat.sms("LOYALTY")
    await chat.sms("STOP")
    assert await chat.subscriptions() == {"loyalty": "unsubscribed", "wechat:loyalty": "subscribed"}
    assert await chat("BALANCE") != []
    await chat("STOP")
    assert set((await chat.subscriptions()).values()) == {"unsubscribed"}
    await chat.sms("START")
    assert await chat.subscriptions() == {"loyalty": "subscribed", "wechat:loyalty": "unsubscribed"}
    assert await chat("BALANCE") == []


@pytest.mark.parametrize("may_be_texted", [True, False])
async def test_a_journey_goes_on_when_another_channel_has_its_message_or_none_may(
    chat: WechatChat, *, may_be_texted: bool
) -> None:
    if may_be_texted:
        await has_number(chat, "LOYALTY", "skip")
    await chat("TRIP")
    chat.fault(kind="refuse", code=45015, path=SEND)
    await chat.later(seconds=31)
    await chat.later(seconds=1)
    assert chat.sms.news() == (["Come in!"] if may_be_texted else [])
    runs = {flow: (step, "refused" in state) for flow, step, state in await chat.rows("run", RUN, "id")}
    assert runs["trip"] == ("after", not may_be_texted)


async def test_a_question_is_answered_where_it_was_asked(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("ASKS")
    assert await chat.later(seconds=31) == ["How was it?"]
    assert await chat("Fine") == ["Noted: Fine"]


async def test_a_question_that_falls_back_is_answered_by_text(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("ASKS")
    chat.fault(kind="refuse", code=45015, path=SEND)
    await chat.later(seconds=31)
    await chat.later(seconds=1)
    assert chat.sms.news() == ["How was it?"]
    assert await chat.sms("Fine") == ["Noted: Fine"]


async def test_a_yes_is_no_answer_to_a_question_that_had_no_way(chat: WechatChat) -> None:
    await chat("OFFER")
    await chat.later(seconds=31)
    await chat.later(seconds=1)
    assert await last(chat, "flow, state, reason") == ("offer", "refused", "no_grant")
    assert "It is ordered." not in await chat("yes")
    assert dict(await chat.rows("run", "flow, status", "id"))["offer"] == "done"


async def test_a_question_that_may_be_put_nowhere_takes_no_answer(chat: WechatChat) -> None:
    await has_number(chat)
    await chat("ASKS")
    chat.fault(kind="refuse", code=45015, path=SEND)
    await chat.later(seconds=31)
    await chat.later(seconds=1)
    assert await last(chat, "channel, state, reason") == ("sms", "refused", "unsubscribed")
    assert "Noted: 7" not in await chat.sms("7")
    assert "Noted: Fine" not in await chat("Fine")  # nobody ever saw the question


async def test_a_notice_that_was_taken_and_never_arrived_is_said_by_text(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("NOTED")
    await chat.accept()
    await chat.later(days=3, seconds=1)
    assert chat.sms.news() == []
    contact, message, name = (await chat.outbox("contact, id, provider_id"))[-1]
    await chat.sms.run("UPDATE outbox SET state = 'sent' WHERE id = :id", id=message)  # as if not told yet
    receipts = Receipts(chat.app.database, chat.app.dispatcher, chat.clock)
    lost = Receipt(contact, message, "wechat", name, OutboxState.UNDELIVERED, error_code="-1004")
    for _ in range(2):
        await receipts.record(lost)
    await chat.later(seconds=1)
    assert (await chat.outbox("channel, state, error_code"))[-2:] == [
        ("wechat", "undelivered", "-1004"),
        ("sms", "delivered", None),
    ]
    assert chat.sms.news() == ["It arrived (noted)."]


async def test_why_tells_the_rule_of_what_fell_back(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("SOON")
    chat.fault(kind="refuse", code=45015, path=SEND)
    await chat.later(seconds=31)
    await chat.later(seconds=1)
    contact = await chat.contact_id()
    (text, *_) = await chat.app.database.query(lambda c: latest_texts(c, contact))
    assert (text.channel, text.kind) == ("sms", TriggerKind.TIMER)
    assert because_of(text).words == "SOON"


@pytest.mark.parametrize("code", [40003, 43004])
async def test_who_cannot_be_reached_there_is_texted_until_they_write_again(
    chat: WechatChat, code: int
) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("SOON")
    chat.fault(kind="refuse", code=code, path=SEND)
    await chat.later(seconds=31)
    assert chat.sms.news() == ["It arrived (soon)."]
    address = "SELECT unusable_reason, stopped_at FROM address WHERE channel = 'wechat'"
    ((reason, stopped_at),) = await chat.sms.rows(address)
    assert reason
    assert stopped_at is None, "they did not say STOP"
    assert (await chat.subscriptions())["wechat:loyalty"] == "subscribed"
    assert await chat("BALANCE") != []
    assert await chat.sms.rows(address) == [(None, None)]


async def test_what_waited_for_somebody_who_cannot_be_reached_is_texted(chat: WechatChat) -> None:
    await has_number(chat, "LOYALTY", "skip")
    await chat("NIGHT")
    await chat.later(hours=12, seconds=1)
    assert (await last(chat))[:3] == ("wechat", "held", "quiet_hours")
    await chat.sms.run("UPDATE address SET unusable_reason = 'gone' WHERE channel = 'wechat'")
    await chat.later(hours=12)
    assert chat.sms.news() == ["It arrived (night)."]
    assert (await chat.outbox("channel, state, reason"))[-2] == ("wechat", "refused", "unusable_address")
