"""A running shop for all tests of this folder, and a telephone for each."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count

import pytest
from playwright.async_api import Browser

from tests.conversation.chat import Chat, Clock, chatting
from tests.databases import SqliteDatabases
from tests.web.h5.phone import Phone, phone

_numbers = count(100)


@pytest.fixture(scope="session")
async def shop(sqlite_databases: SqliteDatabases) -> AsyncIterator[Chat]:
    """A shop whose clock is nearly that of the browsers."""
    url = await sqlite_databases.create()
    async with chatting(url, clock=Clock(now=datetime.now(UTC))) as chat:
        yield chat


@pytest.fixture
async def ana(browser: Browser, shop: Chat) -> AsyncIterator[Phone]:
    """A member's telephone; what its browser complained about fails the test."""
    async with phone(browser, shop, f"+1212555{next(_numbers):04d}") as telephone:
        await telephone.join()
        yield telephone
        assert telephone.problems == []


@pytest.fixture
async def stranger(browser: Browser, shop: Chat) -> AsyncIterator[Phone]:
    """The telephone of somebody who asked for help once and is no member."""
    async with phone(browser, shop, f"+1212555{next(_numbers):04d}") as telephone:
        await telephone.text("HELP")
        yield telephone
        assert telephone.problems == []
