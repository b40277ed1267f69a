"""`backup` and `restore`: the whole SQLite database in one file, and back."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.actors import actor
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.config import Settings
from bot.storage import audit
from bot.storage.sqlite import SqliteDatabase

_PG_RESTORE = (
    "pg_restore --clean --if-exists --exit-on-error --dbname=DATABASE FILE;"
    " then `regulars restore --after-pg-restore`"
)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(backup)
    cli.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="where to", dir_okay=False)],
    *,
    force: Annotated[bool, typer.Option("--force", help="write over the file if it is there")] = False,
) -> None:
    """Copy the database to a file while others go on writing (SQLite)."""
    settings = read_settings(quiet=True)
    database = _sqlite_file(settings, "pg_dump --format=custom --file=FILE")
    if file.exists() and not force:
        end(f"{file}: the file is there already; name another, or --force", WRONG_USE)
    if not file.absolute().parent.is_dir():
        end(f"{file}: its folder does not exist", WRONG_USE)
    asyncio.run(_backup(settings, file))
    typer.echo(f"{database} is copied to {file}.")
    secret = database.with_name(f"{database.name}.secret")
    if secret.exists():
        typer.echo(f"Keep {secret} too: without it, who said STOP before being erased is not known again.")


def restore(
    file: Annotated[Path | None, typer.Argument(help="what `regulars backup` made", dir_okay=False)] = None,
    *,
    after_pg_restore: Annotated[
        bool, typer.Option("--after-pg-restore", help="only mark messages in a database restored otherwise")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="put it in the place of a database that is there")
    ] = False,
) -> None:
    """Put a backup in the database's place (SQLite); end `serve` and `work` first.

    Messages that were being sent when the backup was made become unknown: nobody knows whether they left.
    """
    settings = read_settings(quiet=True)
    if after_pg_restore:
        typer.echo(f"{asyncio.run(_settle(settings))} messages are unknown now.")
        return
    database = _sqlite_file(settings, _PG_RESTORE)
    if file is None:
        end("name the FILE that `regulars backup` made", WRONG_USE)
    if not file.is_file():
        end(f"{file}: there is no such file", WRONG_USE)
    if not _is_ours(file):
        end(f"{file}: this is no backup of Regulars", WRONG_USE)
    if database.exists() and not force:
        end(f"{database}: there is a database already; --force puts it aside", WRONG_USE)
    aside = _put_aside(database)
    _copy(file, database)
    unknown = asyncio.run(_restored(settings))
    typer.echo(f"{file} is in the place of {database}; {unknown} messages are unknown now.")
    if aside is not None:
        typer.echo(f"What was there is in {aside}.")


async def _backup(settings: Settings, file: Path) -> None:
    from bot import app
    from bot.cli.database import opened

    async with opened(settings) as database:
        assert isinstance(database, SqliteDatabase)
        draft = file.with_name(f"{file.name}.part")  # a backup that was interrupted must not look like one
        draft.unlink(missing_ok=True)
        await database.backup(str(draft))
        draft.replace(file)
        done = audit.deed(app.utc_now(), actor(), "backup", str(file), "")
        await database.transact(lambda c: audit.write(c, done))


async def _restored(settings: Settings) -> int:
    """Bring a copied backup to today's schema and settle what it cannot know."""
    from bot.storage import migrate

    await migrate.upgrade(settings.database_url)
    return await _settle(settings)


async def _settle(settings: Settings) -> int:
    """Say of messages that were being sent that nobody knows whether they left."""
    from bot import app
    from bot.cli.database import opened
    from bot.storage import outbox

    async with opened(settings) as database:
        return await database.transact(lambda c: outbox.after_restore(c, app.utc_now()))


def _copy(file: Path, database: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as source,
        contextlib.closing(sqlite3.connect(database)) as target,
    ):
        source.backup(target)


def _sqlite_file(settings: Settings, instead: str) -> Path:
    if settings.sqlite_file is None:
        end(f"the database is PostgreSQL, which has its own tool: {instead}", WRONG_USE)
    return settings.sqlite_file


def _is_ours(file: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as raw:
            return bool(raw.execute("SELECT 1 FROM alembic_version").fetchone())
    except sqlite3.Error:
        return False


def _put_aside(database: Path) -> Path | None:
    """Move the database that is there to a name nothing has, with the journal that a damaged one keeps."""
    if not database.exists():
        return None
    _have_to_oneself(database)
    number = 1
    while (aside := database.with_name(f"{database.name}.before-restore-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            database.with_name(database.name + suffix).rename(aside.with_name(aside.name + suffix))
    database.rename(aside)
    return aside


def _have_to_oneself(database: Path) -> None:
    """Take the journal into the file, which SQLite does only for who has it to themselves.

    A process that still had it open would go on answering from a file that has lost its name, and all that
    it writes would be lost. What cannot be read has no such process, and keeps its journal.
    """
    try:
        with contextlib.closing(sqlite3.connect(database)) as raw:
            raw.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            end(f"{database}: another process has it open; end `regulars serve` and `regulars work` first")
