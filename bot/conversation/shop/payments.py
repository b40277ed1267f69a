"""What is heard of cash through WeChat Pay: prepared, paid, closed, refunded; each once, in any order.

Nothing here is refused: what was heard has happened. An order that cannot stand any more is given up, and the
cash for it goes back.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from bot.conversation.shop.checkout_asked import Amount, Asked, read
from bot.conversation.shop.orders_asked import Id
from bot.core.contact import JsonValue
from bot.core.deeds.holding import at_checkout, close, close_overdue, set_aside
from bot.core.deeds.on_record import InWallet, OnRecord
from bot.core.deeds.ordering import on_record, settle
from bot.core.deeds.paying_back import GIVEN_UP, SHIPPING, cash_of, keep_payment, keep_refund, refund
from bot.core.deeds.paying_out import promise_cash_back
from bot.core.deeds.placing import place
from bot.core.deeds.reserving import take_paid
from bot.core.errors import Refused, TellMember
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Reason
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.loyalty.checkouts import Checkout, CheckoutState
from bot.core.loyalty.drops import DROP
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.orders import CANCELED, PAID, PLACED, REFUNDED, is_at_least
from bot.core.payments import WECHAT_PAY, Cash, Paid, Payment, PaymentState, Refund, RefundState
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]
PREPARED, SUCCEEDED, CLOSED = "payment.prepared", "payment.succeeded", "payment.closed"
REFUNDED_NOW, REFUND, SHIPPED = "payment.refund_heard", "payment.refund", "payment.shipped"
_NO_SUCH, _CONFLICT = 404, 409
_AT_ONCE = timedelta(seconds=1)
_Name = Annotated[str, Field(max_length=200)]


class PreparedAsked(Asked):
    """WeChat Pay took a payment."""

    payment: Id
    prepay_id: _Name


class SucceededAsked(Asked):
    """A payment was paid."""

    payment: Id
    transaction_id: _Name
    paid_minor: Amount
    currency: _Name
    paid_at: Annotated[AwareDatetime, Field(strict=False)]


class PaymentAsked(Asked):
    """A payment that is closed, or of which goods are told to be on their way."""

    payment: Id


class RefundHeardAsked(Asked):
    """Something became of a refund."""

    refund: Id
    state: Annotated[RefundState, Field(strict=False)]
    provider_id: _Name = ""
    why: _Name = ""
    at: Annotated[AwareDatetime, Field(strict=False)] | None = None


class RefundAsked(Asked):
    """An operator gives cash back."""

    payment: Id
    amount_minor: Amount | None = None
    cause: Literal["operator"] = "operator"


def prepared(turn: Turn, body: Body) -> Body:
    """Keep by which name WeChat Pay has a payment, and look after a while whether it was paid."""
    asked = read(PreparedAsked, body)
    payment = _payment(turn, asked.payment)
    after = payment.prepared(asked.prepay_id, turn.now)
    if after is not payment:
        keep_payment(turn, replace(after, due_at=min(after.next_look_at(turn.now), after.expires_at)))
    return told(after)


def succeeded(turn: Turn, body: Body) -> Body:
    """Take what was paid: its order is paid and told to the shop, or the cash goes back."""
    asked = read(SucceededAsked, body)
    if _payment(turn, asked.payment).state is PaymentState.PAID:
        return told(_payment(turn, asked.payment))
    paid = Paid(asked.transaction_id, asked.paid_minor, asked.currency, asked.paid_at)
    try:
        return _taken(turn, _payment(turn, asked.payment), paid)
    except (TellMember, Refused):
        # What the order was quoted with is gone: its checkout is over, and its price is another by now.
        turn.start_over()
        return _not_taken(turn, _payment(turn, asked.payment), paid, "late")


def closed(turn: Turn, body: Body) -> Body:
    """Give up an order that nobody can pay any more."""
    payment = _payment(turn, read(PaymentAsked, body).payment)
    if not payment.is_open:
        return told(payment)
    after = payment.closed(turn.now)
    keep_payment(turn, after)
    cash = cash_of(turn, payment.order_id)
    if not any(one.is_open or one.stands for one in cash.payments):
        _give_up(turn, payment.order_id)
    return told(after)


def refund_heard(turn: Turn, body: Body) -> Body:
    """Keep how far a refund has come; the member hears when the cash is back."""
    asked = read(RefundHeardAsked, body)
    found = turn.needed("payment_refund", asked.refund)
    if not isinstance(found, Refund):
        raise Refused("there is no such refund", "look at `regulars pay show`", _NO_SUCH)
    after = found.becomes(asked.state, asked.provider_id, turn.now)
    if after is found:
        return told_refund(found)
    facts = {"why": asked.why, "at": asked.at.isoformat() if asked.at else ""}
    after = replace(after, facts={**after.facts, **{name: text for name, text in facts.items() if text}})
    keep_refund(turn, after)
    payment = _payment(turn, after.payment_id)
    if after.state is RefundState.DONE:
        said: dict[str, JsonValue] = {"amount": after.amount_minor, "cause": after.cause}
        turn.track("Payment Refunded", {"order_id": payment.order_id, "payment": payment.id, **said})
    return told_refund(after)


def give_back(turn: Turn, body: Body) -> Body:
    """Give cash of a payment back by an operator's hand: credit and order stay as they are."""
    asked = read(RefundAsked, body)
    payment = _payment(turn, asked.payment)
    cash = cash_of(turn, payment.order_id)
    left = payment.paid_minor - cash.refunded_minor(payment.id)
    amount = left if asked.amount_minor is None else asked.amount_minor
    if amount > left or not amount:
        raise Refused(f"no more than {left} is left of it", "ask for less", _CONFLICT)
    owed = refund(turn, cash, payment, amount, asked.cause)
    assert owed is not None, "something is left of it"
    return told_refund(owed)


def shipped(turn: Turn, body: Body) -> Body:
    """Keep that WeChat Pay was told of what is on its way."""
    payment = _payment(turn, read(PaymentAsked, body).payment)
    at = turn.now.isoformat()
    keep_payment(turn, replace(payment, facts={**payment.facts, SHIPPING: at}, due_at=None, attempts=0))
    return told(payment)


def told(payment: Payment) -> dict[str, JsonValue]:
    """What is answered of a payment."""
    return {
        "payment": payment.id,
        "order": payment.order_id,
        "state": payment.state.value,
        "stands": payment.stands,
        "amount_minor": payment.amount_minor,
        "paid_minor": payment.paid_minor,
    }


def told_refund(owed: Refund) -> dict[str, JsonValue]:
    """What is answered of a refund."""
    return {
        "refund": owed.id,
        "payment": owed.payment_id,
        "state": owed.state.value,
        "cause": owed.cause,
        "amount_minor": owed.amount_minor,
    }


# Below: how


def _payment(turn: Turn, payment_id: str) -> Payment:
    found = turn.effects.kept.get(("payment", payment_id)) or turn.needed("payment", payment_id)
    if not isinstance(found, Payment):
        raise Refused("there is no such payment", "look at `regulars pay show`", _NO_SUCH)
    return found


def _taken(turn: Turn, payment: Payment, paid: Paid) -> Body:
    turn.need(f"cash/{payment.order_id}", f"on_record/{payment.order_id}")
    cash, record = cash_of(turn, payment.order_id), on_record(turn, payment.order_id)
    because = _why_not(payment, paid, cash, record)
    order = record.order
    if because is not None or order is None:
        return _not_taken(turn, payment, paid, because or "late")
    captured = _captured(turn, record)
    about: dict[str, JsonValue] = {}
    if DROP in order.facts:
        captured = replace(captured, paid=(*captured.paid, *take_paid(turn, order)))
        about = {"drop": order.facts[DROP]}
    after = payment.paid(paid, turn.now, stands=True)
    keep_payment(turn, after)
    order = replace(order, status=PAID)
    by: dict[str, JsonValue] = {"by": WECHAT_PAY, "is_paid": True, "paid_minor": paid.amount_minor}
    by |= {"payment": payment.id, "transaction": paid.transaction_id}
    settled = place(turn, order, captured, payment=by, **about)
    promise_cash_back(turn, settled.order, after)
    return told(after)


def _why_not(payment: Payment, paid: Paid, cash: Cash, record: OnRecord) -> str | None:
    """Why an order cannot take what was paid for it; None where it can."""
    if (paid.amount_minor, paid.currency) != (payment.amount_minor, payment.currency):
        return "amount"
    if cash.standing is not None:
        return "twice"
    order = record.order
    if order is None or is_at_least(order.status, REFUNDED) or payment.facts.get(GIVEN_UP):
        return "late"
    return "twice" if is_at_least(order.status, PAID) else None


def _not_taken(turn: Turn, payment: Payment, paid: Paid, because: str) -> Body:
    """Let what was paid go back, and give up the order if nothing else pays it."""
    after = payment.paid(paid, turn.now, stands=False)
    keep_payment(turn, after)
    cash = cash_of(turn, payment.order_id)
    refund(turn, cash, after, after.paid_minor, because)
    if not any(one.is_open or one.stands for one in cash.payments):
        _give_up(turn, payment.order_id)
    return told(after)


def _captured(turn: Turn, record: OnRecord) -> OnRecord:
    """Spend what was set aside for an order; set aside anew where that is over, at the price of the quote.

    Raises:
        TellMember: there is not so much any more.
    """
    held = record.checkout
    if held is None:
        return record
    if not held.is_open(turn.now):
        held = _held_anew(turn, held)
    before = len(turn.books.entries)
    at = at_checkout(turn, held.order_id)
    at = replace(at, offers=tuple(_offer_by_now(turn, one) for one in at.offers))
    after = held.closed(CheckoutState.CAPTURED, turn.now, held.quoted)
    close(turn, at, after)
    spent = [one for one in turn.books.entries[before:] if one.reason is Reason.CAPTURE]
    paid = tuple(InWallet(MAIN_WALLET, Undoing(entry)) for entry in spent)
    return replace(record, paid=(*record.paid, *paid), checkout=after)


def _held_anew(turn: Turn, lapsed: Checkout) -> Checkout:
    at = at_checkout(turn, lapsed.order_id)
    close_overdue(turn, at)
    wanted = {one.offer_id for one in lapsed.quoted.applied}
    free = {one.id for one in at.offers if one.problem(turn.now, lapsed.order_id) is None}
    if wanted - free:
        raise TellMember("price_changed", because="offers_gone")
    names = {"order_id": lapsed.order_id, "reference": lapsed.reference}
    return set_aside(turn, at, lapsed.quoted, **names, lasts=_AT_ONCE)


def _offer_by_now(turn: Turn, offer: Offer) -> Offer:
    kept = turn.effects.kept.get(("offer", offer.id), offer)
    assert isinstance(kept, Offer)
    return kept


def _give_up(turn: Turn, order_id: str) -> None:
    """Cancel an order that waits to be paid; what it set aside is free again."""
    record = on_record(turn, order_id)
    order = record.order
    if order is None or order.status != PLACED:
        return
    held = record.checkout
    if held is not None and held.is_open(turn.now):
        close(turn, at_checkout(turn, held.order_id), held.closed(CheckoutState.VOIDED, turn.now))
    settle(turn, replace(order, status=CANCELED), record)
    if DROP not in order.facts:  # what is reserved of a drop says itself that its time is over
        turn.track("Payment Lapsed", {"order_id": order.id, "reference": order.reference})
