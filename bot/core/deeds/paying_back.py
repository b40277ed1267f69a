"""Cash that goes back through WeChat Pay: with what came back of an order, or all of a payment."""

from dataclasses import replace

from bot.core.contact import Order
from bot.core.ids import bucket_of, derived_id
from bot.core.payments import (
    PAYMENT,
    WECHAT_PAY,
    Cash,
    Payment,
    Payout,
    Refund,
    RefundState,
    cash_back_minor,
)
from bot.core.turn import Turn


def cash_of(turn: Turn, order_id: str) -> Cash:
    """Return all cash that moved for an order, as this turn leaves it."""
    found = turn.needed("cash", order_id)
    assert isinstance(found, Cash)
    payments = {one.id: one for one in found.payments}
    refunds = {one.id: one for one in found.refunds}
    payouts = {one.id: one for one in found.payouts}
    for what in turn.effects.kept.values():
        if isinstance(what, Payment) and what.order_id == order_id:
            payments[what.id] = what
        elif isinstance(what, Payout) and what.order_id == order_id:
            payouts[what.id] = what
        elif isinstance(what, Refund):
            refunds[what.id] = what
    newest = sorted(payments.values(), key=lambda one: (one.created_at, one.id), reverse=True)
    mine = tuple(one for one in refunds.values() if one.payment_id in payments)
    return Cash(tuple(newest), mine, tuple(payouts.values()))


def give_cash_back(turn: Turn, order: Order) -> None:
    """Let cash that WeChat Pay brought go back with what came back of its order, up to all that was paid.

    The job sends it (`bot/jobs/payments.py`); orders that were paid otherwise are let alone.
    """
    if order.facts.get(PAYMENT) != WECHAT_PAY or not cash_back_minor(order):
        return
    cash = cash_of(turn, order.id)
    payment = cash.standing
    if payment is not None:
        missing = cash_back_minor(order) - cash.refunded_minor(payment.id, "order")
        refund(turn, cash, payment, missing, "order")


def refund(turn: Turn, cash: Cash, payment: Payment, amount_minor: int, cause: str) -> Refund | None:
    """Owe the payer so much of a payment, or what is left of it; None where nothing is."""
    amount_minor = min(amount_minor, payment.paid_minor - cash.refunded_minor(payment.id))
    if amount_minor <= 0:
        return None
    number = sum(one.payment_id == payment.id for one in cash.refunds)
    owed = Refund(
        id=derived_id(f"refund/{payment.id}/{number}", bucket_of(payment.id)),
        payment_id=payment.id,
        cause=cause,
        amount_minor=amount_minor,
        state=RefundState.NEW,
        created_at=turn.now,
        changed_at=turn.now,
        due_at=turn.now,
        contact_id=payment.contact_id,
    )
    keep_refund(turn, owed)
    return owed


def keep_payment(turn: Turn, payment: Payment) -> None:
    """Keep a payment, on the record of whoever opened it."""
    turn.keep("payment", payment.id, replace(payment, contact_id=payment.contact_id or turn.contact.id))


def keep_refund(turn: Turn, owed: Refund) -> None:
    """Keep a refund, on the record of whoever opened its payment."""
    turn.keep("payment_refund", owed.id, replace(owed, contact_id=owed.contact_id or turn.contact.id))
