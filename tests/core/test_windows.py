"""The windows of customer-service messages: how they open, what stays of them, when they close."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Address
from bot.core.gestures import Gesture, GestureKind
from bot.core.messages import Inbound
from bot.core.wechat_address import WECHAT
from bot.core.windows import (
    ENTERED,
    MENU_MESSAGE_CLICK,
    MESSAGE_TYPE,
    TAPPED,
    WROTE,
    Window,
    closed,
    is_past,
    left_at,
    open_until,
    opened,
    opened_by,
    spent,
)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
ADDRESS = Address(WECHAT, "wx1/openid")


def inbound(
    kind: GestureKind | None = None, facts: dict[str, str] | None = None, channel: str = WECHAT
) -> Inbound:
    return Inbound(
        provider="wechat",
        provider_id="1",
        channel=channel,
        address=ADDRESS.value,
        to="wx1",
        text="" if kind else "hello",
        received_at=NOW,
        facts=facts or {},
        gesture=Gesture(kind) if kind else None,
    )


@pytest.mark.parametrize(
    ("said", "window"),
    [
        (inbound(), WROTE),
        (inbound(facts={MENU_MESSAGE_CLICK: "101"}), TAPPED),
        (inbound(GestureKind.MENU), TAPPED),
        (inbound(GestureKind.FOLLOW), TAPPED),
        (inbound(GestureKind.SCAN), TAPPED),
        (inbound(GestureKind.ENTER), ENTERED),
        (inbound(GestureKind.LOCATION, {MESSAGE_TYPE: "location"}), WROTE),
        (inbound(GestureKind.LOCATION), None),
        (inbound(GestureKind.VIEW), None),
        (inbound(GestureKind.UNFOLLOW), None),
        (inbound(channel="sms"), None),
    ],
)
def test_each_message_and_gesture_opens_its_own_window(said: Inbound, window: Window | None) -> None:
    assert opened_by(said) == window


def test_the_windows_are_the_platforms() -> None:
    assert Window(5, timedelta(hours=48)) == WROTE
    assert Window(3, timedelta(minutes=1)) == TAPPED
    assert Window(2, timedelta(minutes=1)) == ENTERED


def test_a_window_is_closed_before_anything_was_said_and_at_its_end() -> None:
    address = opened(ADDRESS, TAPPED, NOW)
    assert left_at(ADDRESS, NOW) == 0
    assert left_at(address, NOW + timedelta(seconds=59)) == 3
    assert left_at(address, NOW + timedelta(minutes=1)) == 0


def test_a_tap_does_not_shorten_the_window_of_a_message() -> None:
    address = opened(ADDRESS, WROTE, NOW)
    for _ in range(4):
        address = spent(address, NOW)
    tapped_at = NOW + timedelta(hours=1)
    address = opened(address, TAPPED, tapped_at)
    assert left_at(address, tapped_at) == 3
    assert left_at(address, tapped_at + timedelta(minutes=1)) == 1, "its minute is over, the message's is not"
    assert left_at(spent(address, tapped_at), tapped_at) == 2
    assert left_at(spent(address, tapped_at), tapped_at + timedelta(minutes=1)) == 1, "it was of the tap's"
    assert address.window_until == NOW + timedelta(hours=48)


def test_a_window_that_is_used_up_lends_its_time_to_no_other() -> None:
    address = opened(ADDRESS, WROTE, NOW)
    for _ in range(5):
        address = spent(address, NOW)
    address = opened(address, TAPPED, NOW + timedelta(hours=1))
    assert open_until(address, NOW + timedelta(hours=1)) == NOW + timedelta(hours=1, minutes=1)
    assert left_at(address, NOW + timedelta(hours=2)) == 0


def test_what_was_done_long_ago_opens_nothing_now() -> None:
    for window in (WROTE, TAPPED, ENTERED):
        assert is_past(ADDRESS, window, NOW, NOW + window.lasts)
        assert not is_past(ADDRESS, window, NOW, NOW + window.lasts - timedelta(seconds=1))


def test_what_was_written_before_opens_nothing_again_and_a_tap_after_it_does() -> None:
    address, later = opened(ADDRESS, WROTE, NOW), NOW + timedelta(hours=1)
    assert is_past(address, WROTE, NOW, later), "it opened this one"
    assert is_past(address, WROTE, NOW - timedelta(minutes=1), later)
    assert not is_past(address, WROTE, NOW + timedelta(minutes=1), later)
    assert not is_past(address, TAPPED, later, later)


def test_a_window_that_was_closed_is_closed() -> None:
    assert left_at(closed(opened(ADDRESS, WROTE, NOW)), NOW) == 0


def test_nothing_is_spent_of_what_is_not_there() -> None:
    with pytest.raises(AssertionError):
        spent(ADDRESS, NOW)


_STEPS = st.lists(
    st.tuples(
        st.timedeltas(timedelta(), timedelta(hours=30)), st.sampled_from([WROTE, TAPPED, ENTERED, None])
    ),
    max_size=30,
)


@given(_STEPS)
def test_windows_never_add_up_and_never_last_longer_than_the_platforms(
    steps: list[tuple[timedelta, Window | None]],
) -> None:
    address, at, last_wrote = ADDRESS, NOW, None
    for after, window in steps:
        at += after
        if window is None:
            if left_at(address, at):
                address = spent(address, at)
        else:
            last_wrote = at if window is WROTE else last_wrote
            address = opened(address, window, at)
            assert left_at(address, at) >= window.messages
        assert 0 <= left_at(address, at) <= WROTE.messages
        if until := open_until(address, at):
            latest = max(last_wrote + WROTE.lasts if last_wrote else NOW, at + TAPPED.lasts)
            assert until <= latest
        if last_wrote is None:
            assert left_at(address, at + TAPPED.lasts) == 0, "a tap is believed for its minute"
