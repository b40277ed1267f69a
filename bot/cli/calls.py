"""`calls list`, `calls replay`: what the shop was told, or could not be told, and telling it again."""

import asyncio
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from bot.cli.actors import actor
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.storage import audit
from bot.storage import calls as stored
from bot.storage.calls import Call
from bot.storage.driver import Connection, Database

calls = typer.Typer(help="Webhook calls to the shop.", no_args_is_help=True)

_BATCH = 500


class State(StrEnum):
    """Where a call is."""

    QUEUED = "queued"
    DONE = "done"
    DEAD = "dead"


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(calls, name="calls")


@calls.command("list")
def list_(
    *,
    state: Annotated[
        list[State] | None, typer.Option(help="only these; queued and dead unless given")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="how many")] = 50,
) -> None:
    """List calls, newest first: when, what, its state, and why it was not taken."""
    asyncio.run(_list(state or [State.QUEUED, State.DEAD], most))


@calls.command()
def replay(
    which: Annotated[str | None, typer.Argument(metavar="ID", help="as `calls list` shows it")] = None,
    *,
    dead: Annotated[bool, typer.Option("--dead", help="all that were given up")] = False,
    note: Annotated[str, typer.Option(help="why, for the audit log")] = "",
) -> None:
    """Have a call made again, with the same body and the same Idempotency-Key; `regulars work` makes it."""
    if (which is None) == (not dead):
        end("give one ID, as `regulars calls list` shows it, or --dead", WRONG_USE)
    asyncio.run(_replay(which, note))


async def _list(states: list[State], most: int) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: stored.listed(c, states, most))
    for one in found:
        tries = f"{one.attempts} {'try' if one.attempts == 1 else 'tries'}"
        again = f", again at {one.due_at:%Y-%m-%d %H:%M:%S}" if one.state == State.QUEUED else ""
        typer.echo(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M:%S}  {one.kind}  {one.state}  {tries}{again}")
        if one.failure and one.state != State.DONE:
            typer.echo(f"  {one.failure}")
    if not found:
        typer.echo(f"No call is {' or '.join(states)}.", err=True)


async def _replay(which: str | None, note: str) -> None:
    from bot import app
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        replayed = await (
            _replay_dead(database, app.utc_now(), note)
            if which is None
            else _replay_one(database, which.strip(), app.utc_now(), note)
        )
    if not replayed and which is not None:
        end(f"{which}: it waits to be made anyway; `regulars calls list` says when")
    typer.echo(f"{replayed} will be made again.", err=True)


async def _replay_one(database: Database, which: str, now: datetime, note: str) -> int:
    found = await database.query(lambda c: stored.one(c, which))
    if found is None:
        end(f"{which}: there is no such call; `regulars calls list` shows them")
    return await database.transact(partial(_again, [found], now, note))


async def _replay_dead(database: Database, now: datetime, note: str) -> int:
    """Batch by batch: what is replayed is dead no more."""
    replayed = 0
    while found := await database.query(lambda c: stored.listed(c, [State.DEAD], _BATCH)):
        replayed += await database.transact(partial(_again, found, now, note))
    return replayed


async def _again(found: list[Call], now: datetime, note: str, connection: Connection) -> int:
    done = [call.id for call in found if await stored.replay(connection, call, now)]
    for call_id in done:
        await audit.write(connection, audit.deed(now, actor(), "calls.replay", call_id, note))
    return len(done)
