"""`program check`, `push` and `simulate`: the loyalty program's rules and its seasons."""

import asyncio
from datetime import timedelta
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
    from bot.cli.prudence import refuse_missing_audiences, rules_of, show_findings
    from bot.core.errors import FlowError
    from bot.core.local_time import local_date

    settings = settings_of_files()
    path = (file or settings.flows / "program.yaml").absolute()
    name = name_from_here(path)
    try:
        whole = rules_of(path)
        refuse_missing_audiences(whole, path.parent)
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


@program.command()
def simulate(  # noqa: PLR0913  # what a command may be told
    file: Annotated[
        Path | None, typer.Argument(help="the rules; the settings' program.yaml unless given")
    ] = None,
    *,
    history: Annotated[
        Path | None,
        typer.Option(help="orders as CSV or NDJSON; the shop's own unless given"),
    ] = None,
    against: Annotated[Path | None, typer.Option(help="other rules, to compare with")] = None,
    experiment: Annotated[
        str | None, typer.Option(help="a column for each arm of it, as if everybody went that one")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="how far back to take the shop's own orders")] = 365,
    pays: Annotated[
        int, typer.Option(min=0, max=100, help="percent of orders that are paid with all credit there is")
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
) -> None:
    """Say what the rules would have cost on orders that there were, and what would be owed still.

    Members buy what they bought; what better rules would have made them buy nobody knows. Rules for an arm
    of an experiment are for those whom its shares of now give that arm. Deferred is the revenue that IFRS 15
    lets wait for credit to be spent.
    """
    from fractions import Fraction

    from bot.cli import program_simulate
    from bot.cli.clock import now_of
    from bot.core.errors import FlowError

    settings = read_settings(quiet=True) if history is None else settings_of_files()
    paths = [*([against] if against else []), file or settings.flows / "program.yaml"]  # `more` is the last's
    since = now_of(settings) - timedelta(days=days)
    try:
        programs = [program_simulate.read_rules(path, settings.zone.key) for path in paths]
        if experiment is not None:
            programs = [arm for one in programs for arm in program_simulate.by_arm(one, experiment)]
        program_simulate.check_comparable(programs)
        outcomes = asyncio.run(
            program_simulate.simulated(settings, programs, history, since, Fraction(pays, 100))
        )
    except OSError as error:
        end(f"{error.filename}: {_why(error)}", WRONG_USE)
    except UnicodeDecodeError:
        end("a file is no text in UTF-8: save it as UTF-8 and try again", WRONG_USE)
    except FlowError as error:
        for complaint in (error, *error.others):
            typer.echo(str(complaint), err=True)
        raise typer.Exit(PROBLEMS) from error
    if as_json:
        typer.echo(program_simulate.as_json(programs, outcomes))
    else:
        program_simulate.show(programs, outcomes)


def _why(error: OSError) -> str:
    """Why a file cannot be read, and what to do about it."""
    match error:
        case FileNotFoundError():
            return "there is no such file: check its name and the folder you are in"
        case IsADirectoryError():
            return "this is a folder: name the file in it"
        case PermissionError():
            return "you may not read this file: ask its owner, or copy it"
    return f"the file cannot be read: {error.strerror}"
