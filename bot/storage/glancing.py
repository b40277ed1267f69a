"""Glances: reads of a few rows that are over before a thread for them would have begun."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.storage.driver import Connection, Database
from bot.storage.sqlite import SqliteDatabase

T = TypeVar("T")


async def glance(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Run `work` that reads for much less than a millisecond: on SQLite here and now, else as `query`.

    Handing work to a thread and its result back costs more than such a read, and while another thread decides
    turns, up to two of Python's switch intervals (5 ms each).
    """
    if isinstance(database, SqliteDatabase):
        return await database.glance(work)
    return await database.query(work)
