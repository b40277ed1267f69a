"""`program check`: the loyalty program's rules."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import settings_of_files

program = typer.Typer(help="The rules in program.yaml.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(program, name="program")


@program.callback()
def program_() -> None:
    """The rules in program.yaml."""


@program.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="the file; the settings' program.yaml unless given")
    ] = None,
) -> None:
    """Say everything that is wrong with the rules, with file, line, column and remedy."""
    from bot.cli.checking import counted, name_from_here
    from bot.core.errors import FlowError
    from bot.core.flow.program_file import read_program
    from bot.core.flow.reader import read

    path = file or settings_of_files().flows / "program.yaml"
    name = name_from_here(path.absolute())
    try:
        rules = read_program(read(path.read_text(encoding="utf-8"), name))
    except (OSError, UnicodeDecodeError) as error:
        end(f"{name}: the file cannot be read: {error}", WRONG_USE)
    except FlowError as error:
        for complaint in (error, *error.others):
            typer.echo(str(complaint))
        typer.echo(f"{counted(1 + len(error.others), 'error')}.", err=True)
        raise typer.Exit(PROBLEMS) from error
    typer.echo(f"{name}: all is well with {rules.name}.", err=True)
