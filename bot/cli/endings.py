"""How commands end before their work is done: one line that says what to do, and an exit code."""

from typing import NoReturn

import typer

PROBLEMS = 1
"""Exit code where problems were found, or what was asked for is not there."""
WRONG_USE = 2
"""Exit code where the command was called wrongly, or the settings are wrong."""


def end(line: str, code: int = PROBLEMS) -> NoReturn:
    """End the command with a line on standard error."""
    typer.echo(line, err=True)
    raise typer.Exit(code)
