"""`regulars insights`: what the shop's own orders say, each with definition, period and interval."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from bot.cli.settings import read_settings
from bot.core.turn import Shop
from bot.insights.pairs import TOGETHER_MIN
from bot.insights.report import Insights
from bot.insights.sections import Section, sections

_WIDTH = 110


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(insights)


def insights(
    *,
    days: Annotated[int, typer.Option(min=1, help="how far back to look")] = 365,
    together: Annotated[
        int, typer.Option(min=2, help="count pairs bought so often or oftener")
    ] = TOGETHER_MIN,
    html: Annotated[Path | None, typer.Option(help="write a page with charts there")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Say when people buy again, what belongs together, what members are worth, what marketing brings."""
    from bot.insights.page import page

    found, shop = asyncio.run(_insights(days, together))
    told = sections(found, shop.products, shop.program.currency)
    if html is not None:
        html.write_text(page(shop.name, told, found.period.until), encoding="utf-8")
        typer.echo(f"written to {html}", err=True)
    if json:
        typer.echo(orjson.dumps(found).decode())
    elif html is None:
        for section in told:
            show_section(section)


async def _insights(days: int, together: int) -> tuple[Insights, Shop]:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.insights import report

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop
        return await report.insights(database, shop, now_of(settings), days=days, together_min=together), shop


def show_section(section: Section) -> None:
    """Print an insight."""
    from rich import box  # takes long to import, and `--json` needs none of it
    from rich.console import Console  # same
    from rich.table import Table  # same

    console = Console(width=max(Console().width, _WIDTH), highlight=False)
    console.print(f"\n[bold]{section.title}[/bold]")
    console.print(section.definition)
    if section.period:
        console.print(f"Period: {section.period}")
    if section.rows:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for number, heading in enumerate(section.headings):
            table.add_column(heading, justify="right" if number else "left")
        for row in section.rows:
            table.add_row(*row)
        console.print(table)
    else:
        console.print("Nothing can be said yet.")
    for note in section.notes:
        console.print(note)
