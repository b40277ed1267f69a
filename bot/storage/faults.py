"""Whose fault it is that a transaction failed: what it was to write, our code's, or nothing's in either."""

import sqlite3
from enum import Enum, auto

import asyncpg

from bot.core.errors import RetryLater

_OF_VALUES = ("22", "23")  # https://www.postgresql.org/docs/current/errcodes-appendix.html


class Fault(Enum):
    """What is to be mended before the same work can succeed."""

    VALUES = auto()  # what is to be written
    CODE = auto()  # ours, for these values or for all
    ELSEWHERE = auto()  # the database or the machine: the same work may succeed later


def fault_of(error: Exception) -> Fault:
    """Say what a transaction failed for."""
    match error:
        case asyncpg.PostgresError():
            return Fault.VALUES if str(error.sqlstate).startswith(_OF_VALUES) else Fault.ELSEWHERE
        case sqlite3.DataError() | sqlite3.IntegrityError() | ValueError() | TypeError() | OverflowError():
            return Fault.VALUES
        case RetryLater() | OSError() | MemoryError() | sqlite3.Error() | asyncpg.InterfaceError():
            return Fault.ELSEWHERE
    return Fault.CODE
