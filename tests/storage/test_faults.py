"""Whose fault a failed transaction is."""

import sqlite3

import asyncpg
import pytest

from bot.core.errors import RetryLater
from bot.storage.driver import DatabaseUnavailable
from bot.storage.faults import Fault, fault_of


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (asyncpg.NumericValueOutOfRangeError(""), Fault.VALUES),
        (asyncpg.UniqueViolationError(""), Fault.VALUES),
        (asyncpg.DataError(""), Fault.VALUES),
        (sqlite3.IntegrityError(), Fault.VALUES),
        (OverflowError(), Fault.VALUES),
        (TypeError(), Fault.VALUES),
        (UnicodeEncodeError("utf-8", "", 0, 1, ""), Fault.VALUES),
        (KeyError(), Fault.CODE),
        (AssertionError(), Fault.CODE),
        (asyncpg.DiskFullError(""), Fault.ELSEWHERE),
        (asyncpg.InsufficientPrivilegeError(""), Fault.ELSEWHERE),
        (asyncpg.UndefinedTableError(""), Fault.ELSEWHERE),
        (asyncpg.InterfaceError(""), Fault.ELSEWHERE),
        (sqlite3.OperationalError(), Fault.ELSEWHERE),
        (sqlite3.DatabaseError(), Fault.ELSEWHERE),
        (DatabaseUnavailable(""), Fault.ELSEWHERE),
        (RetryLater(""), Fault.ELSEWHERE),
        (TimeoutError(), Fault.ELSEWHERE),
        (MemoryError(), Fault.ELSEWHERE),
    ],
)
def test_errors_say_what_is_to_be_mended(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault
