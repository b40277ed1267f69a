"""The audit log: what operators did, when, to what and why; newest first when it is read."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.ids import instant, microseconds, new_id
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement

_COLUMNS = "a.id, a.at, a.actor, a.action, a.subject, a.note"
# Ids rise with time, so that the primary key gives the order.
_LISTED = Statement(f"""
    SELECT {_COLUMNS} FROM audit a
    WHERE (CAST(:prefix AS text) = '' OR a.action = :prefix OR a.action LIKE :prefix || '.%')
    ORDER BY a.id DESC LIMIT :most
""")  # noqa: S608  # our own text
_ACTIONS = Statement("SELECT DISTINCT a.action FROM audit a ORDER BY a.action")
_ROW = Rows(tables.Row.metadata.tables["audit"], Present.REPLACE)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did: `action` is like `outbox.hold`, `subject` says to what, `note` why."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    note: str


def deed(now: datetime, actor: str, action: str, subject: str, note: str) -> Deed:
    """Make one that happens now."""
    return Deed(new_id(now, 0, os.urandom), now, actor, action, subject, note)


async def write(connection: Connection, one: Deed) -> None:
    """Write a deed down; the same one again says how it ended."""
    await connection.write(
        _ROW, [(one.id, microseconds(one.at), one.actor, one.action, one.subject, one.note)]
    )


async def listed(connection: Connection, most: int, *, action: str = "") -> list[Deed]:
    """The latest deeds, newest first; `action` is one of them (`outbox.hold`) or a kind (`outbox`)."""
    return [_deed(row) for row in await connection.read(_LISTED, prefix=action, most=most)]


async def latest(connection: Connection, action: str) -> Deed | None:
    """The last time this was done; None: never."""
    return next(iter(await listed(connection, 1, action=action)), None)


async def actions(connection: Connection) -> list[str]:
    """What has been done at all."""
    return [str(action) for (action,) in await connection.read(_ACTIONS)]


def _deed(row: Sequence[Any]) -> Deed:
    return Deed(row[0], instant(row[1]), *row[2:])
