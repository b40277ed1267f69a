"""Who is erased with an order in the works: cash, credit and the shop still agree in the end."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.core.payments import PaymentState, RefundState
from bot.demo.pay.book import PayProblem
from bot.storage import erasing
from tests.pay.paying import PayShop, paying


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[PayShop]:
    """A shop, on both databases."""
    async with paying(database_url) as made:
        yield made


async def erase(shop: PayShop, contact: str) -> None:
    def hashes(address: str) -> tuple[str, ...]:
        return (f"hash of {len(address)}",)

    await shop.app.database.transact(lambda c: erasing.erase(c, contact, shop.clock(), hashes))


async def refund_everything(shop: PayShop, contact: str, order: str) -> None:
    body: dict[str, JsonValue] = {"order": order, "everything": True}
    work = operation_work("order.refund", body, key="refund", at=shop.clock(), contact_id=contact)
    result = await shop.app.dispatcher.submit(work)
    assert "problem" not in (result.result or {}), result.result
    await shop.settled()


async def test_what_is_refunded_after_erasing_goes_back_in_cash(shop: PayShop) -> None:
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    await shop.rest()
    await erase(shop, contact)
    await refund_everything(shop, contact, order)
    (refund,) = (await shop.cash(order)).refunds
    assert (refund.amount_minor, refund.state) == (600, RefundState.DONE)


async def test_the_shop_hears_of_an_order_that_was_paid_before_its_buyer_was_erased(shop: PayShop) -> None:
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    await erase(shop, contact)
    ((kind, state, payload),) = await shop.chat.sms.rows('SELECT kind, state, payload FROM "call"')
    told = json.loads(payload)
    assert (kind, state) == ("order.placed", "queued")
    assert (told["order"], told["erased"], told["payment"]["is_paid"]) == (order, True, True)
    assert "place" not in told


async def test_nobody_pays_for_an_order_that_waited_when_its_buyer_was_erased(shop: PayShop) -> None:
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    args = await shop.prepay(order)
    await erase(shop, contact)
    await shop.rest()
    payment = await shop.payment(order)
    assert payment.state is PaymentState.CLOSED
    assert (await shop.status(order))[0] == "canceled"
    with pytest.raises(PayProblem, match="ORDER_CLOSED"):
        shop.tap(args)


async def test_who_pays_in_the_seconds_after_being_erased_gets_it_back(shop: PayShop) -> None:
    """The shop would not know any more where to take it."""
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    args = await shop.prepay(order)
    await erase(shop, contact)
    shop.tap(args)
    await shop.pay_.settle()
    await shop.settled()
    cash = await shop.cash(order)
    assert cash.standing is None
    assert [(one.cause, one.amount_minor, one.state) for one in cash.refunds] == [
        ("late", 600, RefundState.DONE)
    ]
    assert (await shop.status(order))[0] == "canceled"
    assert await shop.told_shop(order) == []
