"""`bundles suggest`: which products to sell together, from the shop's own orders."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from bot.cli.settings import read_settings
from bot.core.contact import Product
from bot.core.loyalty.fields import Currency
from bot.insights.pairs import FALSE_MAX, TOGETHER_MIN, Doubt, Pair

_HEADINGS = ("times", "of baskets", "lift", "at least", "size aside", "by chance", "also buys", "apart now")
_EXPLAINED = (
    "Lift: how many times oftener than if they had nothing to do with each other; at least: in nineteen of\n"
    "twenty samples; size aside: beside baskets of these sizes filled at random; also buys: of who buys the\n"
    "one, how many buy the other. The same basket of one member counts once.\n"
    "Sell a pair for less than apart with `bundles:` in program.yaml."
)

bundles = typer.Typer(help="Goods sold together.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(bundles, name="bundles")


@bundles.callback()
def bundles_() -> None:
    """Goods sold together."""


@bundles.command()
def suggest(
    *,
    days: Annotated[int, typer.Option(min=1, help="how far back to look")] = 365,
    together: Annotated[
        int, typer.Option(min=2, help="count pairs bought so often or oftener")
    ] = TOGETHER_MIN,
    most: Annotated[int, typer.Option(min=1, help="how many to show")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Suggest pairs that are bought together oftener than chance, habit and big baskets explain."""
    asyncio.run(_suggest(days, together, most, as_json=as_json))


async def _suggest(days: int, together: int, most: int, *, as_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.insights.learning import suggested_pairs

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop
        since = now_of(settings) - timedelta(days=days)
        pairs, doubts = await suggested_pairs(database, shop.program, shop.products, since, together)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "suggested": [_as_json(pair) for pair in pairs[:most]],
                    "doubted": [_as_json(doubt.pair) | {"why": doubt.why} for doubt in doubts],
                }
            )
        )
        return
    _show(pairs[:most], shop.products, shop.program.currency)
    _say_what_else(pairs, doubts, most, together)


def _as_json(pair: Pair) -> dict[str, object]:
    return asdict(pair) | {
        "support": pair.support,
        "with_one": pair.with_one,
        "with_other": pair.with_other,
    }


def _show(pairs: list[Pair], products: Mapping[str, Product], currency: Currency) -> None:
    """Print a table, the surest first."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from bot.core.money import money

    if not pairs:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("bought together")
    for heading in (
        "times",
        "of baskets",
        "lift",
        "at least",
        "size aside",
        "by chance",
        "also buys",
        "apart now",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for pair in pairs:
        one, other = products[pair.one], products[pair.other]
        apart = money(one.price_minor + other.price_minor, currency.code, currency.exponent, "en")
        table.add_row(
            f"{one.name} ({one.sku}) + {other.name} ({other.sku})",
            str(pair.together),
            f"{pair.support:.1%}",
            f"{pair.lift:.1f}",
            f"{pair.lift_low:.1f}",
            f"{pair.size_lift:.1f}",
            f"{pair.chance:.1g}",
            f"{pair.with_one:.0%}, {pair.with_other:.0%}",
            apart,
        )
    Console(width=max(Console().width, 130)).print(table)


def _say_what_else(pairs: list[Pair], doubts: list[Doubt], most: int, together: int) -> None:
    """Say how to read it, what was left out, and what to do."""
    if pairs:
        typer.echo(_EXPLAINED)
    else:
        typer.echo(f"No pair bought together {together} times or oftener surely belongs together.", err=True)
    if len(pairs) > most:
        typer.echo(f"{len(pairs) - most} more with --most.", err=True)
    for why, times in Counter(doubt.why for doubt in doubts).most_common():
        explained = f" (more than {FALSE_MAX:.0%} of such finds are wrong)" if why == "may be chance" else ""
        typer.echo(f"Left out: {times} {why}{explained}.", err=True)
