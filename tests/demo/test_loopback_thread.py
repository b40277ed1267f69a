"""The loopback in its thread ends with whoever started it, also when that fails."""

import threading
from datetime import timedelta

import pytest

from bot.demo.loopback_network import Account
from bot.demo.loopback_thread import loopback_thread
from bot.demo.loopback_twilio import LoopbackTwilio

ACCOUNT = Account("AC" + "0" * 32, "token", "http://127.0.0.1:1/twilio/messages")


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "loopback-twilio"]


async def test_it_answers_and_ends() -> None:
    async with loopback_thread(LoopbackTwilio(ACCOUNT, latency=timedelta())) as loopback:
        await loopback.settle()
        assert threads()
    assert not threads()


async def test_it_ends_with_a_demo_that_fails_to_start() -> None:
    with pytest.raises(LookupError):
        async with loopback_thread(LoopbackTwilio(ACCOUNT, latency=timedelta())):
            raise LookupError
    assert not threads()
