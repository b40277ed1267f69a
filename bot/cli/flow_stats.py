"""`flows stats FLOW`, `flows recount`: a flow drawn with its numbers, and whether they are right."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import read_settings

_DAYS = 30


def add_to(flows: typer.Typer) -> None:
    """Add the commands."""
    flows.command("stats")(stats)
    flows.command("recount")(recount)


def stats(
    flow: Annotated[str, typer.Argument(help="the flow")],
    *,
    revision: Annotated[int | None, typer.Option(help="one revision alone; all of them unless given")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="how many days back, today included")] = _DAYS,
    svg: Annotated[Path | None, typer.Option(help="draw it to this file")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Draw a flow with its numbers: who came, what was sent and cost, what they did, and what it brought."""
    told = asyncio.run(_stats(flow, revision, days, is_svg=svg is not None, is_json=json))
    if svg is None:
        typer.echo(told)
    else:
        svg.write_text(told, encoding="utf-8")
        typer.echo(f"{svg} is written: open it in a browser.")


async def _stats(flow: str, revision: int | None, days: int | None, *, is_svg: bool, is_json: bool) -> str:
    """Return what is to be shown."""
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation import flow_stats
    from bot.core.flow_drawing import lines
    from bot.core.flow_svg import svg

    settings = read_settings(quiet=True)
    zone = settings.zone.key
    async with opened(settings) as database:
        try:
            found = await database.query(
                lambda c: flow_stats.stats(c, flow, revision, days, now_of(settings), zone)
            )
        except flow_stats.NoSuchRevision as error:
            end(str(error), WRONG_USE)
    if is_svg:
        return svg(found)
    if is_json:
        return orjson.dumps(flow_stats.as_json(found)).decode()
    return "\n".join(lines(found))


def recount(
    *,
    mend: Annotated[bool, typer.Option("--mend", help="write what was counted anew")] = False,
) -> None:
    """Count figures anew from messages, conversions and runs; show where they differ from what is kept."""
    if not asyncio.run(_recount(is_mended=mend)):
        raise typer.Exit(PROBLEMS)


async def _recount(*, is_mended: bool) -> bool:
    """Show differences; returns whether the figures are right by now."""
    from bot.cli.database import opened
    from bot.storage import step_figures

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        differences = await step_figures.recount(database, settings.zone.key)
        for one in differences:
            figure = one.figure
            arms = f" ({figure.variant})" if figure.variant else ""
            place = f"{figure.flow}@{figure.revision} {figure.step or '-'}{arms} {figure.on_day}"
            typer.echo(f"{place} {figure.what}: kept {_said(one.kept)}, counted {_said(one.counted)}")
        if is_mended:
            await step_figures.mend(database, differences)
    if not differences:
        typer.echo("Every figure is what messages, conversions and runs say.")
    elif is_mended:
        typer.echo(f"{len(differences)} mended.")
    return is_mended or not differences


def _said(numbers: tuple[int, int]) -> str:
    times, amount = numbers
    return f"{times} (amount {amount})" if amount else str(times)
