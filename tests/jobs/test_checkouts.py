"""Checkouts that nobody captured in time are closed by the clock, once, and what they took is free again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NoReturn

import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import operate
from bot.core.contact import JsonValue
from bot.core.turn import Turn
from bot.jobs.due import DueWork
from bot.storage.driver import Database
from tests.conversation.shop.till import SHOP_WITH_OFFERS, Till
from tests.storage.scripted import Script, asked, conversation, open_at


class Operating(Script):
    """Does what operations ask for."""

    def decide(self, turn: Turn) -> None:
        operate(turn)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def nobody() -> NoReturn:
    raise AssertionError("no flow is asked")


async def test_the_clock_closes_what_is_overdue_and_nothing_else(database: Database) -> None:
    paid, left, both = [await Till.of_member(database, credit=500) for _ in range(3)]
    beans: JsonValue = [{"sku": "BEANS"}]
    for till in (paid, left):
        await till.give("five_off")
    for till in (paid, left, both):
        await till.ask("checkout.hold", {"lines": beans, "order": "A1", "credit_minor": 300})
        till.wait(timedelta(minutes=20))
    await paid.ask("checkout.capture", {"order": "A1"})
    await both.ask("checkout.hold", {"lines": beans, "order": "A2"})
    now = both.now + timedelta(minutes=11)
    dispatcher = Dispatcher(database, conversation(Operating(shop=SHOP_WITH_OFFERS), lambda: now))
    dispatcher.start()
    due = DueWork(database, dispatcher, lambda: now, nobody, asyncio.Event())
    assert await due.checkouts() == 2
    assert await due.checkouts() == 0
    await dispatcher.close()
    states = await asked(database, "SELECT reference, state FROM checkout ORDER BY reference, state")
    assert states == [("A1", "captured"), ("A1", "timed_out"), ("A1", "timed_out"), ("A2", "open")]
    assert await asked(database, "SELECT units_left FROM counter") == [(500,)], (
        "what was captured is paid for"
    )
    wallets = [(await till.books()).wallet for till in (paid, left, both)]
    assert [(one.available_minor, one.held_minor) for one in wallets] == [(200, 0), (500, 0), (300, 200)]
