"""Asking the loopback WeChat Pay: what is believed, what is not, and what to do about each answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.pay_errors import PayLater, PayMisset, PayRefused, PayUnknown
from bot.core.payments import Paid, Payment, PaymentState, Payout, PayoutState, Refund, RefundState
from bot.demo.pay.book import CONFIRM_WITHIN
from bot.demo.pay.crypto import new_key
from bot.demo.pay.faults import Fault
from bot.demo.pay.loopback import KEY_ID, MCHID, SERIAL, LoopbackPay
from bot.pay.client import WechatPay, rfc3339
from bot.pay.found import Trade
from bot.pay.merchant import Merchant
from tests.conversation.chat import NOON, Clock

APPID = "wx00000000000000bb"
NOWHERE = "http://127.0.0.1:1/wechat/pay/notify"


class Shop:
    """A merchant at a loopback WeChat Pay."""

    def __init__(self, pay: LoopbackPay, till: WechatPay, clock: Clock) -> None:
        self.pay, self.till, self.clock = pay, till, clock

    def fault(self, kind: Any, **more: Any) -> None:  # noqa: ANN401  # its own fields
        self.pay.fault(Fault(kind=kind, **more))

    def payment(self, amount: int = 1250, number: str = "a" * 32, **changed: Any) -> Payment:  # noqa: ANN401
        now = self.clock()
        fields: dict[str, Any] = {
            "id": number,
            "order_id": "b" * 32,
            "account": APPID,
            "address": f"{APPID}/li",
            "amount_minor": amount,
            "currency": "CNY",
            "state": PaymentState.NEW,
            "created_at": now,
            "changed_at": now,
            "expires_at": NOON + timedelta(minutes=30),
            "facts": {"description": "2 x 乌龙茶"},
        }
        return Payment(**{**fields, **changed})

    async def paid(self, amount: int = 1250) -> Payment:
        """Ask for a payment and let the shopper pay it."""
        payment = self.payment(amount)
        payment = payment.prepared(await self.till.prepay(payment), self.clock())
        self.pay.phones.pay(APPID, self.till.invocation(payment))
        found = (await self.till.trade(payment.id)).paid
        assert found is not None
        return payment.paid(found, self.clock(), stands=True)

    def refund(self, amount: int, number: str = "c" * 32) -> Refund:
        now = self.clock()
        return Refund(number, "a" * 32, "order", amount, RefundState.NEW, now, now)

    def payout(self, amount: int = 200, number: str = "d" * 32) -> Payout:
        now = self.clock()
        return Payout(number, "b" * 32, APPID, f"{APPID}/li", amount, "CNY", PayoutState.NEW, now, now)


def merchant(pay: LoopbackPay, **changed: Any) -> Merchant:  # noqa: ANN401  # its own
    fields: dict[str, Any] = {
        "mchid": MCHID,
        "serial": SERIAL,
        "private_key": pay.merchant_key,
        "apiv3_key": pay.apiv3_key.encode(),
        "platform_keys": {KEY_ID: pay.platform_key.public_key()},
        "public_key_id": KEY_ID,
        "notify_url": NOWHERE,
        "base_url": pay.url,
        "payout_reports": (("活动名称", "首单返现"), ("奖励说明", "首单返现")),
    }
    return Merchant(**{**fields, **changed})


@asynccontextmanager
async def shopping(**changed: Any) -> AsyncIterator[Shop]:  # noqa: ANN401  # fields of the merchant
    clock = Clock()
    async with LoopbackPay(clock=clock, retry_seconds=()) as pay:
        till = WechatPay(merchant(pay, **changed), clock)
        yield Shop(pay, till, clock)
        await till.close()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with shopping() as made:
        yield made


async def test_a_shopper_pays_what_was_asked_for(shop: Shop) -> None:
    payment = shop.payment()
    payment = payment.prepared(await shop.till.prepay(payment), shop.clock())
    assert (await shop.till.trade(payment.id)).trade is Trade.OPEN
    assert shop.pay.phones.pay(APPID, shop.till.invocation(payment)) == "requestPayment:ok"
    found = await shop.till.trade(payment.id)
    transaction = shop.pay.book.trades[payment.id].transaction_id
    assert (found.trade, found.paid) == (Trade.PAID, Paid(transaction, 1250, "CNY", NOON))


async def test_asked_for_again_with_the_same_number_it_is_the_same_payment(shop: Shop) -> None:
    payment = shop.payment()
    assert await shop.till.prepay(payment) == await shop.till.prepay(payment)
    assert len(shop.pay.book.trades) == 1


async def test_what_was_paid_is_neither_asked_for_again_nor_closed(shop: Shop) -> None:
    payment = await shop.paid()
    with pytest.raises(PayRefused) as refused:
        await shop.till.prepay(payment)
    assert refused.value.code == "ORDERPAID"
    assert await shop.till.close_trade(payment.id) is False


async def test_what_was_closed_cannot_be_paid(shop: Shop) -> None:
    payment = shop.payment()
    payment = payment.prepared(await shop.till.prepay(payment), shop.clock())
    assert await shop.till.close_trade(payment.id)
    assert await shop.till.close_trade(payment.id)
    assert (await shop.till.trade(payment.id)).trade is Trade.CLOSED
    with pytest.raises(Exception, match="ORDER_CLOSED"):
        shop.pay.phones.pay(APPID, shop.till.invocation(payment))


async def test_what_was_never_asked_for_is_absent_and_as_good_as_closed(shop: Shop) -> None:
    assert (await shop.till.trade("e" * 32)).trade is Trade.ABSENT
    assert await shop.till.close_trade("e" * 32)
    assert await shop.till.refund_found("e" * 32) is None
    assert await shop.till.payout_found("e" * 32) is None


async def test_a_refund_is_given_once_however_often_it_is_asked_for(shop: Shop) -> None:
    payment = await shop.paid()
    first = await shop.till.refund(shop.refund(300), payment)
    again = await shop.till.refund(shop.refund(300), payment)
    assert (first.state, first.provider_id) == (RefundState.PROCESSING, again.provider_id)
    await shop.pay.settle()
    found = await shop.till.refund_found("c" * 32)
    assert found is not None
    assert found.state is RefundState.DONE
    assert [one.amount for one in shop.pay.book.trades[payment.id].refunds] == [300]
    assert (await shop.till.trade(payment.id)).trade is Trade.PAID  # REFUND is a way of being paid


async def test_no_more_goes_back_than_was_paid(shop: Shop) -> None:
    payment = await shop.paid(500)
    await shop.till.refund(shop.refund(400), payment)
    with pytest.raises(PayRefused):
        await shop.till.refund(shop.refund(200, "f" * 32), payment)


async def test_a_shopper_confirms_a_payout(shop: Shop) -> None:
    offered = await shop.till.pay_out(shop.payout(), "首单返现")
    assert (offered.state, bool(offered.package)) == (PayoutState.WAITING, True)
    again = await shop.till.pay_out(shop.payout(), "首单返现")
    assert again.package == offered.package
    shop.pay.phones.confirm(offered.package)
    found = await shop.till.payout_found("d" * 32)
    assert found is not None
    assert (found.state, found.package) == (PayoutState.DONE, "")


async def test_a_payout_that_nobody_confirms_lapses_after_a_day(shop: Shop) -> None:
    await shop.till.pay_out(shop.payout(), "首单返现")
    balance = shop.pay.book.balance
    shop.clock.now += CONFIRM_WITHIN
    found = await shop.till.payout_found("d" * 32)
    assert found is not None
    assert (found.state, found.reason) == (PayoutState.ENDED, "OVERDUE_CLOSE")
    assert shop.pay.book.balance == balance + 200


async def test_a_payout_is_taken_back_until_it_is_confirmed(shop: Shop) -> None:
    offered = await shop.till.pay_out(shop.payout(), "首单返现")
    assert (await shop.till.cancel_payout("d" * 32)).state is PayoutState.ENDED
    with pytest.raises(Exception, match="PARAM_ERROR"):
        shop.pay.phones.confirm(offered.package)


async def test_less_than_a_tenth_of_a_yuan_is_not_paid_out(shop: Shop) -> None:
    with pytest.raises(PayRefused):
        await shop.till.pay_out(shop.payout(9), "首单返现")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "drop_request"}, PayUnknown),
        ({"kind": "drop_answer"}, PayUnknown),
        ({"kind": "late_answer", "status": 502, "code": "SYSTEM_ERROR"}, PayUnknown),
        ({"kind": "late_answer", "status": 500, "code": "BANK_ERROR"}, PayUnknown),
        ({"kind": "no_json"}, PayUnknown),
        ({"kind": "wrong_signature"}, PayUnknown),
        ({"kind": "skewed_clock", "seconds": 301}, PayUnknown),
        ({"kind": "skewed_clock", "seconds": -301}, PayUnknown),
        ({"kind": "refuse", "status": 429, "code": "FREQUENCY_LIMITED"}, PayLater),
        ({"kind": "refuse", "status": 403, "code": "NOT_ENOUGH"}, PayLater),
        ({"kind": "refuse", "status": 401, "code": "SIGN_ERROR"}, PayMisset),
        ({"kind": "refuse", "status": 403, "code": "NO_AUTH"}, PayMisset),
        ({"kind": "refuse", "status": 400, "code": "APPID_MCHID_NOT_MATCH"}, PayMisset),
        ({"kind": "refuse", "status": 400, "code": "PARAM_ERROR"}, PayRefused),
        ({"kind": "refuse", "status": 400, "code": "NEVER_HEARD_OF"}, PayRefused),
        ({"kind": "refuse", "status": 503, "code": "NEVER_HEARD_OF"}, PayUnknown),
    ],
)
async def test_each_answer_has_its_remedy_and_the_same_number_its_end(
    shop: Shop, fault: dict[str, Any], error: type[Exception]
) -> None:
    payment = await shop.paid()
    shop.fault(**fault)
    with pytest.raises(error):
        await shop.till.refund(shop.refund(300), payment)
    found = await shop.till.refund(shop.refund(300), payment)
    assert found.state in {RefundState.PROCESSING, RefundState.DONE}
    assert [one.amount for one in shop.pay.book.trades[payment.id].refunds] == [300]


async def test_a_server_that_is_gone_did_nothing() -> None:
    async with shopping(base_url="http://127.0.0.1:1") as shop:
        with pytest.raises(PayLater):
            await shop.till.prepay(shop.payment())


async def test_whoever_signs_with_another_key_is_told_to_look_at_it() -> None:
    async with shopping(private_key=new_key()) as shop:
        with pytest.raises(PayMisset, match="SIGN_ERROR"):
            await shop.till.prepay(shop.payment())


async def test_a_clock_that_goes_wrong_is_refused_by_both_sides(shop: Shop) -> None:
    late = WechatPay(shop.till.merchant, lambda: shop.clock() + timedelta(minutes=6))
    with pytest.raises(PayMisset, match="clock"):
        await late.prepay(shop.payment())
    await late.close()


async def test_a_phone_shows_nothing_that_is_signed_by_somebody_else(shop: Shop) -> None:
    payment = shop.payment()
    payment = payment.prepared(await shop.till.prepay(payment), shop.clock())
    args = shop.till.invocation(payment)
    for changed in ({"package": "prepay_id=wx0"}, {"nonceStr": "x"}, {"timeStamp": "1"}, {"signType": "MD5"}):
        with pytest.raises(Exception, match="SIGN_ERROR"):
            shop.pay.phones.shown(APPID, args | changed)
    with pytest.raises(Exception, match="SIGN_ERROR"):
        shop.pay.phones.shown("wx1", args)


async def test_bills_tell_of_the_day_and_are_what_was_announced(shop: Shop) -> None:
    payment = await shop.paid()
    await shop.till.refund(shop.refund(300), payment)
    today = (NOON + timedelta(hours=8)).date()
    shop.clock.now += timedelta(days=1)
    bill = await shop.till.bill("tradebill", today)
    assert bill is not None
    assert payment.id in bill.decode()
    assert "c" * 32 in bill.decode()
    flows = await shop.till.bill("fundflowbill", today)
    assert flows is not None
    assert "退款" in flows.decode()
    assert await shop.till.bill("tradebill", today - timedelta(days=3)) is None


async def test_nothing_secret_is_logged(shop: Shop) -> None:
    with capture_logs() as logs:
        shop.fault("wrong_signature")
        with pytest.raises(PayUnknown):
            await shop.till.prepay(shop.payment())
    assert logs
    told = str(logs)
    for secret in (shop.pay.apiv3_key, f"{APPID}/li", "Authorization", "乌龙茶"):
        assert secret not in told
    assert "private" not in repr(shop.till.merchant)
    assert shop.pay.apiv3_key not in repr(shop.till.merchant)


def test_times_are_told_as_they_are_written_there() -> None:
    assert rfc3339(datetime(2026, 11, 24, 17, 30, tzinfo=UTC)) == "2026-11-25T01:30:00+08:00"
