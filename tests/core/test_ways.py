"""The way a message takes on WeChat: the first that is open, and why none before it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Address
from bot.core.forms import Form, Notice
from bot.core.messages import MessageClass, Outgoing, UnsendableReason
from bot.core.ways import NoWay, Way, WayFacts, WayKind, choose
from bot.core.wechat_address import WECHAT
from bot.core.windows import WROTE, opened
from tests.core.test_gate import message

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
SHUT = Address(WECHAT, "wx1/openid")
OPEN = opened(SHUT, WROTE, NOW)
NOTICE = Notice("credit_arrived", "TEMPLATE", {"thing1": "积分到账", "amount2": "4.59元"})


def said(message_class: MessageClass = MessageClass.SERVICE, notice: Notice | None = None) -> Outgoing:
    form = Form(notice=notice) if notice is not None else None
    return replace(message(message_class), channel=WECHAT, address=SHUT.value, form=form)


def way(
    outgoing: Outgoing, address: Address | None = SHUT, grants: dict[str, int] | None = None
) -> Way | NoWay:
    return choose(outgoing, WayFacts(address, grants or {}), NOW)


def test_customer_service_comes_first_and_says_how_much_is_left() -> None:
    found = way(said(notice=NOTICE), OPEN, {"TEMPLATE": 2})
    assert found == Way(
        WayKind.CUSTOMER_SERVICE, "customer service: the window is open until 2026-11-25 04:00 UTC, 5 left"
    )


def test_a_subscribe_message_comes_next_with_the_reason_against_the_first() -> None:
    found = way(said(notice=NOTICE), SHUT, {"TEMPLATE": 2})
    assert found == Way(
        WayKind.SUBSCRIBE, "customer service: the contact opened no window; subscribe message: 2 granted"
    )


def test_marketing_never_goes_by_customer_service() -> None:
    found = way(said(MessageClass.MARKETING), OPEN)
    assert isinstance(found, NoWay)
    assert found.reason is UnsendableReason.NO_GRANT
    assert "5.15.3" in found.because
    granted = way(said(MessageClass.MARKETING, NOTICE), OPEN, {"TEMPLATE": 1})
    assert isinstance(granted, Way)
    assert granted.kind is WayKind.SUBSCRIBE


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (SHUT, "the contact opened no window"),
        (None, "the contact opened no window"),
        (replace(OPEN, window_left=0), "the window is used up"),
        (opened(SHUT, WROTE, NOW - WROTE.lasts), "the window closed 2026-11-23 04:00 UTC"),
    ],
)
def test_where_no_way_is_left_each_says_why(address: Address | None, why: str) -> None:
    found = way(said(), address)
    assert found == NoWay(
        UnsendableReason.NO_WINDOW,
        f"customer service: {why}; subscribe message: the step has no notice;"
        " service card: not available: it takes the notify code of a payment",
    )


def test_a_notice_needs_a_grant_of_its_own_template() -> None:
    found = way(said(notice=NOTICE), SHUT, {"ANOTHER": 3})
    assert isinstance(found, NoWay)
    assert found.reason is UnsendableReason.NO_GRANT
    assert "no grant of credit_arrived is left" in found.because


def test_a_field_that_does_not_fit_is_named_and_no_grant_is_wasted_on_it() -> None:
    empty = way(said(notice=replace(NOTICE, fields={})), SHUT, {"TEMPLATE": 1})
    assert "credit_arrived: it has no fields" in empty.because
    wrong = replace(NOTICE, fields={"thing1": "x" * 21, "amount2": "much"})
    found = way(said(notice=wrong), SHUT, {"TEMPLATE": 1})
    assert isinstance(found, NoWay)
    assert "credit_arrived: thing1 takes up to 20 characters, amount2 takes one" in found.because
    assert "xxx" not in found.because


@given(
    message_class=st.sampled_from(MessageClass),
    has_notice=st.booleans(),
    granted=st.integers(0, 3),
    left=st.integers(0, 5),
    lasts=st.timedeltas(timedelta(hours=-50), timedelta(hours=50)),
)
def test_no_way_is_taken_that_is_not_open(
    message_class: MessageClass, *, has_notice: bool, granted: int, left: int, lasts: timedelta
) -> None:
    address = replace(SHUT, window_left=left, window_until=NOW + lasts)
    outgoing = said(message_class, NOTICE if has_notice else None)
    found = choose(outgoing, WayFacts(address, {"TEMPLATE": granted}), NOW)
    may_serve = left > 0 and lasts > timedelta() and message_class is not MessageClass.MARKETING
    may_notify = has_notice and granted > 0
    if may_serve:
        expected: WayKind | None = WayKind.CUSTOMER_SERVICE
    else:
        expected = WayKind.SUBSCRIBE if may_notify else None
    assert (found.kind if isinstance(found, Way) else None) is expected
    assert found.because.startswith("customer service: ")


def test_a_long_text_takes_as_many_messages_as_it_is_sent_in() -> None:
    long = replace(said(), body="好" * 2000)
    almost = replace(OPEN, window_left=2)
    found = way(long, almost)
    assert isinstance(found, NoWay)
    assert "it takes 3 messages, the window has 2 left" in found.because
    assert isinstance(way(long, OPEN), Way)
