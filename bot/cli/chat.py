"""`chat`: the conversation in a terminal, as if texted from a phone."""

import asyncio
import contextlib
import secrets
import sys
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings, settings_of_files
from bot.core.phone import NotAContact, to_e164

if TYPE_CHECKING:
    from bot.app import Running
    from bot.config import Settings
    from bot.conversation.rehearsal import Phone

_PROVIDER = "console"
_NUMBER = "+12025550123"
_POLL_SECONDS = 1.0
_MANNERS = "Write as you would text; leave with Ctrl-D."


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(chat)


def chat(
    number: Annotated[str, typer.Option(help="whose phone it is")] = _NUMBER,
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="with a stranger and a clock of its own; nothing of it is kept")
    ] = False,
) -> None:
    """Text with the bot here in the terminal: the same contact, consent and wallet as by SMS."""
    try:
        address = to_e164(number)
    except NotAContact as error:
        end(f"{number}: {error}; write it like +12025550123", WRONG_USE)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            _rehearse(settings_of_files())
            if demo
            else _talk(read_settings(quiet=True, makes_database=True), address)
        )


# The settings' database


async def _talk(settings: "Settings", number: str) -> None:
    from bot import app
    from bot.storage import contacts

    # The web's role: a chat must never deliver what waits in the outbox for other people.
    async with app.running(settings, role="web") as running:
        typer.echo(f"You are {number}. {_MANNERS}", err=True)
        contact_id = await running.database.query(lambda c: contacts.find(c, "sms", number))
        seen: set[str] = set()
        if contact_id is not None:
            seen = await _ids(running, contact_id)
        listening: asyncio.Task[None] | None = None
        try:
            async for line in _lines():
                if line.startswith("/"):
                    typer.echo("Only --demo has a clock that can be moved.", err=True)
                    continue
                contact_id = await _say(running, number, line, seen)
                if listening is None:
                    listening = asyncio.create_task(_listen(running, contact_id, seen))
        finally:
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


async def _say(running: "Running", number: str, text: str, seen: set[str]) -> str:
    """Text something and print the answers; returns the contact."""
    from bot.conversation.inbox import inbound_work
    from bot.core.messages import Inbound

    inbound = Inbound(
        provider=_PROVIDER,
        provider_id=secrets.token_hex(16),
        channel="sms",
        address=number,
        to=pool.senders[0] if (pool := running.decisions.shop.pool("sms")) is not None else "",
        text=text,
        received_at=running.clock(),
    )
    result = await running.dispatcher.submit(inbound_work(inbound))
    for reply in result.replies:
        seen.add(reply.id)
        _print(reply.body, *reply.media)
    running.dispatcher.written(result)
    return result.contact_id


async def _listen(running: "Running", contact_id: str, seen: set[str]) -> None:
    """Print what is sent without being asked, and what waits to be sent."""
    from bot.storage import contacts

    while True:
        await asyncio.sleep(_POLL_SECONDS)
        for message in await running.database.query(lambda c: contacts.latest(c, contact_id)):
            if message.id not in seen:
                seen.add(message.id)
                _print(message.text, f"({message.state}{f': {message.reason}' if message.reason else ''})")


async def _ids(running: "Running", contact_id: str) -> set[str]:
    from bot.storage import contacts

    return {message.id for message in await running.database.query(lambda c: contacts.latest(c, contact_id))}


# A stranger, on a clock of their own


async def _rehearse(settings: "Settings") -> None:
    from bot import app
    from bot.cli.rehearsing import rehearsal

    async with rehearsal(settings) as place:
        await place.publish()
        async with place.phone("en", at=app.utc_now()) as phone:
            typer.echo(f"{_MANNERS} Move the clock with /clock +1d.", err=True)
            async for line in _lines():
                await _rehearse_line(phone, line)


async def _rehearse_line(phone: "Phone", line: str) -> None:
    from bot.core.local_time import parse_duration

    if not line.startswith("/"):
        _print(*await phone.say(line))
        return
    command, _, words = line.partition(" ")
    try:
        period = parse_duration(words.strip().removeprefix("+"))
    except ValueError:
        period = timedelta()
    if command != "/clock" or period <= timedelta():
        typer.echo("Write /clock +30m, /clock +2h or /clock +1d.", err=True)
        return
    _print(*await phone.advance(period))
    typer.echo(f"(it is {phone.clock():%A, %B %-d, %Y %H:%M} UTC)", err=True)


def _print(*texts: str) -> None:
    for text in texts:
        typer.echo(text)


async def _lines() -> AsyncIterator[str]:
    """What is typed, line by line, blank ones aside, until the end of the input.

    A thread reads, because a terminal cannot be waited for; it dies with the process.
    """
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    prompt = "> " if sys.stdin.isatty() else ""
    asked = threading.Event()

    def read() -> None:
        while True:
            asked.wait()
            asked.clear()
            try:
                line: str | None = input(prompt)
            except (EOFError, OSError, ValueError):
                line = None
            with contextlib.suppress(RuntimeError):  # the chat was left by Ctrl-C
                loop.call_soon_threadsafe(typed.put_nowait, line)
            if line is None:
                return

    threading.Thread(target=read, daemon=True).start()
    while True:
        asked.set()
        line = await typed.get()
        if line is None:
            return
        if line.strip():
            yield line.strip()
