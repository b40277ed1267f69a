"""A database that is gone for a while: refused kindly, nothing half done, back by itself."""

import asyncio
from urllib.parse import urlencode, urlsplit

import aiohttp
import asyncpg

from bot.channels.twilio.signature import SIGNATURE_HEADER, sign
from tests.conversation.chat import TOKEN, Chat, chatting
from tests.databases import PostgresDatabases


async def lose(chat: Chat) -> None:
    """Take a table away that every turn needs."""
    await chat.run("ALTER TABLE outbox RENAME TO gone")


async def repair(chat: Chat) -> None:
    """Put the table back."""
    await chat.run("ALTER TABLE gone RENAME TO outbox")


async def test_a_message_that_cannot_be_stored_is_refused_and_not_lost(chat: Chat) -> None:
    await chat("LOYALTY")
    await lose(chat)
    texted = await chat.text("Ana")
    assert (texted.http_status, texted.attempts) == (503, 2)
    await repair(chat)
    assert (await chat("Ana"))[0].startswith("Thanks, Ana!")


async def test_a_status_that_cannot_be_stored_is_refused(chat: Chat) -> None:
    await chat("LOYALTY")
    contact = await chat.contact_id()
    await lose(chat)
    url = f"{chat.url}/twilio/status?contact={contact}&message={contact}"
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    headers = {
        SIGNATURE_HEADER: sign(TOKEN, url, list(form.items())),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=urlencode(form).encode(), headers=headers) as answer,
    ):
        assert answer.status == 503
    await repair(chat)


async def test_replies_that_cannot_be_recorded_do_not_stop_the_road(chat: Chat) -> None:
    """That replies were written is recorded a moment later, beside the next turns or by itself."""
    await chat("LOYALTY")
    await asyncio.sleep(0.6)  # the turn it causes would record them
    await chat("HELP")
    await lose(chat)
    await asyncio.sleep(0.6)
    assert '"event": "replies_not_recorded"' in chat.log.getvalue()
    await repair(chat)
    assert (await chat("Ana"))[0].startswith("Thanks, Ana!")


async def test_a_server_that_cuts_everybody_off_is_not_ready_and_comes_back(
    postgresql_databases: PostgresDatabases,
) -> None:
    url = await postgresql_databases.create()
    name = urlsplit(url).path.removeprefix("/")
    admin = await asyncpg.connect(postgresql_databases.server.url)
    async with chatting(url) as chat:
        await chat("LOYALTY")
        await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        texted = await chat.text("Ana")
        assert texted.http_status == 503
        async with aiohttp.ClientSession() as session, session.get(f"{chat.url}/readyz") as answer:
            assert answer.status == 503
        async with aiohttp.ClientSession() as session, session.get(f"{chat.url}/healthz") as answer:
            assert answer.status == 200
        await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
        assert (await chat("Ana"))[0].startswith("Thanks, Ana!")
    await admin.close()
    await postgresql_databases.drop(url)
