"""The command line: `regulars …`."""

import sys
from collections.abc import Sequence

import typer

from bot.cli import (
    audience,
    audit,
    backup,
    bundles,
    calls,
    chat,
    consent,
    contact,
    dead,
    demo,
    desk,
    doctor,
    events,
    experiments,
    exporting,
    feedback,
    flows,
    importing,
    insights,
    key,
    outbox,
    pay,
    program,
    quotes,
    serving,
    source,
    wechat,
    why,
)
from bot.core.errors import CannotStart, RegularsError

cli = typer.Typer(
    name="regulars",
    help="Regulars: a conversational loyalty backend.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
serving.add_to(cli)
demo.add_to(cli)
flows.add_to(cli)
contact.add_to(cli)
audience.add_to(cli)
consent.add_to(cli)
why.add_to(cli)
dead.add_to(cli)
outbox.add_to(cli)
calls.add_to(cli)
desk.add_to(cli)
key.add_to(cli)
source.add_to(cli)
events.add_to(cli)
audit.add_to(cli)
program.add_to(cli)
bundles.add_to(cli)
experiments.add_to(cli)
insights.add_to(cli)
feedback.add_to(cli)
quotes.add_to(cli)
importing.add_to(cli)
exporting.add_to(cli)
chat.add_to(cli)
doctor.add_to(cli)
backup.add_to(cli)
wechat.add_to(cli)
pay.add_to(cli)


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
