"""Asking which messages Twilio has, of the loopback and of servers that misbehave."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.channels.channel import ContactStopped, Listed, Lookup, SendLater
from bot.channels.twilio.sender import TwilioAccount, TwilioChannel
from bot.core.messages import OutboxState
from bot.demo.loopback_message import Draft, Fault
from bot.demo.loopback_network import DEMO_NUMBER, Account
from bot.demo.loopback_twilio import LoopbackTwilio

SID, TOKEN, SERVICE = "AC" + "1" * 32, "secret", "MG" + "2" * 32
ANA, BEN = "+14155550101", "+14155550102"
PUBLIC_URL = "http://127.0.0.1:9"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def channel_to(base_url: str) -> AsyncIterator[TwilioChannel]:
    account = TwilioAccount(SID, TOKEN, sender=DEMO_NUMBER, public_url=PUBLIC_URL, base_url=base_url)
    channel = TwilioChannel(account, timeout=timedelta(seconds=2))
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def twilio() -> AsyncIterator[tuple[TwilioChannel, LoopbackTwilio]]:
    account = Account(SID, TOKEN, f"{PUBLIC_URL}/twilio/messages", messaging_service_sid=SERVICE)
    async with (
        LoopbackTwilio(account, latency=timedelta()) as loopback,
        channel_to(loopback.url) as channel,
    ):
        yield channel, loopback


async def bodies(channel: TwilioChannel, address: str = ANA, since: datetime = LONG_AGO) -> list[str]:
    return [one.body for one in await channel.taken("sms", address, since)]


async def test_everything_that_was_taken_for_a_number_is_listed_oldest_first() -> None:
    async with twilio() as (channel, loopback):
        assert isinstance(channel, Lookup)
        for number in range(3):
            loopback.network.dispatch(Draft(to=ANA, sender=DEMO_NUMBER, body=f"{number}"))
        loopback.network.dispatch(Draft(to=BEN, sender=DEMO_NUMBER, body="Ben"))
        loopback.network.dispatch(Draft(to=ANA, sender=DEMO_NUMBER, body="reply"), "outbound-reply")
        await loopback.settle()
        assert sorted(await bodies(channel)) == ["0", "1", "2", "reply"]
        (one,) = await channel.taken("sms", BEN, LONG_AGO)
        assert one == Listed(
            one.provider_id, (DEMO_NUMBER,), "Ben", 0, one.created_at, OutboxState.DELIVERED, 1
        )
        assert one.provider_id in loopback.network.messages
        assert await bodies(channel, since=datetime.now(UTC) + timedelta(minutes=1)) == []


async def test_what_the_number_itself_texted_is_none_of_ours() -> None:
    async with twilio() as (channel, loopback):
        loopback.network._message("inbound", Draft(to=ANA, sender=BEN, body="hello"))  # noqa: SLF001  # nobody answers here
        assert await bodies(channel) == []


async def test_what_is_still_queued_is_listed_too() -> None:
    """`DateSent` would leave it out: it was not sent yet."""
    async with twilio() as (channel, loopback):
        loopback.network.latency_seconds = 60
        loopback.network.dispatch(Draft(to=ANA, sender=DEMO_NUMBER, body="later", by_service=True))
        (one,) = await channel.taken("sms", ANA, LONG_AGO)
        assert (one.state, one.segments, one.senders) == (OutboxState.SENT, None, (SERVICE,))


async def test_a_list_of_many_pages_is_read_to_its_end() -> None:
    async with twilio() as (channel, loopback):
        for number in range(1100):
            loopback.network._message("outbound-api", Draft(to=ANA, sender=DEMO_NUMBER, body=f"{number}"))  # noqa: SLF001  # at once
        assert len(await bodies(channel)) == 1100


async def test_a_list_without_end_is_not_read() -> None:
    async with twilio() as (channel, loopback):
        for number in range(5001):
            loopback.network._message("outbound-api", Draft(to=ANA, sender=DEMO_NUMBER, body=f"{number}"))  # noqa: SLF001  # at once
        with pytest.raises(SendLater, match="longer than 5000"):
            await channel.taken("sms", ANA, LONG_AGO)


async def test_what_a_trial_account_puts_before_it_is_taken_off() -> None:
    async with twilio() as (channel, loopback):
        loopback.network.dispatch(
            Draft(to=ANA, sender=DEMO_NUMBER, body="Sent from your Twilio trial account - Hello")
        )
        assert await bodies(channel) == ["Hello"]


async def test_how_it_failed_is_told() -> None:
    async with twilio() as (channel, loopback):
        loopback.fault(Fault(kind="failed", code=21610))
        loopback.network.dispatch(Draft(to=ANA, sender=DEMO_NUMBER, body="no"))
        await loopback.settle()
        (one,) = await channel.taken("sms", ANA, LONG_AGO)
        assert one.state is OutboxState.FAILED
        assert isinstance(one.error, ContactStopped)


async def test_other_channels_are_asked_for_by_their_prefix() -> None:
    async with twilio() as (channel, loopback):
        whatsapp = Draft(to=f"whatsapp:{ANA}", sender=DEMO_NUMBER, body="hi")
        loopback.network._message("outbound-api", whatsapp)  # noqa: SLF001  # the loopback sends SMS alone
        assert [one.body for one in await channel.taken("whatsapp", ANA, LONG_AGO)] == ["hi"]
        assert await bodies(channel) == []


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (503, "busy", "answered 503"),
        (401, "{}", "answered 401"),
        (302, "", "answered 302"),
        (200, "<html>", "cannot be understood"),
        (200, '{"messages": [{"sid": "SM1"}]}', "cannot be understood"),
        (200, '{"messages": [], "next_page_uri": "http://elsewhere.example/"}', "somewhere else"),
        (200, '{"messages": [], "next_page_uri": "@elsewhere.example/"}', "somewhere else"),
    ],
)
async def test_what_is_no_list_decides_nothing(status: int, answer: str, why: str) -> None:
    async def odd(request: web.Request) -> web.Response:
        assert request.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
        assert dict(request.query) == {"To": ANA, "PageSize": "500"}
        return web.Response(status=status, text=answer)

    async with odd_server(odd) as url, channel_to(url) as channel:
        with pytest.raises(SendLater, match=why) as caught:
            await channel.taken("sms", ANA, LONG_AGO)
        assert ANA not in str(caught.value)


async def test_nobody_there_decides_nothing() -> None:
    async with channel_to("http://127.0.0.1:9") as channel:
        with pytest.raises(SendLater, match="cannot be read"):
            await channel.taken("sms", ANA, LONG_AGO)


@asynccontextmanager
async def odd_server(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
