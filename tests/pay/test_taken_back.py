"""An order that was taken back says of cash only what came back: nothing where nobody had paid."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import SqliteDatabases
from tests.pay.paying import PayShop, paying


@pytest.fixture
async def shop(sqlite_databases: SqliteDatabases) -> AsyncIterator[PayShop]:
    """A shop: what an order says is not of a database's making."""
    url = await sqlite_databases.create()
    async with paying(url) as made:
        yield made
    await sqlite_databases.drop(url)


async def refunded_minor(shop: PayShop, order: str) -> int:
    told = (await shop.operate("shop.cancel", {"order": order})).result
    assert told is not None
    said = told["order"]
    assert isinstance(said, dict)
    assert said["status"] == "canceled"
    refunded = said["refunded"]
    assert isinstance(refunded, dict)
    minor = refunded["minor"]
    assert isinstance(minor, int)
    return minor


async def test_of_an_order_that_nobody_paid_nothing_came_back(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.prepay(order)
    assert await refunded_minor(shop, order) == 0


async def test_of_an_order_that_was_paid_its_cash_came_back(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    assert await refunded_minor(shop, order) == 600
