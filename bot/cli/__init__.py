"""The command line: `regulars …`."""

import sys
from collections.abc import Sequence

import typer

from bot.cli.commands import Commands
from bot.core.errors import CannotStart, RegularsError

cli = typer.Typer(
    name="regulars",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@cli.callback()
def _all() -> None:
    """Regulars: a conversational loyalty backend."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; what can go wrong in the world ends in a line that says what to do."""
    try:
        cli(args=list(arguments) if arguments is not None else None)
    except RegularsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1 if isinstance(error, CannotStart) else 2) from error
    except Exception as error:  # the outermost of a command: what is no bug is told in a line
        from bot.cli.database import UNREACHABLE  # what the drivers may raise takes long to import

        if not isinstance(error, UNREACHABLE):
            raise
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        raise SystemExit(1) from error
