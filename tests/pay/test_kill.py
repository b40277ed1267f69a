"""Killed at any point of its road, a job leaves nothing undone and does nothing twice: the next goes on."""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from bot.core.payments import PaymentState, RefundState
from tests.pay.paying import PayShop, paying
from tests.pay.test_money_property import Killed, crashing

POINTS = (
    "before_claim",
    "after_claim",
    "before_ask",
    "after_ask",
    "before_hear",
    "after_hear",
    "before_look_later",
    "after_look_later",
)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[PayShop]:
    """A shop, on both databases."""
    async with paying(database_url) as made:
        await made.join()
        yield made


async def killed(shop: PayShop, point: str, times: int, *works: str) -> int:
    """Strike jobs that are killed at the so many-th passing of a point; returns how often they were."""
    kills = 0
    for time in range(times):
        passed = 0

        def at(here: str, time: int = time) -> None:
            nonlocal passed, kills
            passed += here == point
            if here == point and passed == time + 1:
                kills += 1
                raise Killed

        for work in works:
            with suppress(Killed):
                await getattr(crashing(shop, at), work)()
        await shop.pay_.settle()
    return kills


@pytest.mark.parametrize("point", POINTS)
async def test_killed_while_it_finds_out_about_payments(shop: PayShop, point: str) -> None:
    shop.fault("lose_notice", times=None)
    paid, unpaid = await shop.order(("LATTE", 2)), await shop.order(("BUN", 3), use_credit=False)
    await shop.pay(paid)
    await shop.prepay(unpaid)
    shop.clock.now = (await shop.payment(unpaid)).expires_at
    assert await killed(shop, point, 3, "unpaid")
    for _ in range(3):
        await shop.later(minutes=3)  # the lease of who was killed ends
    assert (await shop.payment(paid)).state is PaymentState.PAID
    assert await shop.status(paid) == ("paid", 600, 500)
    assert (await shop.payment(unpaid)).state is PaymentState.CLOSED
    assert (await shop.status(unpaid))[0] == "canceled"
    assert await shop.told_shop(paid) == ["order.placed"]
    assert [trade.state for trade in shop.pay_.book.trades.values()] == ["SUCCESS", "CLOSED"]


@pytest.mark.parametrize("point", POINTS)
async def test_killed_while_it_gives_cash_back(shop: PayShop, point: str) -> None:
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    shop.fault("lose_notice", times=None)
    await shop.operate("order.refund", {"order": order, "amount_minor": 200})
    assert await killed(shop, point, 3, "refunds")
    await shop.operate("order.refund", {"order": order, "everything": True})
    await killed(shop, point, 3, "refunds")
    await shop.settled()
    (trade,) = shop.pay_.book.trades.values()
    assert sum(one.amount for one in trade.refunds) == 600
    refunds = (await shop.cash(order)).refunds
    assert {one.state for one in refunds} == {RefundState.DONE}
    assert {one.id: one.amount_minor for one in refunds} == {one.number: one.amount for one in trade.refunds}
