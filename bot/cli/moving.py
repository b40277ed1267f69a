"""`contact move`: a contact has another number."""

import asyncio
import os
import secrets
from dataclasses import replace
from typing import Annotated

import typer

from bot.cli.actors import actor, is_meant
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.config import SECRET_BYTES
from bot.core.phone import NotAContact, to_e164
from bot.storage import audit
from bot.storage.driver import Connection
from bot.storage.kept_secret import kept_secret
from bot.storage.moving import Moved, move

_CHANNEL = "sms"


def add_to(contact: typer.Typer) -> None:
    """Add the command."""
    contact.command(name="move")(_move)


def _move(
    old: Annotated[str, typer.Argument(help="the number the contact had")],
    new: Annotated[str, typer.Argument(help="the number it has now")],
    *,
    note: Annotated[str, typer.Option(help="why; kept in the audit log")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Give a contact its new number: consent, STOP, wallet and conversations come along; the old is free."""
    try:
        numbers = to_e164(old), to_e164(new)
    except NotAContact as error:
        end(f"that is no phone number: {error}", WRONG_USE)
    if not is_meant(f"Move {numbers[0]} to {numbers[1]}? Its consent comes along.", yes=yes):
        raise typer.Exit(1)
    asyncio.run(_carry_out(*numbers, note))


async def _carry_out(old: str, new: str, note: str) -> None:
    from bot import app
    from bot.cli.database import opened

    settings = read_settings()
    now = app.utc_now()

    async def change(connection: Connection) -> Moved:
        moved = await move(
            connection, _CHANNEL, old, new, now, hashes=hashes, salt=lambda: os.urandom(16).hex()
        )
        if moved is Moved.DONE:  # the log of deeds names no numbers: they are personal
            await audit.write(connection, audit.deed(now, actor(), "contact.move", "", note))
        return moved

    async with opened(settings) as database:
        if not settings.secrets:
            kept = await kept_secret(database, secrets.token_urlsafe(SECRET_BYTES))
            settings = replace(settings, secrets=(kept,))
        hashes = app.address_hashes(settings)(new)
        moved = await database.transact(change)
    if moved is Moved.NOBODY:
        end(f"{old}: nobody with this number is known")
    if moved is Moved.TAKEN:
        end(
            f"{new} is known already: two contacts cannot be joined yet. If it is the same person, the"
            f" conversation goes on there; say STOP for {old} if nothing shall reach it any more."
        )
    typer.echo(f"{old} is now {new}.")
