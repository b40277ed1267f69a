"""`serve`, `work`, `migrate`: the processes of a running shop."""

import asyncio
import gc
import signal
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.beside import told_if_beside_another
from bot.cli.settings import read_settings


class Role(StrEnum):
    """What a serving process does."""

    ALL = "all"
    WEB = "web"


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(serve)
    cli.command()(work)
    cli.command()(migrate)


def serve(
    role: Annotated[Role, typer.Option(help="`web` leaves the jobs to `regulars work`")] = Role.ALL,
) -> None:
    """Answer webhooks and do the jobs: a whole working system in one process."""
    asyncio.run(_serve(role))


def work() -> None:
    """Do the jobs only: deliver the outbox, strike timers, send reminders."""
    asyncio.run(_work())


def migrate(
    *, distribute: Annotated[bool, typer.Option(help="print the SQL that shards the tables by Citus")] = False
) -> None:
    """Bring the database to the newest schema."""
    from bot.storage import distribution
    from bot.storage.migrate import newest, upgrade

    if distribute:
        typer.echo(distribution.script())
        return
    settings = read_settings(quiet=True)
    asyncio.run(upgrade(settings.database_url))
    typer.echo(f"The database is at revision {newest()}.")


async def _serve(role: Role) -> None:
    gc.disable()  # nothing that is loaded at start becomes garbage; see settle_memory
    from bot import app  # its imports take longer than the rest of the command line

    settings = read_settings(makes_database=True)
    with told_if_beside_another(settings):
        async with app.running(settings, role=role.value) as running, app.serving(running) as url:
            typer.echo(f"Regulars answers at {url}", err=True)
            settle_memory()
            await until_stopped()


async def _work() -> None:
    gc.disable()
    from bot import app  # see _serve

    settings = read_settings(makes_database=True)
    with told_if_beside_another(settings):
        async with app.running(settings, role="worker"):
            typer.echo("Regulars works", err=True)
            settle_memory()
            await until_stopped()


def settle_memory() -> None:
    """Take what was loaded at start out of the garbage collector's rounds, and let the rest wait longer.

    A turn makes hundreds of objects and hardly a cycle: the default of 700 allocations a round costs a
    tenth of the work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


async def until_stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
