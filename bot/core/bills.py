"""A day's bill held against our own records: what one side has and the other has not, or otherwise."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue
from bot.core.payments import Payment, PaymentState, Payout, PayoutState, Refund, RefundState

_OURS = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class TradeLine:
    """A line of the trade bill: a payment, or a refund (then `number` is the refund's)."""

    is_refund: bool
    number: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class FlowLine:
    """A line of the fund flow bill: money that came into the merchant's account, or left it (below 0)."""

    number: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Something on which the two sides differ; None where a side does not have it.

    `what` is one of `WHAT`, `number` what we call it by.
    """

    what: str
    number: str
    ours_minor: int | None = None
    theirs_minor: int | None = None

    def told(self) -> dict[str, JsonValue]:
        """Return it as it is kept."""
        return {
            "what": self.what,
            "number": self.number,
            "ours_minor": self.ours_minor,
            "theirs_minor": self.theirs_minor,
        }


WHAT: Mapping[str, str] = {
    "payment_not_in_bill": "we say that it was paid, WeChat Pay does not",
    "payment_unheard": "WeChat Pay says that it was paid, and we had not heard",
    "payment_unknown": "WeChat Pay has a payment under a number that might be ours, and is not",
    "payment_amount": "another amount was paid than we have",
    "refund_not_in_bill": "we say that it went back, WeChat Pay does not",
    "refund_unheard": "WeChat Pay says that it went back, and we had not heard",
    "refund_unknown": "WeChat Pay has a refund under a number that might be ours, and is not",
    "refund_amount": "another amount went back than we have",
    "refund_stuck": "cash that is owed has not gone back for days: look at `regulars pay show`",
    "refund_refused": "WeChat Pay does not give it back: give it back otherwise, or `regulars pay refund`",
    "payout_not_in_bill": "we say that it was paid out, WeChat Pay does not",
    "payout_unknown": "WeChat Pay has a payout under a number that might be ours, and is not",
    "payout_amount": "another amount was paid out than we have",
    "unreadable": "the bill is not as bills are",
    "order_not_paid": "it was paid, and its order is not",
    "order_amount": "what was paid is not what its order came to",
    "order_credit": "the credit spent on its order is not what the order says",
    "cash_owed": "less cash went back than came back of its order, or of what paid no order",
}
"""What can differ, and what that means."""


def trade_differences(
    theirs: Iterable[TradeLine],
    paid: Iterable[Payment],
    refunded: Iterable[Refund],
    known: Mapping[str, Payment | Refund],
) -> list[Difference]:
    """Hold a day's trade bill against what we have of that day; `known` is all we have that it names.

    Numbers that cannot be ours are somebody else's who takes payments for the same merchant.
    """
    found: list[Difference] = []
    seen: set[str] = set()
    for line in theirs:
        if not _OURS.fullmatch(line.number):
            continue
        seen.add(line.number)
        found += _of_line(line, known.get(line.number))
    found += [
        Difference("payment_not_in_bill", one.id, ours_minor=one.paid_minor)
        for one in paid
        if one.id not in seen
    ]
    found += [
        Difference("refund_not_in_bill", one.id, ours_minor=one.amount_minor)
        for one in refunded
        if one.id not in seen
    ]
    return found


def payout_differences(
    theirs: Iterable[FlowLine], done: Iterable[Payout], known: Mapping[str, Payout], seen_before: set[str]
) -> list[Difference]:
    """Hold the payouts of a day's fund flow against ours that were `done`, or seen in the bill before."""
    found: list[Difference] = []
    seen = set(seen_before)
    for line in theirs:
        if not _OURS.fullmatch(line.number):
            continue
        seen.add(line.number)
        payout, amount = known.get(line.number), abs(line.amount_minor)
        if payout is None:
            found.append(Difference("payout_unknown", line.number, theirs_minor=amount))
        elif payout.amount_minor != amount:
            found.append(Difference("payout_amount", line.number, payout.amount_minor, amount))
    found += [
        Difference("payout_not_in_bill", one.id, ours_minor=one.amount_minor)
        for one in done
        if one.state is PayoutState.DONE and one.id not in seen
    ]
    return found


def _of_line(line: TradeLine, known: Payment | Refund | None) -> list[Difference]:
    theirs = line.amount_minor
    if line.is_refund:
        if not isinstance(known, Refund):
            return [Difference("refund_unknown", line.number, theirs_minor=theirs)]
        if known.state in {RefundState.NEW, RefundState.REFUSED}:
            return [Difference("refund_unheard", line.number, theirs_minor=theirs)]
        is_other = known.amount_minor != theirs
        return [Difference("refund_amount", line.number, known.amount_minor, theirs)] if is_other else []
    if not isinstance(known, Payment):
        return [Difference("payment_unknown", line.number, theirs_minor=theirs)]
    if known.state is not PaymentState.PAID:
        return [Difference("payment_unheard", line.number, theirs_minor=theirs)]
    is_other = known.paid_minor != theirs
    return [Difference("payment_amount", line.number, known.paid_minor, theirs)] if is_other else []
