"""Shows what is said of a program's files."""

from collections.abc import Iterable

import typer

from bot.conversation.checking import Look, look_over, name_from_here, placed
from bot.core.flow.check import Complaint

__all__ = ["Look", "counted", "look_over", "name_from_here", "placed", "show_briefly", "show_complaints"]


def show_complaints(complaints: Iterable[Complaint]) -> None:
    """Print each on a line that editors can jump to; warnings are marked at the end."""
    for complaint in complaints:
        typer.echo(str(complaint))


def show_briefly(complaints: Iterable[Complaint]) -> None:
    """Print every error, and of the warnings one line for each file: who publishes wants to see the rest."""
    warnings: dict[str, list[Complaint]] = {}
    for complaint in complaints:
        if complaint.is_warning:
            warnings.setdefault(complaint.error.file, []).append(complaint)
        else:
            typer.echo(str(complaint))
    for first, *others in warnings.values():
        more = f"; {counted(len(others), 'more warning')} in `regulars flows check`" if others else ""
        typer.echo(f"{first}{more}")


def counted(number: int, thing: str) -> str:
    """`1 error`, `3 errors`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
