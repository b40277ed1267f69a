"""Credit that ended is given back at one go, however much of it there is."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.storage.driver import Database
from tests.conversation.shop.till import Till
from tests.storage.scripted import open_at

LOTS = 40
"""More than a turn may ask for one by one."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def test_many_lots_that_ended_are_given_back_together(database: Database) -> None:
    till = await Till.of_member(database)
    for number in range(LOTS):
        await till.grant(100, until=till.now + timedelta(hours=1 + number))
    till.wait(timedelta(days=3))
    await till.sweep()
    till.wait(timedelta(days=1))
    told = await till.ask("credit.reinstate", {"reason": "she was ill", "days": 14, "by": "kim"})
    assert (told.get("amount_minor"), told.get("available_minor")) == (LOTS * 100, LOTS * 100), told
    await till.books()
    assert "problem" in await till.ask("credit.reinstate", {"reason": "again", "days": 14, "by": "kim"})
