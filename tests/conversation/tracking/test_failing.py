"""What becomes of messages when the database or our own code fails."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import pytest

from bot.conversation.tracking.people import NameTaken
from bot.conversation.tracking.tracker import BROKEN, Tracker
from bot.core.errors import RetryLater
from bot.core.tracking.message import Taken
from bot.storage.driver import Connection, Database
from bot.storage.tracking import WrittenBefore
from tests.conversation.chat import Chat
from tests.conversation.tracking.telling import SERVER, message

T = TypeVar("T")
TOLD = [message(f"m{number}", user="u1", event="Tea Steeped") for number in range(3)]


class Failing:
    """A database some of whose transactions fail: the first, the second …; the last says it of all others."""

    def __init__(self, database: Database, *errors: Exception | None) -> None:
        self.dialect = database.dialect
        self._database = database
        self._errors = list(errors)

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        error = self._errors.pop(0) if len(self._errors) > 1 else self._errors[0]
        if error is not None:
            raise error
        return await self._database.transact(work)

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self._database.query(work)

    async def close(self) -> None:
        """The application closes it."""


async def taken(chat: Chat, *errors: Exception | None, many: int = 3) -> Taken:
    """Hand messages in while transactions fail."""
    tracker = Tracker(Failing(chat.app.database, *errors), chat.app.conversation)
    tracker.start()
    try:
        return await tracker.take(TOLD[:many], SERVER)
    finally:
        await tracker.close()


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DiskFullError(""),
        asyncpg.InsufficientPrivilegeError(""),
        asyncpg.UndefinedTableError(""),
        OSError(),
        MemoryError(),
        NameTaken(),
        AssertionError("of our own, whatever the message"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_is_no_fault_of_messages_loses_none(chat: Chat, error: Exception) -> None:
    for many in (1, 3):
        with pytest.raises(RetryLater):
            await taken(chat, error, many=many)
    assert await taken(chat, None) == Taken(3)
    assert len(await chat.rows("SELECT id FROM event")) == 3


async def test_who_comes_again_after_half_of_it_failed_counts_once(chat: Chat) -> None:
    with pytest.raises(RetryLater):
        await taken(chat, ValueError(), None, asyncpg.DiskFullError(""))
    assert len(await chat.rows("SELECT id FROM event")) == 1
    assert await taken(chat, None) == Taken(3)
    assert len(await chat.rows("SELECT id FROM event")) == 3


@pytest.mark.parametrize("error", [asyncpg.DataError(""), AssertionError("for this message")])
async def test_what_fails_alone_while_others_do_not_is_refused(chat: Chat, error: Exception) -> None:
    assert await taken(chat, error, None, error, None) == Taken(2, {BROKEN: 1})
    assert len(await chat.rows("SELECT id FROM event")) == 2


async def test_values_that_no_database_takes_are_refused_also_alone(chat: Chat) -> None:
    assert await taken(chat, asyncpg.DataError(""), many=1) == Taken(0, {BROKEN: 1})


async def test_what_is_in_the_books_already_uses_up_no_try(chat: Chat) -> None:
    taken_names = [NameTaken() for _ in range(4)]
    assert await taken(chat, *taken_names, WrittenBefore(), None, many=1) == Taken(1)


async def test_what_was_written_while_it_was_looked_for_is_asked_for_again(chat: Chat) -> None:
    with pytest.raises(RetryLater):
        await taken(chat, *(WrittenBefore(), WrittenBefore(), None) * 2)
    assert await taken(chat, None) == Taken(3)
