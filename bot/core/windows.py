"""Windows: how many customer-service messages may still go to a WeChat address, and until when.

Each message or tap of a contact opens one; they do not add up, and a longer one that is open stays
(https://developers.weixin.qq.com/doc/subscription/guide/product/kf/intro.md and, for mini programs,
https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.contact import Address
from bot.core.gestures import GestureKind
from bot.core.messages import Inbound
from bot.core.wechat_address import WECHAT

MENU_MESSAGE_CLICK = "bizmsgmenuid"
"""The fact of an inbound that was tapped in a menu message; to WeChat that is a menu click, no message."""
MESSAGE_TYPE = "msg_type"
"""The fact that says which kind of message a gesture came as (`location`); absent for events."""


@dataclass(frozen=True, slots=True)
class Window:
    """So many customer-service messages, for so long."""

    messages: int
    lasts: timedelta


WROTE = Window(5, timedelta(hours=48))
TAPPED = Window(3, timedelta(minutes=1))
ENTERED = Window(2, timedelta(minutes=1))

_BY_GESTURE = {
    GestureKind.FOLLOW: TAPPED,
    GestureKind.SCAN: TAPPED,
    GestureKind.MENU: TAPPED,
    GestureKind.ENTER: ENTERED,
}
"""Leaving, opening a link of the menu and a location that the app tells by itself open none."""


def opened_by(inbound: Inbound) -> Window | None:
    """Return the window that a message or gesture opens; None where it opens none."""
    if inbound.channel != WECHAT:
        return None
    gesture = inbound.gesture
    if gesture is None:
        return TAPPED if MENU_MESSAGE_CLICK in inbound.facts else WROTE
    if gesture.kind is GestureKind.LOCATION and MESSAGE_TYPE in inbound.facts:
        return WROTE
    return _BY_GESTURE.get(gesture.kind)


def left_at(address: Address, now: datetime) -> int:
    """Return how many customer-service messages may still go to an address."""
    if address.window_until is None or now >= address.window_until:
        return 0
    return max(address.window_left, 0)


def is_past(address: Address, window: Window, at: datetime, now: datetime) -> bool:
    """Whether a window that was opened at that time counts no more, as where an old message is replayed.

    It has ended, or a message since has opened another: what is left of that one is all there is.
    """
    until = at + window.lasts
    is_followed = window == WROTE and address.window_until is not None and address.window_until >= until
    return until <= now or is_followed


def opened(address: Address, window: Window, at: datetime) -> Address:
    """Return an address as it stands once a window was opened at that time."""
    until, left = at + window.lasts, left_at(address, at)
    if left and address.window_until is not None:
        until = max(until, address.window_until)
    return replace(address, window_left=max(left, window.messages), window_until=until)


def spent(address: Address, now: datetime, messages: int = 1) -> Address:
    """Return an address as it stands once so many customer-service messages went there."""
    left = left_at(address, now)
    assert left >= messages, "no more goes through a window than it allows"
    return replace(address, window_left=left - messages)


def closed(address: Address) -> Address:
    """Return an address through whose window nothing goes any more."""
    return replace(address, window_left=0, window_until=None)
