"""Payments, refunds and payouts as pure states: whatever is heard, in any order, ends alike."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from bot.core.payments import (
    Cash,
    Paid,
    Payment,
    PaymentState,
    Payout,
    PayoutState,
    Refund,
    RefundState,
    next_look,
)

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
PAID = Paid("4200", 1250, "CNY", NOW)


def payment(**changed: object) -> Payment:
    fields: dict[str, object] = {
        "id": "a" * 32,
        "order_id": "b" * 32,
        "account": "wx1",
        "address": "wx1/li",
        "amount_minor": 1250,
        "currency": "CNY",
        "state": PaymentState.NEW,
        "created_at": NOW,
        "changed_at": NOW,
        "expires_at": NOW + timedelta(minutes=30),
    }
    return Payment(**{**fields, **changed})  # type: ignore[arg-type]  # a test says what it says


def refund(amount: int, state: RefundState, cause: str = "order", number: int = 0) -> Refund:
    return Refund(f"{number:032}", "a" * 32, cause, amount, state, NOW, NOW)


def payout(state: PayoutState = PayoutState.NEW, package: str = "") -> Payout:
    return Payout("c" * 32, "b" * 32, "wx1", "wx1/li", 200, "CNY", state, NOW, NOW, package=package)


def test_what_is_heard_of_a_payment_in_any_order_ends_paid() -> None:
    heard = {
        "prepared": lambda one: one.prepared("wx201", NOW),
        "closed": lambda one: one.closed(NOW),
        "paid": lambda one: one.paid(PAID, NOW, stands=True),
    }
    for order in permutations(heard):
        one = payment()
        for name in order:
            one = heard[name](one)
        assert (one.state, one.transaction_id, one.paid_minor) == (PaymentState.PAID, "4200", 1250), order


def test_a_payment_is_paid_once() -> None:
    paid = payment().paid(PAID, NOW, stands=True)
    assert paid.paid(Paid("4201", 1, "CNY", NOW), NOW, stands=False) is paid


def test_a_payment_may_be_paid_until_its_time_is_over() -> None:
    one = payment()
    assert one.may_be_paid(NOW + timedelta(minutes=29))
    assert not one.may_be_paid(NOW + timedelta(minutes=30))
    assert not one.closed(NOW).may_be_paid(NOW)


@pytest.mark.parametrize(("after", "looks_in"), [(0, 1), (2, 5), (10, 15), (20, 30)])
def test_it_is_asked_more_seldom_the_longer_nobody_pays(after: int, looks_in: int) -> None:
    now = NOW + timedelta(minutes=after)
    assert payment().next_look_at(now) == NOW + timedelta(minutes=looks_in)


def test_a_refund_only_rises() -> None:
    one = refund(100, RefundState.NEW)
    done = one.becomes(RefundState.PROCESSING, "50", NOW).becomes(RefundState.DONE, "50", NOW)
    assert done.state is RefundState.DONE
    assert done.becomes(RefundState.PROCESSING, "50", NOW) is done
    assert done.due_at is None


def test_an_abnormal_refund_may_yet_arrive() -> None:
    one = refund(100, RefundState.ABNORMAL)
    assert one.becomes(RefundState.DONE, "50", NOW).state is RefundState.DONE


def test_a_payout_that_is_over_needs_no_package() -> None:
    waiting = payout().becomes(PayoutState.WAITING, NOW, package="once")
    assert waiting.package == "once"
    assert waiting.becomes(PayoutState.WAITING, NOW) is waiting
    done = waiting.becomes(PayoutState.DONE, NOW)
    assert (done.package, done.is_over) == ("", True)
    assert done.becomes(PayoutState.ENDED, NOW) is done


def test_cash_knows_what_paid_the_order_and_what_went_back() -> None:
    paid = payment().paid(PAID, NOW, stands=True)
    late = payment(id="d" * 32, created_at=NOW + timedelta(minutes=1)).paid(PAID, NOW, stands=False)
    refused = refund(1000, RefundState.REFUSED, number=1)
    cash = Cash((late, paid), (refund(300, RefundState.DONE), refused))
    assert cash.standing is paid
    assert cash.latest is paid
    assert cash.refunded_minor(paid.id) == 300
    assert cash.word == "partly"


@pytest.mark.parametrize(
    ("cash", "word"),
    [
        (Cash(), "none"),
        (Cash((payment(),)), "waiting"),
        (Cash((payment().closed(NOW),)), "closed"),
        (Cash((payment().paid(PAID, NOW, stands=True),)), "paid"),
        (Cash((payment().paid(PAID, NOW, stands=True),), (refund(1250, RefundState.NEW),)), "refunding"),
        (Cash((payment().paid(PAID, NOW, stands=True),), (refund(1250, RefundState.DONE),)), "refunded"),
        (Cash((payment().paid(PAID, NOW, stands=True),), (refund(250, RefundState.DONE),)), "partly"),
    ],
)
def test_how_cash_stands_is_one_word(cash: Cash, word: str) -> None:
    assert cash.word == word


def test_what_fails_is_tried_again_later_each_time_and_at_least_so_often() -> None:
    first, most = timedelta(seconds=30), timedelta(hours=1)
    waits = [next_look(attempts, first, most) for attempts in range(12)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert waits == sorted(waits)
    assert next_look(10**6, first, most) == most
