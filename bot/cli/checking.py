"""Shows what is said of a program's files."""

from collections.abc import Iterable

import typer

from bot.conversation.checking import Look, look_over, name_from_here, placed
from bot.core.flow.check import Complaint

__all__ = ["Look", "counted", "look_over", "name_from_here", "placed", "show_complaints"]


def show_complaints(complaints: Iterable[Complaint]) -> None:
    """Print each on a line that editors can jump to; warnings are marked at the end."""
    for complaint in complaints:
        typer.echo(str(complaint))


def counted(number: int, thing: str) -> str:
    """`1 error`, `3 errors`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
