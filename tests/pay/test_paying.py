"""Orders that are paid through WeChat Pay: paid once, whatever is heard of it, in which order, how often."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation.inbox import inbound_work
from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.messages import Inbound
from bot.core.payments import PaymentState, RefundState
from bot.core.wechat_address import wechat_address
from bot.storage import tables
from bot.storage.driver import Present, Rows
from bot.storage.payments import payment_row
from tests.pay.paying import PayShop, paying
from tests.wechat.wechat_chat import MINI_APPID


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[PayShop]:
    """A shop, on both databases."""
    async with paying(database_url) as made:
        yield made


async def test_an_order_waits_for_its_payment_and_nothing_is_told_before(shop: PayShop) -> None:
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    assert await shop.status(order) == ("placed", 1100, 0)
    assert (await shop.payment(order)).amount_minor == 600  # 11.00, less the 5.00 that are set aside
    assert await shop.wallet(contact) == (0, 0, 500, 0)
    assert await shop.told_shop(order) == []


async def test_paid_it_is_told_to_the_shop_and_its_credit_is_spent(shop: PayShop) -> None:
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    assert await shop.status(order) == ("paid", 600, 500)
    payment = await shop.payment(order)
    assert (payment.state, payment.stands, payment.paid_minor) == (PaymentState.PAID, True, 600)
    assert await shop.told_shop(order) == ["order.placed"]
    pending, available, held, debt = await shop.wallet(contact)
    assert (available, held, debt) == (0, 0, 0)
    assert pending > 0  # what it earned
    assert shop.pay_.notifier.told == [("TRANSACTION.SUCCESS", 204)]


async def test_told_twice_at_once_and_again_it_is_paid_once(shop: PayShop) -> None:
    await shop.join()
    shop.fault("double_notice", times=None)
    order = await shop.order()
    await shop.pay(order)
    trade = shop.pay_.book.trades[(await shop.payment(order)).id]
    shop.pay_.phones.tell_paid(trade)
    await shop.pay_.settle()
    await shop.cashier.check(trade.number)
    assert [status for _, status in shop.pay_.notifier.told] == [204] * 4
    assert await shop.status(order) == ("paid", 600, 500)
    assert await shop.told_shop(order) == ["order.placed"]
    assert len((await shop.cash(order)).payments) == 1
    assert (await shop.cash(order)).refunds == ()


async def test_a_lost_notice_is_made_up_for_by_asking(shop: PayShop) -> None:
    await shop.join()
    shop.fault("lose_notice", times=None)
    order = await shop.order()
    await shop.pay(order)
    assert (await shop.status(order))[0] == "placed"
    await shop.later(minutes=2)
    assert await shop.status(order) == ("paid", 600, 500)


async def test_who_taps_check_is_told_at_once(shop: PayShop) -> None:
    await shop.join()
    shop.fault("lose_notice")
    order = await shop.order()
    await shop.pay(order)
    checked = await shop.cashier.check((await shop.payment(order)).id)
    assert checked.state is PaymentState.PAID


async def test_a_notice_may_come_before_the_answer_to_the_prepay(shop: PayShop) -> None:
    await shop.join()
    shop.fault("pay_at_once")
    shop.fault("slow_answer", path="/v3/pay/transactions/jsapi", seconds=0.3)
    order = await shop.order()
    with pytest.raises(Refused, match="paid already"):
        await shop.prepay(order)
    assert await shop.status(order) == ("paid", 600, 500)


async def test_where_the_answer_to_the_prepay_is_lost_the_same_payment_is_asked_for_again(
    shop: PayShop,
) -> None:
    await shop.join()
    shop.fault("drop_answer", path="/v3/pay/transactions/jsapi")
    order = await shop.order()
    with pytest.raises(Exception, match="lost"):
        await shop.prepay(order)
    await shop.pay(order)
    assert (await shop.status(order))[0] == "paid"
    assert len(shop.pay_.book.trades) == 1


async def test_nobody_pays_in_time_and_all_is_free_again(shop: PayShop) -> None:
    contact = await shop.join()
    order = await shop.order()
    args = await shop.prepay(order)
    await shop.later(minutes=31)
    assert (await shop.payment(order)).state is PaymentState.CLOSED
    assert (await shop.status(order))[0] == "canceled"
    assert await shop.wallet(contact) == (0, 500, 0, 0)
    assert await shop.told_shop(order) == []
    with pytest.raises(Exception, match="ORDER_CLOSED"):
        shop.tap(args)


async def test_at_the_instant_it_ends_nobody_pays_any_more(shop: PayShop) -> None:
    await shop.join()
    shop.fault("lose_notice", times=None)
    order = await shop.order()
    args = await shop.prepay(order)
    shop.clock.now = (await shop.payment(order)).expires_at  # the very instant it ends
    with pytest.raises(Exception, match="ORDER_CLOSED"):
        shop.tap(args)
    await shop.rest()
    assert (await shop.status(order))[0] == "canceled"


async def test_paid_while_we_were_away_it_stands_if_what_it_took_is_still_there(shop: PayShop) -> None:
    contact = await shop.join()
    shop.fault("lose_notice", times=None)
    order = await shop.order()
    await shop.pay(order)
    shop.clock.now += (await shop.payment(order)).expires_at - shop.clock.now
    await shop.later(hours=5)
    assert await shop.status(order) == ("paid", 600, 500)
    assert (await shop.wallet(contact))[1:] == (0, 0, 0)


async def test_paid_while_we_were_away_it_goes_back_if_what_it_took_is_gone(shop: PayShop) -> None:
    contact = await shop.join()
    shop.fault("lose_notice", times=None)
    order = await shop.order()
    await shop.pay(order)
    shop.clock.now += (await shop.payment(order)).expires_at - shop.clock.now
    shop.clock.now += (
        shop.clock.now - (await shop.payment(order)).created_at
    )  # twice as long: the hold is over
    take: dict[str, JsonValue] = {"amount_minor": -500, "by": "till", "reason": "spent elsewhere"}
    assert "problem" not in ((await shop.operate("credit.adjust", take)).result or {})
    await shop.rest()
    await shop.settled()
    cash = await shop.cash(order)
    assert [(one.cause, one.amount_minor, one.state) for one in cash.refunds] == [
        ("late", 600, RefundState.DONE)
    ]
    assert (await shop.status(order))[0] == "canceled"
    assert await shop.told_shop(order) == []
    assert await shop.wallet(contact) == (0, 0, 0, 0)


async def test_paid_after_it_was_closed_the_cash_goes_back(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order()
    args = await shop.prepay(order)
    payment = await shop.payment(order)
    trade = shop.pay_.book.trades[payment.id]
    await shop.operate("payment.closed", {"payment": payment.id})  # as if its close had been heard
    assert (await shop.status(order))[0] == "canceled"
    shop.tap(args)
    await shop.pay_.settle()
    await shop.settled()
    assert [one.status for one in trade.refunds] == ["SUCCESS"]
    assert [(one.cause, one.state) for one in (await shop.cash(order)).refunds] == [
        ("late", RefundState.DONE)
    ]


async def test_given_up_by_the_shopper_it_is_closed_at_once(shop: PayShop) -> None:
    contact = await shop.join()
    order = await shop.order()
    args = await shop.prepay(order)
    closed = await shop.cashier.give_up((await shop.payment(order)).id)
    assert closed.state is PaymentState.CLOSED
    assert (await shop.status(order))[0] == "canceled"
    assert await shop.wallet(contact) == (0, 500, 0, 0)
    with pytest.raises(Exception, match="ORDER_CLOSED"):
        shop.tap(args)


async def test_who_gives_up_what_was_just_paid_has_paid(shop: PayShop) -> None:
    await shop.join()
    shop.fault("lose_notice")
    order = await shop.order()
    await shop.pay(order)
    assert (await shop.cashier.give_up((await shop.payment(order)).id)).state is PaymentState.PAID
    assert (await shop.status(order))[0] == "paid"


async def test_an_order_the_shop_gives_up_cannot_be_paid_any_more(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order()
    args = await shop.prepay(order)
    await shop.operate("order.cancel", {"order": order})
    await shop.rest()
    assert (await shop.payment(order)).state is PaymentState.CLOSED
    with pytest.raises(Exception, match="ORDER_CLOSED"):
        shop.tap(args)


async def test_another_amount_than_asked_for_goes_back(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order()
    payment = await shop.payment(order)
    await shop.prepay(order)
    shop.pay_.book.trades[payment.id].total = 500
    shop.pay_.book.pay(shop.pay_.book.trades[payment.id])
    await shop.cashier.check(payment.id)
    await shop.settled()
    assert [(one.cause, one.amount_minor) for one in (await shop.cash(order)).refunds] == [("amount", 500)]
    assert (await shop.status(order))[0] == "canceled"


async def test_two_payments_of_one_order_pay_it_once(shop: PayShop) -> None:
    await shop.join()
    order = await shop.order()
    first = await shop.payment(order)
    second = replace(first, id=f"{'d' * 30}{first.id[-2:]}", contact_id=first.contact_id)
    row = payment_row(first.contact_id, second)
    table = Rows(tables.Row.metadata.tables["payment"], Present.FAIL)
    await shop.app.database.transact(lambda c: c.write(table, [row]))  # as from another account of theirs
    for one in (first, second):
        args = await shop.cashier.prepay(one.id)
        shop.tap(args)
    await shop.pay_.settle()
    await shop.settled()
    cash = await shop.cash(order)
    assert sorted(one.stands for one in cash.payments) == [False, True]
    assert [(one.cause, one.amount_minor, one.state) for one in cash.refunds] == [
        ("twice", 600, RefundState.DONE)
    ]
    assert await shop.status(order) == ("paid", 600, 500)
    assert await shop.told_shop(order) == ["order.placed"]


@pytest.mark.parametrize("older", ["li", "wang"])
async def test_who_was_joined_to_another_meanwhile_has_paid_all_the_same(shop: PayShop, older: str) -> None:
    people = {}
    for person in (older, "wang" if older == "li" else "li"):
        people[person] = await shop.join(person)
        shop.clock.now += timedelta(minutes=1)
    order = await shop.order()
    args = await shop.prepay(order)
    for number, person in enumerate(("li", "wang", "li")):
        address, facts = wechat_address(MINI_APPID, person), {"unionid": "uABCDEF123"}
        said = Inbound("wechat", f"m{number}", "wechat", address, "wx1", "hello", shop.clock(), facts=facts)
        await shop.app.dispatcher.submit(inbound_work(said))
        await shop.rest()
    merged = await shop.chat.sms.rows("SELECT c.id FROM contact c WHERE c.merged_into IS NOT NULL")
    # Whoever has credit set aside leaves nothing to anybody before that is over.
    assert merged == ([(people["wang"],)] if older == "li" else [])
    shop.tap(args)
    await shop.pay_.settle()
    await shop.rest()
    await shop.settled()
    status, cash, credit = await shop.status(order)
    payment = await shop.payment(order)
    assert payment.state is PaymentState.PAID
    if payment.stands:
        assert (status, cash + credit) == ("paid", 1100)
    else:
        assert (status, (await shop.cash(order)).refunds[0].state) == ("canceled", RefundState.DONE)
    for one in people.values():
        assert (await shop.wallet(one))[2] == 0


async def test_an_order_is_placed_once_it_is_paid_and_one_that_lapses_came_to_nothing(shop: PayShop) -> None:
    await shop.join()
    lapsed = await shop.order(("TEA", 2))
    await shop.prepay(lapsed)
    await shop.later(hours=1)
    assert (await shop.status(lapsed))[0] == "canceled"
    assert await events_of(shop, lapsed) == ["Checkout Timed Out", "Payment Lapsed"]
    paid = await shop.order(("LATTE", 2))
    await shop.pay(paid)
    assert {"Order Placed", "Order Completed"} <= set(await events_of(shop, paid))


async def events_of(shop: PayShop, order: str) -> list[str]:
    found = await shop.chat.sms.rows(
        "SELECT e.name FROM event e WHERE e.properties LIKE :order ORDER BY e.name", order=f"%{order}%"
    )
    return [str(name) for (name,) in found]
