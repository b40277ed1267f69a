"""Reads a program with the seasons beside it, and shows what is unwise in it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import typer

from bot import app
from bot.cli.checking import look_over, name_from_here
from bot.conversation.kinds import AUDIENCES
from bot.conversation.publishing import SEASONS
from bot.core.flow.check import Complaint
from bot.core.flow.check_audiences import benefits_unknown
from bot.core.flow.compiled import CreditExpiringStarter, EventStarter
from bot.core.flow.reader import read
from bot.core.flow.season_file import Whole, read_whole_program
from bot.core.loyalty.prudence import Told, findings


def rules_of(path: Path) -> Whole:
    """Return the program in a file, with the seasons in the folder beside it.

    Raises:
        FlowError: something in it is wrong.
        OSError: the file cannot be read.
    """
    seasons = sorted(path.parent.glob(f"{SEASONS}/*.yaml"))
    documents = [read(file.read_text(encoding="utf-8"), name_from_here(file)) for file in seasons]
    program = read(path.read_text(encoding="utf-8"), name_from_here(path))
    return read_whole_program(program, documents, [f"{SEASONS}/{file.stem}@0" for file in seasons])


def refuse_missing_audiences(whole: Whole, flows: Path) -> None:
    """Raise FlowError where benefits are for audiences that the file beside the program does not have."""
    beside = flows / f"{AUDIENCES}.yaml"
    known = read(beside.read_text(encoding="utf-8"), name_from_here(beside)).value if beside.is_file() else ()
    wrong = tuple(benefits_unknown(whole, set(known)))
    if wrong:
        raise replace(wrong[0], others=wrong[1:])


def show_findings(whole: Whole, flows: Path, today: date) -> int:
    """Print what is unwise, each on a line that editors can jump to; returns how much there is."""
    found = [
        whole.complaint(one.path, one.problem, one.remedy)
        for one in findings(whole.program, today, _told_in(flows))
    ]
    for error in sorted(found, key=lambda error: (error.file, error.line, error.column)):
        typer.echo(str(Complaint(error, is_warning=True)))
    return len(found)


def _told_in(flows: Path) -> Told | None:
    """What the flows of a folder tell of; None where it holds none that can be read."""
    look = look_over(flows, flows.parent / "locales", app.HANDLERS)
    starters = [starter for flow in look.flows.values() for starter in flow.starters]
    if not starters:
        return None
    return Told(
        endings=any(isinstance(starter, CreditExpiringStarter) for starter in starters),
        events=frozenset(starter.event for starter in starters if isinstance(starter, EventStarter)),
    )
