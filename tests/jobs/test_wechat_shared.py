"""What is shared of WeChat accounts: alike for one process alone and for all that share a database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.wechat.shared import MEDIA_LASTS, Remembered, Shared
from bot.channels.wechat.token import FORCED_A_DAY
from bot.jobs.wechat_shared import SharedInDatabase
from bot.storage.driver import Database
from tests.storage.scripted import open_at

NOW = datetime(2026, 11, 24, 15, 59, tzinfo=UTC)  # 23:59 in Beijing
SECOND = timedelta(seconds=1)


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open; the test runs once for each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture(params=["alone", "together"])
def shared(request: pytest.FixtureRequest, database: Database) -> Shared:
    return Remembered() if request.param == "alone" else SharedInDatabase(database, Clock())


async def test_a_picture_is_known_to_the_account_it_was_uploaded_to(shared: Shared) -> None:
    assert await shared.media("wx1", "card.png") is None
    await shared.keep_media("wx1", "card.png", "M1")
    await shared.keep_media("wx1", "other.png", "M2")
    await shared.keep_media("wx1", "card.png", "M3")
    assert await shared.media("wx1", "card.png") == "M3"
    assert await shared.media("wx2", "card.png") is None
    await shared.forget_media("wx1", ["card.png", "never.png"])
    assert await shared.media("wx1", "card.png") is None
    assert await shared.media("wx1", "other.png") == "M2"


async def test_forcing_is_not_repeated_at_once(shared: Shared) -> None:
    assert await shared.may_force("wx1")
    assert not await shared.may_force("wx1")
    assert await shared.may_force("wx2")


async def test_a_picture_lasts_less_than_three_days(database: Database) -> None:
    clock = Clock()
    shared = SharedInDatabase(database, clock)
    await shared.keep_media("wx1", "card.png", "M1")
    clock.now += MEDIA_LASTS - SECOND
    assert await shared.media("wx1", "card.png") == "M1"
    clock.now += SECOND
    assert await shared.media("wx1", "card.png") is None
    assert timedelta(days=2) < MEDIA_LASTS < timedelta(days=3)


async def test_all_processes_force_twenty_tokens_of_an_account_in_a_day_of_beijing(
    database: Database,
) -> None:
    clock = Clock()
    clock.now -= timedelta(hours=1)
    one, other = SharedInDatabase(database, clock), SharedInDatabase(database, clock)
    times = 0
    for _ in range(60):
        times += await one.may_force("wx1")
        times += await other.may_force("wx1")
        clock.now += 31 * SECOND
    assert times == FORCED_A_DAY
    clock.now = NOW + timedelta(minutes=2)
    assert await other.may_force("wx1")
