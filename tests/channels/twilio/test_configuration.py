"""What an account has configured, asked of the loopback as Twilio's own client asks."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from twilio.rest import Client

from bot.channels.twilio.configuration import CannotAsk, Configuration, WrongCredentials
from bot.channels.twilio.sender import TwilioAccount
from bot.demo.loopback_network import DEMO_NUMBER, Account
from bot.demo.loopback_twilio import LoopbackTwilio

SID, TOKEN, SERVICE = "AC" + "1" * 32, "secret", "MG" + "2" * 32
WEBHOOK = "http://127.0.0.1:8080/twilio/messages"


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackTwilio]:
    account = Account(SID, TOKEN, WEBHOOK, numbers=(DEMO_NUMBER, "72975"), messaging_service_sid=SERVICE)
    async with LoopbackTwilio(account) as loopback:
        yield loopback


def asking(loopback: LoopbackTwilio, *, token: str = TOKEN, url: str | None = None) -> Configuration:
    return Configuration(TwilioAccount(SID, token, DEMO_NUMBER, "http://127.0.0.1:8080", url or loopback.url))


async def test_the_account_its_numbers_and_its_service_are_read(loopback: LoopbackTwilio) -> None:
    async with asking(loopback) as ask:
        answer = await ask.account()
        assert (answer.account.status, answer.account.type) == ("active", "Full")
        assert answer.at is not None
        for name in (DEMO_NUMBER, "72975"):
            number = await ask.number(name)
            assert number is not None
            assert (number.sms_url, number.sms_method) == (WEBHOOK, "POST")
        service = await ask.service(SERVICE)
        assert service is not None
        assert service.inbound_request_url == WEBHOOK


async def test_what_is_not_the_accounts_is_not_there(loopback: LoopbackTwilio) -> None:
    async with asking(loopback) as ask:
        assert await ask.number("+12025550777") is None
        assert await ask.number("12345") is None
        assert await ask.service("MG" + "3" * 32) is None


async def test_wrong_credentials_and_wrong_addresses_are_told_apart(loopback: LoopbackTwilio) -> None:
    async with asking(loopback, token="wrong") as ask:
        with pytest.raises(WrongCredentials):
            await ask.account()
    async with asking(loopback, url="http://127.0.0.1:1") as ask:
        with pytest.raises(CannotAsk, match="cannot be reached"):
            await ask.account()
    async with asking(loopback, url=f"{loopback.url}/elsewhere") as ask:
        with pytest.raises(CannotAsk, match="404"):
            await ask.account()


async def test_twilios_own_client_reads_the_same(loopback: LoopbackTwilio) -> None:
    client = Client(SID, TOKEN)
    client.api.base_url = client.messaging.base_url = loopback.url

    def read() -> tuple[str | None, str | None, str | None]:
        (number,) = client.incoming_phone_numbers.list(phone_number=DEMO_NUMBER)
        service = client.messaging.v1.services(SERVICE).fetch()
        return number.sms_url, service.inbound_request_url, client.api.accounts(SID).fetch().status

    assert await asyncio.to_thread(read) == (WEBHOOK, WEBHOOK, "active")
