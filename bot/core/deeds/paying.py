"""Orders that are paid through WeChat Pay: opened, paid, closed; what was paid too late or twice goes back.

A turn never asks WeChat Pay anything: `Cashier` (`bot/conversation/cashier.py`) does, outside transactions,
and what it hears comes here as operations (`bot/conversation/shop/payments.py`).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.codes import Code
from bot.core.contact import Order
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.ordering import NOTHING, settle
from bot.core.deeds.paying_back import cash_of, keep_payment
from bot.core.loyalty.orders import PLACED
from bot.core.payments import PAY_WITHIN, PAYMENT, WECHAT_PAY, Cash, Payment, PaymentState
from bot.core.turn import Turn
from bot.core.wechat_address import appid_of

__all__ = ["cash_of", "open_payment"]

_MARGIN = timedelta(minutes=2)
"""So long before what the order holds is free again nobody can pay any more: time to ask whether one did."""
_LEAST = timedelta(minutes=1)  # WeChat Pay takes no less


def open_payment(
    turn: Turn,
    order: Order,
    *,
    to_pay_minor: int,
    address: str,
    held_until: datetime | None = None,
    record: OnRecord = NOTHING,
) -> Payment:
    """Record an order that waits to be paid, and the payment it waits for; return the payment.

    Call it in the turn that has held what the order takes (`checkout.hold`, whose `expires_at` is
    `held_until`), with the order as quoted. `address` is the payer's WeChat address (`appid/openid`) in the
    account whose page they are on. Nothing earns, no credit is spent and the shop hears nothing before it is
    paid. Afterwards, outside the turn: `Cashier.prepay`.

    Of an order that waits for another payment the same shopper gets that one again, if it is in this account.
    """
    cash = cash_of(turn, order.id) if record.order is not None else Cash()
    for one in cash.payments:
        if one.address == address and one.amount_minor == to_pay_minor and one.may_be_paid(turn.now):
            return one
    payment = Payment(
        id=turn.new_id(),
        order_id=order.id,
        account=appid_of(address),
        address=address,
        amount_minor=to_pay_minor,
        currency=order.currency or turn.program.currency.code,
        state=PaymentState.NEW,
        created_at=turn.now,
        changed_at=turn.now,
        expires_at=_until(turn.now, held_until),
        contact_id=turn.contact.id,
    )
    keep_payment(turn, replace(payment, due_at=payment.expires_at))
    if record.order is None:
        # What credit pays is known when it is captured: told now, it would be spent though nobody paid.
        facts = {**order.facts, PAYMENT: WECHAT_PAY}
        waiting = replace(order, status=PLACED, credit_minor=0, facts=facts)
        settle(turn, waiting, record)
        turn.keep("directory", order.id, Code(order.id, kind="order"))
    return payment


def _until(now: datetime, held_until: datetime | None) -> datetime:
    until = now + PAY_WITHIN
    return until if held_until is None else max(now + _LEAST, min(until, held_until - _MARGIN))
