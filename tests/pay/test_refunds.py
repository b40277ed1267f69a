"""Cash goes back with what came back of its order: exactly, once, whatever is lost on the way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.core.contact import JsonValue
from bot.core.payments import RefundState
from tests.pay.paying import PayShop, paying


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[PayShop]:
    """A shop, on both databases."""
    async with paying(database_url) as made:
        yield made


@pytest.fixture
async def paid(shop: PayShop) -> str:
    """An order of two lattes: 6.00 paid in cash, 5.00 with credit."""
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    return order


async def refunds(shop: PayShop, order: str) -> list[tuple[str, int, RefundState]]:
    return [(one.cause, one.amount_minor, one.state) for one in (await shop.cash(order)).refunds]


async def came_back(shop: PayShop, order: str, **told: JsonValue) -> None:
    result = await shop.operate("order.refund", {"order": order, **told})
    assert "problem" not in (result.result or {}), result.result


async def test_everything_comes_back_cash_and_credit(shop: PayShop, paid: str) -> None:
    contact = await shop.join()
    await came_back(shop, paid, everything=True)
    assert await refunds(shop, paid) == [("order", 600, RefundState.NEW)]
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 600, RefundState.DONE)]
    assert (await shop.cash(paid)).word == "refunded"
    assert await shop.wallet(contact) == (0, 500, 0, 0)  # what it earned was taken back
    assert shop.pay_.book.trades[(await shop.payment(paid)).id].refunds[0].amount == 600


async def test_parts_come_back_as_what_is_new_of_all_that_came_back(shop: PayShop, paid: str) -> None:
    latte: Any = [{"sku": "LATTE", "quantity": 1}]
    await came_back(shop, paid, lines=latte)
    await came_back(shop, paid, lines=latte)
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 300, RefundState.DONE)]
    await came_back(shop, paid, amount_minor=450)
    await came_back(shop, paid, amount_minor=200)
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 300, RefundState.DONE), ("order", 150, RefundState.DONE)]
    await came_back(shop, paid, everything=True)
    await shop.settled()
    assert sum(amount for _, amount, _ in await refunds(shop, paid)) == 600


async def test_a_canceled_order_gives_all_its_cash_back(shop: PayShop, paid: str) -> None:
    await shop.operate("order.cancel", {"order": paid})
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 600, RefundState.DONE)]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_request"},
        {"kind": "drop_answer"},
        {"kind": "late_answer", "status": 500, "code": "SYSTEM_ERROR"},
        {"kind": "wrong_signature"},
        {"kind": "no_json"},
        {"kind": "refuse", "status": 429, "code": "FREQUENCY_LIMITED"},
        {"kind": "refuse", "status": 403, "code": "NOT_ENOUGH"},
        {"kind": "skewed_clock", "seconds": 600},
    ],
)
async def test_whatever_is_lost_it_goes_back_once(shop: PayShop, paid: str, fault: dict[str, Any]) -> None:
    shop.fault(**{"path": "/v3/refund", **fault} if fault["kind"] != "skewed_clock" else fault)
    await came_back(shop, paid, everything=True)
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 600, RefundState.DONE)]
    trade = shop.pay_.book.trades[(await shop.payment(paid)).id]
    assert [one.amount for one in trade.refunds] == [600]


async def test_a_refund_whose_notice_is_lost_is_asked_about(shop: PayShop, paid: str) -> None:
    shop.fault("lose_notice", times=None)
    await came_back(shop, paid, everything=True)
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 600, RefundState.DONE)]


async def test_a_refund_the_bank_does_not_take_is_looked_at_until_it_arrives(
    shop: PayShop, paid: str
) -> None:
    shop.fault("abnormal_refund")
    await came_back(shop, paid, everything=True)
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 600, RefundState.ABNORMAL)]
    (theirs,) = shop.pay_.book.trades[(await shop.payment(paid)).id].refunds
    shop.pay_.book.refund_ends(theirs, "SUCCESS")  # an operator said at WeChat Pay where it shall go
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 600, RefundState.DONE)]


async def test_a_refund_that_is_closed_is_told_and_made_anew_with_the_next_word_of_the_order(
    shop: PayShop, paid: str
) -> None:
    shop.fault("closed_refund")
    await came_back(shop, paid, everything=True)
    await shop.settled()
    assert await refunds(shop, paid) == [("order", 600, RefundState.REFUSED)]
    await came_back(shop, paid, everything=True)
    await shop.settled()
    assert await refunds(shop, paid) == [
        ("order", 600, RefundState.REFUSED),
        ("order", 600, RefundState.DONE),
    ]


async def test_an_operator_gives_back_no_more_than_is_left(shop: PayShop, paid: str) -> None:
    payment = (await shop.payment(paid)).id
    done = await shop.operate("payment.refund", {"payment": payment, "amount_minor": 200})
    assert "problem" not in (done.result or {})
    too_much = await shop.operate("payment.refund", {"payment": payment, "amount_minor": 401})
    assert "problem" in (too_much.result or {})
    await shop.settled()
    assert await refunds(shop, paid) == [("operator", 200, RefundState.DONE)]
    assert (await shop.status(paid))[0] == "paid"
    await came_back(shop, paid, everything=True)
    await shop.settled()
    assert sum(amount for _, amount, _ in await refunds(shop, paid)) == 600


async def test_goods_on_their_way_are_told_so_that_the_money_is_not_kept(shop: PayShop, paid: str) -> None:
    told = {"order": "shop-1", "ours": paid, "status": "fulfilled"}
    assert "problem" not in ((await shop.operate("order.report", told)).result or {})
    await shop.rest()
    payment = await shop.payment(paid)
    assert str(payment.facts["shipping"]).startswith("2026-")
    (held,) = shop.chat.loopback.platform.pages.payments.values()
    assert [one["logistics_type"] for one in held.told] == [4]  # picked up
    await shop.operate("order.report", {**told, "shipped": {"carrier": "SF", "tracking": "SF1"}})
    await shop.rest()
    assert len(held.told) == 1
