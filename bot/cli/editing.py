"""`flows edit`: checks a flow and holds its tests whenever it is saved; with --live publishes the draft."""

import os
from dataclasses import replace
from pathlib import Path

import typer
from watchfiles import awatch

from bot import app
from bot.cli.checking import Look, look_over, show_briefly, terms_of
from bot.cli.database import opened
from bot.cli.endings import WRONG_USE, end
from bot.cli.rehearsing import Rehearsal, rehearsal
from bot.cli.testing import show_flow, unknown_flow
from bot.config import Settings
from bot.conversation.publishing import compile_folder, publish
from bot.core.errors import FlowError
from bot.core.ids import new_id
from bot.demo import running
from bot.demo.clock import DATABASE


async def edit(settings: Settings, name: str, *, is_live: bool) -> None:
    """Look at the flow now and after every save, until interrupted."""
    files = sorted(path.stem for path in settings.flows.glob("*.yaml"))
    if name not in files:
        end(unknown_flow(name, files), WRONG_USE)
    watched = [path for path in (settings.flows, settings.locales) if path.is_dir()]
    typer.echo(f"Watching {name}; save the file, or leave with Ctrl-C.", err=True)
    async with rehearsal(settings) as place:
        await _look(place, settings, name, is_live=is_live)
        async for changes in awatch(*watched):
            if any(Path(file).suffix in {".yaml", ".mjml", ".po"} for _, file in changes):
                typer.echo(f"\n{app.utc_now():%H:%M:%S} UTC")
                await _look(place, settings, name, is_live=is_live)


def demo_settings(settings: Settings) -> Settings:
    """The same files, and the database of the demo in this folder; ends the command where there is none."""
    file = (running.FOLDER / DATABASE).absolute()
    if not file.exists():
        end("there is no demo in this folder yet; start it with `make run` or `regulars demo`")
    return replace(settings, database_url=f"sqlite+aiosqlite:///{file}")


async def _look(place: Rehearsal, settings: Settings, name: str, *, is_live: bool) -> None:
    look = look_over(settings.flows, settings.locales, app.HANDLERS, terms_of(settings))
    show_briefly(look.complaints)
    if look.errors or name not in look.flows:
        return
    try:
        await place.publish()
    except FlowError as error:  # it was saved again in the meantime
        typer.echo(str(error))
        return
    held = await show_flow(place, look, look.flows[name], is_verbose=True)
    if is_live and all(one.went_well for one in held):
        await _publish(settings, look)


async def _publish(settings: Settings, look: Look) -> None:
    """Put the draft in force where the phone page, or whoever else, talks to it."""
    now = app.utc_now()
    files = compile_folder(look.folder, now)
    async with opened(settings) as database:
        try:
            published = await database.transact(lambda c: publish(c, files, new_id(now, 0, os.urandom)))
        except FlowError as error:
            typer.echo(str(error))
            return
    for one in published.published:
        typer.echo(f"published {one.flow}: revision {one.revision}")
