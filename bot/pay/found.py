"""What WeChat Pay says of payments, refunds and payouts, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.contact import JsonValue
from bot.core.payments import Paid, PayoutState, RefundState

PAID_STATES = frozenset({"SUCCESS", "REFUND"})
"""Of a payment that was paid; REFUND says that some of it went back since."""
_CLOSED_STATES = frozenset({"CLOSED", "REVOKED"})

# https://pay.weixin.qq.com/doc/v3/merchant/4012791863
_REFUND_STATES: Mapping[str, RefundState] = {
    "PROCESSING": RefundState.PROCESSING,
    "SUCCESS": RefundState.DONE,
    "ABNORMAL": RefundState.ABNORMAL,
    "CLOSED": RefundState.REFUSED,
}
# https://pay.weixin.qq.com/doc/v3/merchant/4012716437
_PAYOUT_STATES: Mapping[str, PayoutState] = {
    "ACCEPTED": PayoutState.WAITING,
    "PROCESSING": PayoutState.WAITING,
    "WAIT_USER_CONFIRM": PayoutState.WAITING,
    "TRANSFERING": PayoutState.SENDING,
    "SUCCESS": PayoutState.DONE,
    "FAIL": PayoutState.ENDED,
    "CANCELING": PayoutState.CANCELING,
    "CANCELLED": PayoutState.ENDED,
}


class Trade(StrEnum):
    """How a payment stands at WeChat Pay."""

    PAID = "paid"
    OPEN = "open"
    CLOSED = "closed"
    ABSENT = "absent"  # it was never asked for there


@dataclass(frozen=True, slots=True)
class TradeFound:
    """What a query of a payment found; `paid` where it is."""

    trade: Trade
    paid: Paid | None = None


@dataclass(frozen=True, slots=True)
class RefundFound:
    """What became of a refund; `at` is when WeChat Pay took it, where it says so."""

    state: RefundState
    provider_id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PayoutFound:
    """What became of a payout; `package` where the shopper has to confirm it, `reason` where it failed."""

    state: PayoutState
    provider_id: str
    package: str = ""
    reason: str = ""


def text(told: Mapping[str, JsonValue], name: str) -> str:
    """Return a text that must be there. Raises KeyError or TypeError."""
    found = told[name]
    if not isinstance(found, str):
        raise TypeError(f"{name} is no text")
    return found


def whole(told: Mapping[str, JsonValue], name: str) -> int:
    """Return a whole number that must be there. Raises KeyError or TypeError."""
    found = told[name]
    if not isinstance(found, int) or isinstance(found, bool):
        raise TypeError(f"{name} is no whole number")
    return found


def paid_of(told: Mapping[str, JsonValue]) -> Paid:
    """Return what a payment that was paid came to. Raises KeyError, TypeError or ValueError."""
    amount = told["amount"]
    if not isinstance(amount, dict):
        raise TypeError("amount is no object")
    at = datetime.fromisoformat(text(told, "success_time"))
    if at.tzinfo is None:
        raise ValueError("success_time has no zone")
    return Paid(
        transaction_id=text(told, "transaction_id"),
        amount_minor=whole(amount, "total"),
        currency=str(amount.get("currency") or "CNY"),
        at=at,
    )


def trade_of(told: Mapping[str, JsonValue]) -> TradeFound:
    """Return how a payment stands. Raises KeyError, TypeError or ValueError."""
    state = text(told, "trade_state")
    if state in PAID_STATES:
        return TradeFound(Trade.PAID, paid_of(told))
    return TradeFound(Trade.CLOSED if state in _CLOSED_STATES else Trade.OPEN)


def refund_of(told: Mapping[str, JsonValue]) -> RefundFound:
    """Return what became of a refund. Raises KeyError, TypeError or ValueError."""
    at = datetime.fromisoformat(text(told, "create_time")) if "create_time" in told else None
    return RefundFound(refund_state(text(told, "status")), text(told, "refund_id"), at)


def payout_of(told: Mapping[str, JsonValue]) -> PayoutFound:
    """Return what became of a payout. Raises KeyError, TypeError or ValueError."""
    return PayoutFound(
        state=payout_state(text(told, "state")),
        provider_id=text(told, "transfer_bill_no"),
        package=str(told.get("package_info") or ""),
        reason=str(told.get("fail_reason") or ""),
    )


def refund_state(word: str) -> RefundState:
    """Return our word for the state of a refund. Raises ValueError."""
    if word not in _REFUND_STATES:
        raise ValueError("no state of a refund")
    return _REFUND_STATES[word]


def payout_state(word: str) -> PayoutState:
    """Return our word for the state of a payout. Raises ValueError."""
    if word not in _PAYOUT_STATES:
        raise ValueError("no state of a payout")
    return _PAYOUT_STATES[word]
