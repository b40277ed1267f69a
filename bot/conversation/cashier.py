"""The cashier: asks WeChat Pay outside transactions, and lets turns hear what it says.

Whatever is heard is a turn whose key says what was heard: told twice, by a notice and by a query, it is once.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar

import structlog

from bot.conversation.operations import operation_work
from bot.conversation.shop import payments as heard
from bot.conversation.shop import payouts as heard_of_payouts
from bot.conversation.work import Result, Work
from bot.core.contact import JsonValue
from bot.core.errors import NeverRetry, Refused, RetryLater
from bot.core.pay_errors import PayLater, PayMisset, PayRefused, PayUnknown
from bot.core.payments import Paid, Payment, PaymentState, Payout, PayoutState, Refund, RefundState
from bot.pay.errors import ORDER_CLOSED, ORDER_PAID
from bot.pay.found import PayoutFound, RefundFound, Trade, TradeFound
from bot.storage import payments, payouts
from bot.storage.driver import Database
from bot.storage.tally import Tally

T = TypeVar("T")
REFUSALS_MAX = 6
"""So often a payout is refused before it is given up: what is wrong may be the operator's to mend."""
_NO_SUCH, _CONFLICT = 404, 409
_REMEDIES = {PayUnknown: "unknown", PayRefused: "refused", PayMisset: "misset"}
_logger = structlog.get_logger(__name__)


class Till(Protocol):
    """WeChat Pay, as it is asked; see `bot.pay.client.WechatPay` for what each raises."""

    @property
    def mchid(self) -> str:
        """The merchant's number."""

    async def prepay(self, payment: Payment) -> str:
        """Ask for a payment; return its `prepay_id`."""

    def invocation(self, payment: Payment) -> dict[str, str]:
        """Return what the phone calls up the payment with."""

    async def trade(self, payment_id: str) -> TradeFound:
        """Ask how a payment stands."""

    async def close_trade(self, payment_id: str) -> bool:
        """Let nobody pay it any more; False where somebody has."""

    async def refund(self, refund: Refund, payment: Payment) -> RefundFound:
        """Give cash back."""

    async def refund_found(self, refund_id: str) -> RefundFound | None:
        """Ask what became of a refund."""

    async def pay_out(self, payout: Payout, remark: str) -> PayoutFound:
        """Offer cash to a shopper's wallet."""

    async def payout_found(self, payout_id: str) -> PayoutFound | None:
        """Ask what became of a payout."""

    async def cancel_payout(self, payout_id: str) -> PayoutFound:
        """Take a payout back."""

    async def bill(self, kind: str, on_day: date) -> bytes | None:
        """Return the bill of a day."""


def _nowhere(_point: str) -> None:
    """Nobody waits at the points of the road."""


def _any(_currency: str) -> bool:
    """Every currency will do."""
    return True


class Turns(Protocol):
    """Where turns are taken: the dispatcher of a process, or a command's own."""

    async def submit(self, work: Work) -> Result:
        """Take one, and return what became of it."""


@dataclass(frozen=True, slots=True)
class Cashier:
    """Pages, notices, jobs and commands pay by it.

    Everything may raise what `bot.core.pay_errors` says: `RetryLater` (ask again) or `NeverRetry` (an
    operator has to look), and `RetryLater` where what was heard could not be kept: it is heard again.
    """

    database: Database
    dispatcher: Turns
    till: Till
    clock: Callable[[], datetime]
    at: Callable[[str], None] = _nowhere
    """Called around each request and each turn, for drills: `before_ask`, `after_ask`, `before_hear` …"""
    takes: Callable[[str], bool] = _any
    """Whether one can pay in a currency."""
    tally: Tally = field(default_factory=Tally)

    async def prepay(self, payment_id: str) -> dict[str, str]:
        """Return what `wx.requestPayment` is called with: timeStamp, nonceStr, package, signType, paySign.

        Asked again it is the same payment, under the same number. What fails is counted by its remedy: a
        shopper sees an order that cannot be paid just now, and nobody else would see anything.

        Raises:
            Refused: it is paid (409), or its time is over (409), or there is none (404).
        """
        try:
            return await self._prepay(payment_id)
        except (RetryLater, NeverRetry) as error:
            code = error.code if isinstance(error, PayLater | PayMisset | PayRefused) else ""
            _logger.warning("prepay_failed", payment=payment_id, why=type(error).__name__, code=code)
            self.tally.add("prepay_failed", _REMEDIES.get(type(error), "later"))
            raise

    async def _prepay(self, payment_id: str) -> dict[str, str]:
        payment = await self.payment(payment_id)
        if not payment.prepay_id and payment.may_be_paid(self.clock()):
            try:
                prepay_id = await self._ask(lambda: self.till.prepay(payment))
            except PayRefused as refused:
                if refused.code not in {*ORDER_PAID, *ORDER_CLOSED}:
                    raise
                await self.check(payment_id)  # its notice comes later than this
            else:
                key = f"pay:prepared/{payment_id}/{_short(prepay_id)}"
                await self._hear(heard.PREPARED, payment, key, {"prepay_id": prepay_id})
            payment = await self.payment(payment_id)
        if payment.state is PaymentState.PAID:
            raise Refused("it is paid already", "look at the order", _CONFLICT)
        if not payment.may_be_paid(self.clock()) or not payment.prepay_id:
            raise Refused("the time to pay is over", "order again", _CONFLICT)
        return self.till.invocation(payment)

    async def check(self, payment_id: str) -> Payment:
        """Ask whether it was paid; returns the payment as it is by then."""
        payment = await self.payment(payment_id)
        if not payment.is_open:
            return payment
        await self._take(payment, await self._ask(lambda: self.till.trade(payment_id)))
        return await self.payment(payment_id)

    async def ask_again(self, payment_id: str) -> Payment:
        """Ask about it although it is over for us: its bill says that it was paid."""
        payment = await self.payment(payment_id)
        if payment.state is not PaymentState.PAID:
            await self._take(payment, await self._ask(lambda: self.till.trade(payment_id)))
        return await self.payment(payment_id)

    async def give_up(self, payment_id: str) -> Payment:
        """Close it unless it was paid; returns it `closed` or `paid`, its order canceled or paid."""
        payment = await self.payment(payment_id)
        if not payment.is_open:
            return payment
        found = await self._ask(lambda: self.till.trade(payment_id))
        if found.trade is Trade.OPEN or found.trade is Trade.ABSENT:
            is_closed = await self._ask(lambda: self.till.close_trade(payment_id))
            found = (
                TradeFound(Trade.CLOSED)
                if is_closed
                else await self._ask(lambda: self.till.trade(payment_id))
            )
        await self._take(payment, found)
        return await self.payment(payment_id)

    async def hear_paid(self, payment: Payment, paid: Paid) -> Result:
        """Let the turn hear that it was paid, however often that is told."""
        body: dict[str, JsonValue] = {
            "transaction_id": paid.transaction_id,
            "paid_minor": paid.amount_minor,
            "currency": paid.currency,
            "paid_at": paid.at.astimezone(UTC).isoformat(),
        }
        return await self._hear(heard.SUCCEEDED, payment, f"pay:paid/{payment.id}", body)

    async def hear_refund(self, refund: Refund, found: RefundFound, why: str = "") -> Result:
        """Let the turn hear how far a refund has come."""
        body: dict[str, JsonValue] = {"refund": refund.id, "state": found.state.value, "why": why}
        key = f"pay:refund/{refund.id}/{found.state.value}"
        body["provider_id"] = found.provider_id
        if found.at is not None:
            body["at"] = found.at.astimezone(UTC).isoformat()
        return await self._submit(heard.REFUNDED_NOW, refund.contact_id, key, body)

    async def hear_payout(self, payout: Payout, found: PayoutFound) -> Result:
        """Let the turn hear how far a payout has come."""
        body: dict[str, JsonValue] = {
            "payout": payout.id,
            "state": found.state.value,
            "package": found.package,
            "provider_id": found.provider_id,
            "why": found.reason,
        }
        key = f"pay:payout/{payout.id}/{found.state.value}/{_short(found.package)}"
        return await self._submit(heard_of_payouts.HEARD, payout.contact_id, key, body)

    async def refund(self, refund: Refund) -> RefundFound:
        """Send a refund, or ask what became of it: never under another number."""
        payment = await self.payment(refund.payment_id)
        found = None
        if refund.state is not RefundState.NEW or refund.attempts > 1:
            found = await self._ask(lambda: self.till.refund_found(refund.id))
        if found is None:
            try:
                found = await self._ask(lambda: self.till.refund(refund, payment))
            except PayRefused as refused:
                found = await self._ask(lambda: self.till.refund_found(refund.id))
                if found is None:
                    found = RefundFound(RefundState.REFUSED, "")
                await self.hear_refund(refund, found, refused.code)
                return found
        await self.hear_refund(refund, found)
        return found

    async def pay_out(self, payout: Payout, remark: str) -> PayoutFound | None:
        """Offer a payout, take it back, or ask what became of it: never under another number.

        None where it was never asked for and is not to be.
        """
        result = await self._submit(
            heard_of_payouts.OFFER,
            payout.contact_id,
            f"pay:payout_offer/{payout.id}/{payout.attempts}/{_short(self.clock().isoformat())}",
            {"payout": payout.id},
        )
        told = result.result or {}
        may, was_asked = told.get("may") is True, payout.facts.get("asked") is not None
        if not may and not was_asked:
            return None
        found = await self._ask(lambda: self.till.payout_found(payout.id)) if was_asked else None
        # A query tells no package: asked for again with the same words it is the same, and says its package.
        is_mute = found is not None and found.state is PayoutState.WAITING and not payout.package
        if may and (found is None or is_mute):
            try:
                found = await self._ask(lambda: self.till.pay_out(payout, remark))
            except PayRefused as refused:
                found = await self._ask(lambda: self.till.payout_found(payout.id))
                if found is None and payout.attempts < REFUSALS_MAX:
                    raise
                if found is None:
                    _logger.warning("payout_refused", payout=payout.id, code=refused.code)
                    await self._give_up_payout(payout, refused.code)
                    return None
        if found is None:
            await self._give_up_payout(payout, "returned")
            return None
        if not may and found.state is PayoutState.WAITING:
            found = await self._ask(lambda: self.till.cancel_payout(payout.id))
        await self.hear_payout(payout, found)
        return found

    async def shipped(self, payment: Payment) -> None:
        """Let the turn hear that WeChat Pay knows of what is on its way."""
        await self._hear(heard.SHIPPED, payment, f"pay:shipped/{payment.id}", {})

    async def payment(self, payment_id: str) -> Payment:
        """Return a payment as it is now. Raises Refused (404) where there is none."""
        found = await self.database.query(lambda c: payments.payment_by_id(c, payment_id))
        if found is None:
            raise Refused("there is no such payment", "look at the order", _NO_SUCH)
        return found

    async def refund_by_id(self, refund_id: str) -> Refund | None:
        """Return a refund as it is now."""
        return await self.database.query(lambda c: payments.refund_by_id(c, refund_id))

    async def payout_by_id(self, payout_id: str) -> Payout | None:
        """Return a payout as it is now."""
        return await self.database.query(lambda c: payouts.payout_by_id(c, payout_id))

    # Below: how

    async def _take(self, payment: Payment, found: TradeFound) -> None:
        if found.trade is Trade.PAID and found.paid is not None:
            await self.hear_paid(payment, found.paid)
        elif found.trade is Trade.CLOSED:
            await self._hear(heard.CLOSED, payment, f"pay:closed/{payment.id}", {})

    async def _give_up_payout(self, payout: Payout, why: str) -> None:
        key = f"pay:payout_given_up/{payout.id}"
        await self._submit(
            heard_of_payouts.GIVE_UP, payout.contact_id, key, {"payout": payout.id, "why": why}
        )

    async def _hear(self, name: str, payment: Payment, key: str, body: dict[str, JsonValue]) -> Result:
        return await self._submit(name, payment.contact_id, key, {"payment": payment.id, **body})

    async def _ask(self, request: Callable[[], Awaitable[T]]) -> T:
        self.at("before_ask")
        answered = await request()
        self.at("after_ask")
        return answered

    async def _submit(self, name: str, contact_id: str, key: str, body: dict[str, JsonValue]) -> Result:
        self.at("before_hear")
        result = await self.dispatcher.submit(
            operation_work(name, body, key=key, at=self.clock(), contact_id=contact_id)
        )
        self.at("after_hear")
        if result.result is None and not result.is_conflict:
            # It failed, and is kept to be tried again; whoever told it tells it again all the same.
            raise RetryLater("what was heard could not be kept")
        return result


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
