"""Sending through the message resource, against the loopback and against servers that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.channels.channel import (
    AddressUnusable,
    Channel,
    ContactStopped,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderUnreachable,
    SendError,
    SenderSlowed,
    SendNever,
)
from bot.channels.twilio.sender import TwilioAccount, TwilioChannel
from bot.core.gate import Cleared
from bot.core.messages import MessageClass, OutboxState, Outgoing
from bot.demo.loopback_message import Fault
from bot.demo.loopback_network import DEMO_NUMBER, Account
from bot.demo.loopback_twilio import LoopbackTwilio

SID, TOKEN, SERVICE = "AC" + "1" * 32, "secret", "MG" + "2" * 32
ANA = "+14155550101"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PUBLIC_URL = "http://127.0.0.1:9"  # nobody answers there: callbacks are the loopback's own tests
MESSAGE = Outgoing(
    id="0192f3a4b5c67d8e9fa0b1c2d3e4f507",
    contact_id="c" * 32,
    channel="sms",
    address=ANA,
    sender="",
    message_class=MessageClass.SERVICE,
    group=None,
    body="You have $24.00 credit expiring Friday",
    media=(),
    key="k",
    flow="expiring",
    step="1",
    due_at=NOW,
    valid_until=None,
    language="en",
)


@asynccontextmanager
async def twilio(
    token: str = TOKEN, sender: str = DEMO_NUMBER, wait: timedelta = timedelta(seconds=5)
) -> AsyncIterator[tuple[TwilioChannel, LoopbackTwilio]]:
    account = Account(SID, TOKEN, f"{PUBLIC_URL}/twilio/messages", messaging_service_sid=SERVICE)
    async with LoopbackTwilio(account, latency=timedelta()) as loopback:
        channel = TwilioChannel(
            TwilioAccount(SID, token, sender=sender, public_url=PUBLIC_URL, base_url=loopback.url),
            timeout=wait,
        )
        try:
            yield channel, loopback
        finally:
            await channel.close()


@asynccontextmanager
async def odd_server(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def failure(channel: Channel, message: Outgoing = MESSAGE) -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(Cleared(message))
    assert ANA not in str(caught.value)
    return caught.value


async def sent_to(
    base_url: str, message: Outgoing = MESSAGE, wait: timedelta = timedelta(seconds=5)
) -> SendError:
    account = TwilioAccount(SID, TOKEN, sender=DEMO_NUMBER, public_url=PUBLIC_URL, base_url=base_url)
    channel = TwilioChannel(account, timeout=wait, clock=lambda: NOW)
    try:
        return await failure(channel, message)
    finally:
        await channel.close()


async def test_a_message_is_taken_and_arrives() -> None:
    async with twilio() as (channel, loopback):
        sent = await channel.send(Cleared(MESSAGE))
        assert sent.state is OutboxState.SENT
        assert sent.segments == 1
        await asyncio.sleep(0.05)
        taken = loopback.network.messages[sent.provider_id]
        assert (taken.sender, taken.to, taken.body) == (DEMO_NUMBER, ANA, MESSAGE.body)
        assert taken.our_id == MESSAGE.id
        assert loopback.received(ANA) == [MESSAGE.body]


async def test_a_messaging_service_and_media() -> None:
    async with twilio(sender=SERVICE) as (channel, loopback):
        sent = await channel.send(Cleared(replace(MESSAGE, body="", media=("https://a.example/1.png",))))
        assert sent.segments is None  # not counted until the service has chosen a number
        taken = loopback.network.messages[sent.provider_id]
        assert (taken.messaging_service_sid, taken.media) == (SERVICE, ("https://a.example/1.png",))
        own_sender = await channel.send(Cleared(replace(MESSAGE, sender=DEMO_NUMBER)))
        assert loopback.network.messages[own_sender.provider_id].messaging_service_sid is None


@pytest.mark.parametrize(
    ("fault", "kind", "after"),
    [
        (Fault(kind="reject", code=21610), ContactStopped, None),
        (Fault(kind="reject", code=21614), AddressUnusable, None),
        (Fault(kind="reject", code=21617), SendNever, None),
        (Fault(kind="reject", code=21606), OperatorNeeded, None),
        (Fault(kind="reject", status=429, retry_after=7), SenderSlowed, timedelta(seconds=7)),
        (Fault(kind="reject", status=500), OutcomeUnknown, None),
        (Fault(kind="reject", status=503, retry_after=7), OutcomeUnknown, timedelta(seconds=7)),
    ],
)
async def test_every_refusal_names_its_remedy(
    fault: Fault, kind: type[SendError], after: timedelta | None
) -> None:
    async with twilio() as (channel, loopback):
        loopback.fault(fault)
        error = await failure(channel)
        assert type(error) is kind
        assert error.after == after
        assert loopback.network.messages == {}
        await channel.send(Cleared(MESSAGE))  # the connection is fit for the next


async def test_a_wrong_token_is_the_operators() -> None:
    async with twilio(token="old") as (channel, _):
        assert type(await failure(channel)) is OperatorNeeded


@pytest.mark.parametrize("fault", [Fault(kind="drop_answer"), Fault(kind="slow_answer", seconds=1)])
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_twice(fault: Fault) -> None:
    async with twilio(wait=timedelta(milliseconds=500)) as (channel, loopback):
        loopback.fault(fault)
        assert type(await failure(channel)) is OutcomeUnknown
        await asyncio.sleep(0.05)
        assert loopback.received(ANA) == [MESSAGE.body]
        assert loopback.network.arrivals == {MESSAGE.id: 1}


async def test_a_server_that_is_not_there_took_nothing() -> None:
    error = await sent_to("http://127.0.0.1:9")
    assert type(error) is ProviderUnreachable


async def test_answers_that_break_off_or_make_no_sense() -> None:
    async def cut_off(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=201, headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b'{"sid": "SM')
        assert request.transport is not None
        request.transport.abort()
        return answer

    async def no_sid(_: web.Request) -> web.Response:
        return web.json_response({}, status=201)

    async def no_json(_: web.Request) -> web.Response:
        return web.Response(body=b"\xff<html>", status=200)

    async def stranger(_: web.Request) -> web.Response:
        return web.Response(text="<html>Not found", status=404)

    async def moved(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    for answer, kind in [
        (cut_off, OutcomeUnknown),
        (no_sid, OutcomeUnknown),
        (no_json, OutcomeUnknown),
        (stranger, OperatorNeeded),
        (moved, OperatorNeeded),
    ]:
        async with odd_server(answer) as url:
            assert type(await sent_to(url, wait=timedelta(seconds=1))) is kind, answer.__name__


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ("Sun, 22 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 22 Nov 2026 11:00:00 GMT", timedelta()),
        ("soon", None),
        ("-1", None),
        ("99999999999999", timedelta(days=1)),
    ],
)
async def test_retry_after_in_every_form(header: str, after: timedelta | None) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.json_response({"code": 20429}, status=429, headers={"Retry-After": header})

    async with odd_server(busy) as url:
        assert (await sent_to(url)).after == after


async def test_twilio_may_keep_a_message_only_while_it_is_worth_sending() -> None:
    forms: list[dict[str, object]] = []

    async def note(request: web.Request) -> web.Response:
        forms.append(dict(await request.post()))
        return web.json_response({}, status=400)

    async with odd_server(note) as url:
        for left in (None, timedelta(hours=1), timedelta(days=9), timedelta(seconds=-5)):
            await sent_to(url, replace(MESSAGE, valid_until=None if left is None else NOW + left))
        await sent_to(url, replace(MESSAGE, channel="whatsapp"))
    assert [form.get("ValidityPeriod") for form in forms] == [None, "3600", "36000", "1", None]
    assert forms[4]["To"] == f"whatsapp:{ANA}"
    assert (
        forms[0]["StatusCallback"]
        == f"{PUBLIC_URL}/twilio/status?contact={MESSAGE.contact_id}&message={MESSAGE.id}"
    )


async def test_many_sends_at_once_each_get_their_own_answer() -> None:
    async with twilio(wait=timedelta(seconds=30)) as (channel, loopback):
        messages = [replace(MESSAGE, id=f"{n:032x}", address=f"+1415556{n:04}") for n in range(300)]
        answers = await asyncio.gather(*(channel.send(Cleared(message)) for message in messages))
        taken = [loopback.network.messages[sent.provider_id].our_id for sent in answers]
        assert taken == [message.id for message in messages]


def test_the_token_is_not_shown() -> None:
    account = TwilioAccount(SID, TOKEN, sender=DEMO_NUMBER, public_url=PUBLIC_URL)
    assert TOKEN not in repr(account)
