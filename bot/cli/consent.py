"""`consent proof`: what a court would ask for: who agreed to what, when, and that nobody changed it."""

import asyncio
from typing import Annotated

import orjson
import typer

from bot.cli.endings import end
from bot.cli.proving import as_json
from bot.cli.settings import read_settings
from bot.storage.driver import Connection
from bot.storage.proof import Stored, stored

consent = typer.Typer(help="Who agreed to what.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(consent, name="consent")


@consent.callback()
def _consent() -> None:
    """Who agreed to what."""


@consent.command()
def proof(
    contact: Annotated[str, typer.Argument(help="a phone number in any spelling, another address, or an id")],
    *,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Prove a contact's consent: every change with its words, and that none was altered or removed."""
    asyncio.run(_proof(contact, is_json=json))


async def _proof(contact: str, *, is_json: bool) -> None:
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.whom import find_contact

    async def look(connection: Connection) -> Stored | None:
        contact_id = await find_contact(connection, contact)
        return await stored(connection, contact_id) if contact_id else None

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        found = await database.query(look)
    if found is None:
        end(f"{contact}: nobody with this address or id is known")
    if is_json:
        typer.echo(orjson.dumps(as_json(found, now_of(settings))).decode())
    else:
        from bot.cli.consent_page import show_page

        show_page(found, now_of(settings), settings.zone.key)
