"""Cash through WeChat Pay follows its order: back with what came back of it, or told to be on its way."""

from dataclasses import replace

from bot.core.contact import Order
from bot.core.ids import bucket_of, derived_id
from bot.core.loyalty.orders import FULFILLED, PAID, PLACED, REFUNDED, is_at_least
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

SHIPPED = "_shipped"
"""The fact of an order in which stands who brings it (see `order_told`)."""
GIVEN_UP = "given_up"
"""The fact of a payment that nobody shall pay any more, whatever time is left."""
SHIPPING = "shipping"
"""The fact of a payment in which stands whether WeChat Pay was told that it is on its way: `due`, or when."""


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


def let_cash_follow(turn: Turn, order: Order) -> None:
    """Let cash through WeChat Pay follow its order: what came back of it goes back, up to all that was paid.

    Nobody shall pay any more for an order that was given up, payouts for one that came back are taken back,
    and of one that is on its way WeChat Pay is told, or it keeps the money. A job does all that
    (`bot/jobs/payments.py`); orders that are paid otherwise are let alone.
    """
    is_at_rest = order.status in {PLACED, PAID} and not _has_moved(order)
    if order.facts.get(PAYMENT) != WECHAT_PAY or is_at_rest:
        return
    cash = cash_of(turn, order.id)
    if is_at_least(order.status, REFUNDED):
        for one in cash.payments:
            if one.is_open:
                facts = {**one.facts, GIVEN_UP: True}
                keep_payment(turn, replace(one, facts=facts, due_at=turn.now, attempts=0))
        for owed in cash.payouts:
            if not owed.is_over and not owed.facts.get("take_back"):
                facts = {**owed.facts, "take_back": True}
                keep_payout(turn, replace(owed, facts=facts, due_at=turn.now, attempts=0))
    payment = cash.standing
    if payment is None:
        return
    missing = cash_back_minor(order) - cash.refunded_minor(payment.id, "order")
    refund(turn, cash, payment, missing, "order")
    is_sent = order.status == FULFILLED or SHIPPED in order.facts
    if is_sent and SHIPPING not in payment.facts and not is_at_least(order.status, REFUNDED):
        facts = {**payment.facts, SHIPPING: "due"}
        keep_payment(turn, replace(payment, facts=facts, due_at=turn.now, attempts=0))


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


def keep_payout(turn: Turn, payout: Payout) -> None:
    """Keep a payout, on the record of whoever is to get it."""
    turn.keep("payout", payout.id, replace(payout, contact_id=payout.contact_id or turn.contact.id))


def keep_refund(turn: Turn, owed: Refund) -> None:
    """Keep a refund, on the record of whoever opened its payment."""
    turn.keep("payment_refund", owed.id, replace(owed, contact_id=owed.contact_id or turn.contact.id))


def _has_moved(order: Order) -> bool:
    """Whether something of it came back, or is on its way."""
    return bool(cash_back_minor(order)) or SHIPPED in order.facts
