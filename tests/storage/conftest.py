"""An open database for each test of the storage."""

from collections.abc import AsyncIterator

import pytest

from bot.storage.driver import Database
from tests.storage.scripted import open_at


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open; the test runs once for each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()
