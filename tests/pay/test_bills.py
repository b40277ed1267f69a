"""The daily bill: it agrees with payments and books, and where it does not, somebody is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.app.paying import merchant_of
from bot.core.pay_errors import PayUnknown
from bot.core.payments import PaymentState
from bot.demo.pay.bills import bill as written
from bot.jobs.bills import BEIJING, BillJob
from bot.pay.bills import BillUnreadable, payouts, trades
from bot.storage import bills
from tests.databases import SqliteDatabases
from tests.pay.paying import PayShop, paying


@pytest.fixture
async def shop(sqlite_databases: SqliteDatabases) -> AsyncIterator[PayShop]:
    url = await sqlite_databases.create()
    async with paying(url) as made:
        yield made
    await sqlite_databases.drop(url)


@pytest.fixture
async def shop_anywhere(database_url: str) -> AsyncIterator[PayShop]:
    """The same on both databases: for what is read of payments and books."""
    async with paying(database_url) as made:
        yield made


def today(shop: PayShop) -> date:
    return (shop.clock.now + BEIJING).date()


async def held(shop: PayShop, day: date) -> dict[str, Any]:
    """Hold a day's bill; returns what was found, by bill."""
    merchant = merchant_of(shop.app.settings)
    job = BillJob(shop.app.database, shop.cashier, merchant.mchid, shop.clock, _never())
    found = await job.of_day(day)
    return {one.kind: dict(one.found) for one in found}


def _never() -> Any:  # noqa: ANN401  # an event that is never set
    return asyncio.Event()


def differences(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["what"], one["number"]) for bill in found.values() for one in bill["differences"]]


async def test_a_day_on_which_all_is_well(shop_anywhere: PayShop) -> None:
    shop = shop_anywhere
    await shop.join()
    orders = [await shop.order((sku, 2), use_credit=False) for sku in ("LATTE", "BUN", "TEA")]
    for order in orders:
        await shop.pay(order)
    await shop.operate("order.refund", {"order": orders[0], "everything": True})
    await shop.operate("order.refund", {"order": orders[1], "amount_minor": 100})
    day = today(shop)
    await shop.settled()
    shop.clock.now += timedelta(days=1)
    found = await held(shop, day)
    assert differences(found) == []
    assert (found["tradebill"]["payments"], found["tradebill"]["paid_minor"]) == (3, 1100 + 800 + 700)
    assert (found["tradebill"]["refunds"], found["tradebill"]["refunded_minor"]) == (2, 1100 + 100)


async def test_the_clock_holds_every_day_once(shop_anywhere: PayShop) -> None:
    shop = shop_anywhere
    await shop.join()
    await shop.pay(await shop.order(("LATTE", 2)))
    await shop.later(days=1, hours=20)
    kept = await shop.app.database.query(lambda c: bills.listed(c, 50))
    assert sorted({one.on_day for one in kept}) == [date(2026, 11, 25)]
    await shop.later(days=3)
    kept = await shop.app.database.query(lambda c: bills.listed(c, 50))
    assert sorted({one.on_day.day for one in kept}) == [25, 26, 27, 28]
    assert [one.differences for one in kept if one.differences] == []


async def test_what_we_had_not_heard_is_asked_for_and_heard(shop: PayShop) -> None:
    await shop.join()
    shop.fault("lose_notice", times=None)
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    payment, day = await shop.payment(order), today(shop)
    await shop.operate("payment.closed", {"payment": payment.id})  # as if WeChat Pay had said so
    shop.clock.now += timedelta(days=1)
    found = await held(shop, day)
    assert (await shop.payment(order)).state is PaymentState.PAID
    assert differences({"tradebill": found["tradebill"]}) == []
    await shop.settled()
    assert (await shop.cash(order)).refunds[0].cause == "late"


async def test_what_only_we_say_was_paid_is_told(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    number, day = (await shop.payment(order)).id, today(shop)
    del shop.pay_.book.trades[number]
    shop.clock.now += timedelta(days=1)
    assert differences(await held(shop, day)) == [("payment_not_in_bill", number)]


async def test_another_amount_in_the_bill_is_told(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    number, day = (await shop.payment(order)).id, today(shop)
    shop.pay_.book.trades[number].total = 601
    shop.clock.now += timedelta(days=1)
    assert differences(await held(shop, day)) == [("payment_amount", number)]


async def test_a_number_of_ours_that_we_do_not_know_is_told_and_others_are_not(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    trade, day = shop.pay_.book.trades[(await shop.payment(order)).id], today(shop)
    shop.pay_.book.trades["f" * 32] = replace(trade, number="f" * 32)
    shop.pay_.book.trades["TILL-0001"] = replace(trade, number="TILL-0001")
    shop.clock.now += timedelta(days=1)
    assert differences(await held(shop, day)) == [("payment_unknown", "f" * 32)]


@pytest.mark.parametrize(
    ("table", "change", "what"),
    [
        ("shop_order", "status = 'placed'", "order_not_paid"),
        ("shop_order", "total_minor = total_minor + 1", "order_amount"),
        ("shop_order", "credit_minor = credit_minor + 1, total_minor = total_minor + 1", "order_credit"),
        ("shop_order", "status = 'refunded'", "cash_owed"),
        ("payment", "facts = '{}'", "cash_owed"),
    ],
)
async def test_books_that_do_not_agree_with_the_cash_are_told(
    shop_anywhere: PayShop, table: str, change: str, what: str
) -> None:
    shop = shop_anywhere
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    number, day = (await shop.payment(order)).id, today(shop)
    name = "id" if table == "shop_order" else "order_id"
    await shop.chat.sms.run(f"UPDATE {table} SET {change} WHERE {name} = :order", order=order)  # noqa: S608  # ours
    shop.clock.now += timedelta(days=1)
    assert differences(await held(shop, day)) == [(what, number)]


async def test_a_bill_that_is_made_only_later_is_asked_for_again(shop: PayShop) -> None:
    await shop.join()
    await shop.pay(await shop.order(("LATTE", 2)))
    shop.fault("refuse", path="/v3/bill/", status=400, code="STATEMENT_CREATING")
    await shop.later(days=1, hours=20)
    kept = await shop.app.database.query(lambda c: bills.listed(c, 50))
    assert [one.kind for one in kept] == ["books", "fundflowbill", "tradebill"]


async def test_a_bill_that_is_not_what_was_announced_is_not_believed(shop: PayShop) -> None:
    await shop.join()
    await shop.pay(await shop.order(("LATTE", 2)))
    shop.fault("no_json", path="/v3/billdownload", times=None)
    day = today(shop)
    shop.clock.now += timedelta(days=1)
    with pytest.raises(PayUnknown):
        await shop.cashier.till.bill("tradebill", day)
    book, kind = shop.pay_.book, "tradebill"
    made = written(book, kind, day)
    assert len(trades(made)) == 1
    row = made.split(b"\r\n")[1]
    for changed in (
        made.replace(row, row + b"\r\n" + row),
        made[: len(made) // 2],
        b"",
        b"<html>",
        made.replace("总交易单数".encode(), b"x"),
        made.replace(b"6.00", b"6.001"),
        made.replace(b"6.00", b"seven"),
    ):
        assert changed != made
        with pytest.raises(BillUnreadable):
            trades(changed)
    with pytest.raises(BillUnreadable):
        payouts(made)


async def test_whatever_a_thing_is_called_its_line_is_read(shop: PayShop) -> None:
    """Bug: a comma in a name, of ours or of another till of the merchant, made the day unreadable."""
    await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    payment, day = await shop.payment(order), today(shop)
    shop.clock.now += timedelta(days=1)
    for name in ('2 Oat latte, 1 "Bun", iced', "a\u2028b\x0bc\x85d", "`6.00"):
        shop.pay_.book.trades[payment.id].asked["description"] = name
        (line,) = trades(written(shop.pay_.book, "tradebill", day))
        assert (line.number, line.amount_minor) == (payment.id, 600), name


def test_a_bill_without_what_is_looked_at_is_unreadable() -> None:
    """Any other error would stop this day, and all after it."""
    names, sums = "交易状态,商户订单号,订单金额", "总交易单数,订单总金额,申请退款总金额"
    good = f"{names}\n`SUCCESS,`1,`6.00\n{sums}\n`1,`6.00,`0.00\n"
    assert len(trades(good.encode())) == 1
    for was, becomes in (
        ("商户订单号", "x"),
        ("交易状态", "x"),
        ("申请退款总金额", "x"),
        ("`1,`6.00,", "`many,`6.00,"),
        ("`6.00", "`Infinity"),
        ("`6.00", "`NaN"),
    ):
        with pytest.raises(BillUnreadable):
            trades(good.replace(was, becomes).encode())
