"""Says at start where another `serve` or `work` is on the same SQLite file: it is to be one process alone.

They share a lock on a file beside the database, which the system lets go of when a process ends, however it
ends. Commands take none: they may look and write beside a server.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog
import typer

from bot.config import Settings

_logger = structlog.get_logger(__name__)


@contextmanager
def told_if_beside_another(settings: Settings) -> Iterator[None]:
    """Warn where another process serves the database, and let those who come later see this one."""
    database = settings.sqlite_file
    if database is None:  # PostgreSQL is made for many
        yield
        return
    try:
        mark = database.with_name(f"{database.name}-serving").open("a")
    except OSError:  # what is wrong with the folder is said when the database is opened
        yield
        return
    with mark:
        if _is_beside_another(mark):
            _logger.warning("not_alone", database=str(database))
            typer.echo(
                f"{database}: another `regulars serve` or `regulars work` is on this file already. End one of"
                " them: SQLite is for one process; for several use PostgreSQL.",
                err=True,
            )
        yield


def _is_beside_another(mark: TextIO) -> bool:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_alone = True
    except BlockingIOError:
        is_alone = False
    except OSError:  # a file system that has no locks tells nothing
        return False
    fcntl.flock(mark, fcntl.LOCK_SH)
    return not is_alone
