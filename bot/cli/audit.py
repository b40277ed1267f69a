"""`audit`: what operators did, newest first."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli.settings import read_settings
from bot.storage import audit as log


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(audit)


def audit(
    *,
    action: Annotated[
        str, typer.Option(help="only this, like outbox.hold, or of this kind, like outbox")
    ] = "",
    most: Annotated[int, typer.Option(min=1, help="how many")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
) -> None:
    """List what operators did: when, who, what, to what, and why; newest first."""
    asyncio.run(_audit(action, most, as_json=as_json))


async def _audit(action: str, most: int, *, as_json: bool) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: log.listed(c, most, action=action))
    if as_json:
        typer.echo(json.dumps([asdict(one) | {"at": one.at.isoformat()} for one in found]))
        return
    for one in found:
        why = f"  ({one.note})" if one.note else ""
        typer.echo(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.actor}  {one.action}  {one.subject}{why}")
    if not found:
        typer.echo("Nothing of the kind was done." if action else "Nobody has done anything yet.", err=True)
