"""Who said STOP and was erased: the number stays stopped, under whichever secret that was written down."""

import hashlib
import hmac

import pytest

from tests.conversation.chat import Chat, chatting

NEW, OLD, GONE = "n" * 32, "o" * 32, "g" * 32


async def suppress(chat: Chat, secret: str) -> None:
    """Leave the trace of an erased person who had said STOP."""
    hashed = hmac.new(secret.encode(), chat.number.encode(), hashlib.sha256).hexdigest()
    sql = "INSERT INTO suppression (channel, address_hash, at) VALUES ('sms', :hashed, 1)"
    await chat.run(sql, hashed=hashed)


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_an_erased_stop_counts_under_every_secret_of_a_rotation(database_url: str, secret: str) -> None:
    async with chatting(database_url, settings={"REGULARS_SECRET": f"{NEW},{OLD}"}) as chat:
        await suppress(chat, secret)
        assert await chat("LOYALTY") == []
        assert (await chat("START"))[0].startswith("You're in")
        assert len(await chat("BALANCE")) == 1


async def test_a_secret_that_is_gone_finds_nobody(database_url: str) -> None:
    async with chatting(database_url, settings={"REGULARS_SECRET": f"{NEW},{OLD}"}) as chat:
        await suppress(chat, GONE)
        assert (await chat("LOYALTY"))[0].startswith("You're in")
