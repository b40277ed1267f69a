"""`key create`, `key list`, `key revoke`: who may use the shop API, and for what."""

import asyncio
import json as json_
import os
from typing import Annotated

import typer

from bot.cli import keyed
from bot.cli.actors import actor
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.api_keys import ApiKey, Scope, make_key
from bot.storage import api_keys, audit
from bot.storage.driver import Connection

key = typer.Typer(help="Keys of the shop API.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(key, name="key")


@key.command()
def create(
    *,
    name: Annotated[str, typer.Option(help="who uses it, like 'till at the harbour'")],
    scope: Annotated[list[str], typer.Option(help="what it may do, once for each, or several with commas")],
) -> None:
    """Make a key and print it, once: it is stored hashed and cannot be shown again."""
    scopes = _scopes(scope)
    asyncio.run(_create(keyed.fit_name(name), scopes))


@key.command("list")
def list_(
    *,
    json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
) -> None:
    """List the keys: id, name, what each may do, since when, and whether it was revoked."""
    asyncio.run(_list(is_json=json))


@key.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="KEY", help="its id as `key list` shows it, or its name")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    note: Annotated[str, typer.Option(help="why, for the audit log")] = "",
) -> None:
    """Let a key open nothing any more, from the next request on."""
    asyncio.run(_revoke(which.strip(), note, yes=yes))


def _scopes(written: list[str]) -> frozenset[Scope]:
    names = keyed.words_in(written)
    unknown = sorted(names - set(Scope))
    if unknown or not names:
        what = f"there is no scope {', '.join(unknown)}" if unknown else "say what it may do"
        end(f"{what}; the scopes are {', '.join(Scope)}", WRONG_USE)
    return frozenset(map(Scope, names))


async def _create(name: str, scopes: frozenset[Scope]) -> None:
    from bot import app
    from bot.cli.database import opened

    now = app.utc_now()
    made, text = make_key(name, scopes, now, os.urandom, actor())
    deed = audit.deed(now, actor(), "key.create", f"{made.id} {name}: {' '.join(sorted(scopes))}", "")

    async def keep(connection: Connection) -> bool:
        if keyed.is_taken(name, await api_keys.listed(connection)):
            return False
        await api_keys.add(connection, made)
        await audit.write(connection, deed)
        return True

    async with opened(read_settings(quiet=True)) as database:
        if not await database.transact(keep):
            end(f"there is a key called {name} already; give this one another name, or revoke that one first")
    typer.echo(text)
    typer.echo(f"This is shown once. It may: {', '.join(sorted(scopes))}.", err=True)


async def _list(*, is_json: bool) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(api_keys.listed)
    if is_json:
        typer.echo(json_.dumps([_object(one) for one in found]))
        return
    for one in found:
        typer.echo(f"{one.id}  {one.name}  {' '.join(sorted(one.scopes))}")
        typer.echo(f"  made {one.created_at:%Y-%m-%d %H:%M} by {one.created_by}{keyed.ended(one)}")
    if not found:
        typer.echo("There is no key yet; make one: regulars key create --name NAME --scope orders", err=True)


def _object(one: ApiKey) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "created_at": one.created_at.isoformat(),
        "created_by": one.created_by,
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
    }


async def _revoke(which: str, note: str, *, yes: bool) -> None:
    def may(one: ApiKey) -> str:
        return ", ".join(sorted(one.scopes))

    name = await keyed.revoke(api_keys.listed, which, "key", may, note, yes=yes)
    typer.echo(f"{name} opens nothing any more.", err=True)
