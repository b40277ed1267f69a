"""Cash through WeChat Pay as pure states: payments, refunds of them, and payouts; ranks only rise.

What is heard of one late, twice or out of order says less than is known, and changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.contact import JsonValue, Order
from bot.core.loyalty.orders import PLACED, REFUNDED, is_at_least, total_cash_minor
from bot.core.loyalty.returns import told_minor

PAYMENT = "_payment"
"""The fact of an order in which stands how it is paid."""
HELD = "_held_minor"
"""The fact of an order in which stands how much credit it set aside."""
WECHAT_PAY = "wechat"
"""Its value for orders that are paid through WeChat Pay."""
CURRENCIES = frozenset({"CNY"})
"""What WeChat Pay takes: https://pay.weixin.qq.com/doc/v3/merchant/4012791897 (`amount.currency`)."""
PAY_WITHIN = timedelta(minutes=30)
"""How long a shopper has to pay."""
_LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))


class PaymentState(StrEnum):
    """Where a payment is, in the order of its ranks.

    ```
    new ──> waiting ──> closed ──> paid
    ```
    Any may be left out. `closed` is not the end: a shopper may have paid at the same moment, and then the
    cash goes back.
    """

    NEW = "new"  # WeChat Pay was not asked yet, or its answer was lost
    WAITING = "waiting"  # the shopper can pay
    CLOSED = "closed"  # nobody paid in time, or the shopper gave it up
    PAID = "paid"


class RefundState(StrEnum):
    """Where cash on its way back is, in the order of its ranks."""

    NEW = "new"  # WeChat Pay was not asked yet, or its answer was lost
    PROCESSING = "processing"
    ABNORMAL = "abnormal"  # the bank does not take it: somebody has to say at WeChat Pay where it shall go
    REFUSED = "refused"  # WeChat Pay will not do it: an operator has to
    DONE = "done"


class PayoutState(StrEnum):
    """Where cash for a shopper's wallet is, in the order of its ranks."""

    NEW = "new"  # WeChat Pay was not asked yet, or its answer was lost
    WAITING = "waiting"  # the shopper has to confirm it
    SENDING = "sending"  # confirmed, and on its way
    CANCELING = "canceling"  # taken back: it may yet have been confirmed
    ENDED = "ended"  # failed, lapsed or canceled: nothing was paid
    DONE = "done"


_PAYMENT_RANKS = tuple(PaymentState)
_REFUND_RANKS = tuple(RefundState)
_PAYOUT_RANKS = tuple(PayoutState)


@dataclass(frozen=True, slots=True)
class Payment:
    """Cash for one order; its id is what WeChat Pay knows it by (`out_trade_no`).

    `account` is the appid it is paid in, `address` the payer there (see `wechat_address`). `due_at` is when a
    job looks at it next, None: never. `attempts` counts what jobs tried since the last news.
    """

    id: str
    order_id: str
    account: str
    address: str
    amount_minor: int
    currency: str
    state: PaymentState
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    prepay_id: str = ""
    transaction_id: str = ""
    paid_minor: int = 0
    paid_at: datetime | None = None
    due_at: datetime | None = None
    attempts: int = 0
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    contact_id: str = ""
    """Whose record it is on."""

    @property
    def is_open(self) -> bool:
        """Whether it may still be paid."""
        return self.state in {PaymentState.NEW, PaymentState.WAITING}

    @property
    def stands(self) -> bool:
        """Whether it is what paid its order: the cash of any other went back."""
        return self.facts.get("stands") is True

    def may_be_paid(self, now: datetime) -> bool:
        """Whether the shopper may be led to pay it."""
        return self.is_open and now < self.expires_at

    def next_look_at(self, now: datetime) -> datetime:
        """When to ask next whether it was paid: notices get lost."""
        return next(
            (self.created_at + after for after in _LOOKS if self.created_at + after > now), self.expires_at
        )

    def prepared(self, prepay_id: str, now: datetime) -> "Payment":
        """WeChat Pay has taken it and named it."""
        if _rank(self.state, _PAYMENT_RANKS) > _rank(PaymentState.WAITING, _PAYMENT_RANKS):
            return self
        return replace(self, state=PaymentState.WAITING, prepay_id=prepay_id, changed_at=now)

    def closed(self, now: datetime) -> "Payment":
        """Nobody can pay it any more."""
        if not self.is_open:
            return self
        return replace(self, state=PaymentState.CLOSED, changed_at=now, due_at=None, attempts=0)

    def paid(self, paid: "Paid", now: datetime, *, stands: bool) -> "Payment":
        """It was paid; what is heard of it again changes nothing."""
        if self.state is PaymentState.PAID:
            return self
        return replace(
            self,
            state=PaymentState.PAID,
            transaction_id=paid.transaction_id,
            paid_minor=paid.amount_minor,
            paid_at=paid.at,
            changed_at=now,
            due_at=None,
            attempts=0,
            facts={**self.facts, "stands": stands},
        )


@dataclass(frozen=True, slots=True)
class Paid:
    """What WeChat Pay says of a payment that was paid; the amount in minor units."""

    transaction_id: str
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Cash of a payment on its way back; its id is what WeChat Pay knows it by (`out_refund_no`).

    `cause` is `order` (something of it came back), `late` (it was closed by then), `twice`, `amount` (another
    than asked for) or `operator`.
    """

    id: str
    payment_id: str
    cause: str
    amount_minor: int
    state: RefundState
    created_at: datetime
    changed_at: datetime
    provider_id: str = ""
    due_at: datetime | None = None
    attempts: int = 0
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    contact_id: str = ""
    """Whose record it is on."""

    def becomes(self, state: RefundState, provider_id: str, now: datetime) -> "Refund":
        """Hear of it; less than is known changes nothing. What is over is looked at no more."""
        if _rank(state, _REFUND_RANKS) <= _rank(self.state, _REFUND_RANKS):
            return self
        is_over = state in {RefundState.DONE, RefundState.REFUSED}
        return replace(
            self,
            state=state,
            provider_id=provider_id or self.provider_id,
            changed_at=now,
            due_at=None if is_over else self.due_at,
            attempts=0,
        )


@dataclass(frozen=True, slots=True)
class Payout:
    """Cash for a shopper's wallet at WeChat; its id is the bill's number there (`out_bill_no`), for good.

    `package` is what the shopper's phone confirms it with.
    """

    id: str
    order_id: str
    account: str
    address: str
    amount_minor: int
    currency: str
    state: PayoutState
    created_at: datetime
    changed_at: datetime
    package: str = ""
    provider_id: str = ""
    due_at: datetime | None = None
    attempts: int = 0
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    contact_id: str = ""
    """Whose record it is on."""

    @property
    def is_over(self) -> bool:
        """Whether nothing becomes of it any more."""
        return self.state in {PayoutState.ENDED, PayoutState.DONE}

    def becomes(
        self, state: PayoutState, now: datetime, *, package: str = "", provider_id: str = ""
    ) -> "Payout":
        """Hear of it; less than is known changes nothing, but its package is told until it is confirmed."""
        before, after = _rank(self.state, _PAYOUT_RANKS), _rank(state, _PAYOUT_RANKS)
        if after < before or (after == before and package in {"", self.package}):
            return self
        is_over = state in {PayoutState.ENDED, PayoutState.DONE}
        return replace(
            self,
            state=state,
            package="" if is_over else package or self.package,
            provider_id=provider_id or self.provider_id,
            changed_at=now,
            due_at=None if is_over else self.due_at,
            attempts=0,
        )


@dataclass(frozen=True, slots=True)
class Cash:
    """All cash that moved for one order: payments newest first, refunds and payouts as they came."""

    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    payouts: tuple[Payout, ...] = ()

    @property
    def standing(self) -> Payment | None:
        """The payment that paid the order; None where none did yet."""
        return next((one for one in self.payments if one.stands), None)

    @property
    def latest(self) -> Payment | None:
        """The payment to show: what paid the order, else the newest; None where there is none."""
        return self.standing or (self.payments[0] if self.payments else None)

    def refunded_minor(self, payment_id: str, cause: str | None = None) -> int:
        """How much of a payment went back or is on its way, for one cause or all; not what was refused."""
        return sum(
            one.amount_minor
            for one in self.refunds
            if one.payment_id == payment_id
            and cause in {None, one.cause}
            and one.state is not RefundState.REFUSED
        )

    @property
    def word(self) -> str:
        """How it stands: `none`, `waiting`, `closed`, `paid`, `refunding`, `refunded`, or `partly` so."""
        latest = self.latest
        if latest is None:
            return "none"
        if latest.state is not PaymentState.PAID:
            return "closed" if latest.state is PaymentState.CLOSED else "waiting"
        states = {one.state for one in self.refunds if one.payment_id == latest.id}
        if not states:
            return "paid"
        done = sum(one.amount_minor for one in self.refunds if one.state is RefundState.DONE)
        if states - {RefundState.DONE, RefundState.REFUSED} or not done:
            return "refunding"
        return "refunded" if done >= latest.paid_minor else "partly"


def is_waiting(order: Order) -> bool:
    """Whether an order waits for its payment, so that the shop does not have it yet."""
    return order.status == PLACED and order.facts.get(PAYMENT) == WECHAT_PAY


def cash_back_minor(order: Order) -> int:
    """Return how much cash of an order is to be given back by now: all that came back so far."""
    cash = total_cash_minor(order)
    if is_at_least(order.status, REFUNDED):
        return cash
    return min(cash, max(order.refunded_minor, told_minor(order)))


def next_look(attempts: int, first: timedelta, most: timedelta) -> timedelta:
    """How long to wait before looking again after so many tries: twice as long each time, up to `most`."""
    return min(first * (1 << min(attempts, 16)), most)


def _rank(state: StrEnum, ranks: Iterable[StrEnum]) -> int:
    return list(ranks).index(state)
