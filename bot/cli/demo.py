"""`demo`: the shop with 500 members and a phone in the browser; no account anywhere."""

import asyncio
import sys
from typing import Annotated

import typer

from bot.cli.serving import settle_memory, until_stopped
from bot.logs import configure_logs


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(demo)


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="the port of the page, on 127.0.0.1")] = 8080,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what was, and invent the shop anew")] = False,
) -> None:
    """Try it: a coffee and tea shop with 500 members, and a phone in your browser."""
    asyncio.run(_demo(port, fresh=fresh))


async def _demo(port: int, *, fresh: bool) -> None:
    from bot.demo import running  # its imports take longer than the rest of the command line

    configure_logs(sys.stderr, "warning")
    async with running.demo(port, fresh=fresh) as url:
        typer.echo(url)
        typer.echo("Open it in a browser; Ctrl-C ends it.", err=True)
        settle_memory()
        await until_stopped()
