"""`program check` and `program push`: the loyalty program's rules and its seasons."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import read_settings, settings_of_files

program = typer.Typer(help="The rules in program.yaml and seasons/.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(program, name="program")


@program.callback()
def program_() -> None:
    """The rules in program.yaml and seasons/."""


@program.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="the file; the settings' program.yaml unless given")
    ] = None,
) -> None:
    """Say everything that is wrong or unwise in the rules, with file, line, column and remedy.

    Unwise are rules that never count, costs that nothing bounds, tiers that nobody reaches, and credit that
    ends without a word. The seasons beside the file are checked with it.
    """
    from bot import app
    from bot.cli.checking import counted, name_from_here
    from bot.cli.prudence import rules_of, show_findings
    from bot.core.errors import FlowError
    from bot.core.local_time import local_date

    settings = settings_of_files()
    path = (file or settings.flows / "program.yaml").absolute()
    name = name_from_here(path)
    try:
        whole = rules_of(path)
    except (OSError, UnicodeDecodeError) as error:
        end(f"{name}: the file cannot be read: {error}", WRONG_USE)
    except FlowError as error:
        for complaint in (error, *error.others):
            typer.echo(str(complaint))
        typer.echo(f"{counted(1 + len(error.others), 'error')}.", err=True)
        raise typer.Exit(PROBLEMS) from error
    found = show_findings(whole, path.parent, local_date(app.utc_now(), settings.zone.key))
    if found:
        typer.echo(f"{name}: {counted(found, 'warning')}.", err=True)
    else:
        typer.echo(f"{name}: all is well with {whole.program.name}.", err=True)


@program.command()
def push(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="publish without asking")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="replace what somebody published by other means")
    ] = False,
) -> None:
    """Publish program.yaml and its seasons, after saying who moves and what it may cost.

    Both are reckoned on the shop's own members and orders of the last 90 days.
    """
    from bot.cli.program_push import push as push_program

    if not asyncio.run(push_program(read_settings(), may=yes, force=force)):
        raise typer.Exit(PROBLEMS)
