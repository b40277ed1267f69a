"""Whose an order is: decided once, also where two are said to have bought it at one moment."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.conversation.batch import Batch
from bot.conversation.operations import operate, operation_work
from bot.core.contact import JsonValue
from bot.storage import orders
from bot.storage.driver import Connection, Database
from tests.storage.scripted import NOW, Script, contacts, conversation, open_at

TEA: JsonValue = {"sku": "TEA", "unit_minor": 350}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def test_whoever_claims_an_order_while_it_is_put_on_record_comes_too_late(database: Database) -> None:
    mine, others = await contacts(database, 2)
    await database.transact(lambda c: orders.claim(c, "A-1", mine))
    told = operation_work(
        "order.report", {"order": "A-1", "lines": [TEA]}, key="api:1", at=NOW, contact_id=mine
    )
    batch, is_decided = Batch(conversation(Script({"api:1": operate})), [told]), asyncio.Event()

    async def slowly(connection: Connection) -> None:
        await batch.run(connection)
        if database.dialect != "sqlite":  # which has one writer: another comes before or after
            is_decided.set()
            await asyncio.sleep(0.2)  # not committed yet

    telling = asyncio.create_task(database.transact(slowly))
    await (telling if database.dialect == "sqlite" else is_decided.wait())
    assert await database.transact(lambda c: orders.claim(c, "A-1", others)) == mine
    await telling
    assert await database.query(lambda c: orders.owner(c, "A-1")) == mine


async def test_what_nothing_is_on_record_of_may_become_somebody_elses(database: Database) -> None:
    first, second = await contacts(database, 2)
    assert await database.transact(lambda c: orders.claim(c, "A-1", first)) == first
    assert await database.transact(lambda c: orders.claim(c, "A-1", second)) == second
    found = await database.transact(lambda c: orders.owner_for_good(c, second, "A-1"))
    assert found == second
    assert await database.transact(lambda c: orders.owner_for_good(c, first, "A-2")) is None
