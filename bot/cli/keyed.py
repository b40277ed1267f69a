"""What keys of the shop API and sources have in common: a name, scopes, and an end by name or id."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.cli.actors import actor, is_meant
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.storage import api_keys, audit
from bot.storage.driver import Connection, Database

_NAME_MAX = 60


class Keyed(Protocol):
    """Something that shows a key."""

    @property
    def id(self) -> str:
        """What other commands call it."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def revoked_at(self) -> datetime | None:
        """When it ended; None: it is in force."""


T = TypeVar("T", bound=Keyed)
Listed = Callable[[Connection], Awaitable[Sequence[T]]]
"""Lists all that there are."""


def fit_name(written: str) -> str:
    """Return a name as it is kept; ends the command where it is none."""
    name = written.strip()
    if not name or len(written) > _NAME_MAX or not written.isprintable():
        end(f"give it a name of up to {_NAME_MAX} characters, so that you know it again", WRONG_USE)
    return name


def words_in(written: Iterable[str]) -> set[str]:
    """Return words given one by one, or several with commas."""
    return {part.strip() for text in written for part in text.split(",") if part.strip()}


def is_taken(name: str, found: Iterable[Keyed]) -> bool:
    """Whether something in force is called so."""
    return any(one.name == name and one.revoked_at is None for one in found)


def ended(one: Keyed) -> str:
    """Say since when it is revoked; empty: it is not."""
    return f", revoked {one.revoked_at:%Y-%m-%d %H:%M}" if one.revoked_at else ""


async def in_force(database: Database, listed: Listed[T], which: str, what: str) -> T:
    """Return the one in force of this name or id; ends the command where there is none."""
    live = [one for one in await database.query(listed) if one.revoked_at is None]
    found = next((one for one in live if which in {one.id, one.name}), None)
    if found is None:
        end(f"{which}: no {what} in force has this name or id; `regulars {what} list` shows them")
    return found


async def revoke(  # which, and how it is said
    listed: Listed[T], which: str, what: str, said: Callable[[T], str], note: str, *, yes: bool
) -> str:
    """Let the one of this name or id open nothing any more, if that is meant; returns its name."""
    from bot import app
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await in_force(database, listed, which, what)
        if not is_meant(f"Revoke {found.name} ({said(found)})?", yes=yes):
            end("Nothing was revoked.")
        now = app.utc_now()
        deed = audit.deed(now, actor(), f"{what}.revoke", f"{found.id} {found.name}", note)

        async def take(connection: Connection) -> None:
            await api_keys.revoke(connection, found.id, now)
            await audit.write(connection, deed)

        await database.transact(take)
    return found.name
