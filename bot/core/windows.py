"""Windows: how many customer-service messages may still go to a WeChat address, and until when.

Each message or tap of a contact opens one; they do not add up, and one that lasts longer stays beside it
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
    return max(left for left, _ in _open(address, now))


def closes_at(address: Address) -> datetime | None:
    """Return when the last window of an address closes, or closed; None: there never was one."""
    ends = (address.window_until, address.tapped_until)
    return max((end for end in ends if end is not None), default=None)


def open_until(address: Address, now: datetime) -> datetime | None:
    """Return until when the most messages that may still go there may; None: none may."""
    left, until = max(_open(address, now), key=lambda one: one[0])
    return until if left else None


def _open(address: Address, now: datetime) -> tuple[tuple[int, datetime | None], tuple[int, datetime | None]]:
    """What is left of the window of what was written and of what was tapped, and until when."""
    written, tapped = address.window_until, address.tapped_until
    return (
        (max(address.window_left, 0) if written is not None and now < written else 0, written),
        (max(address.tapped_left, 0) if tapped is not None and now < tapped else 0, tapped),
    )


def is_past(address: Address, window: Window, at: datetime, now: datetime) -> bool:
    """Whether a window that was opened at that time counts no more, as where an old message is replayed.

    It has ended, or a message since has opened another: what is left of that one is all there is.
    """
    until = at + window.lasts
    is_followed = window == WROTE and address.window_until is not None and address.window_until >= until
    return until <= now or is_followed


def opened(address: Address, window: Window, at: datetime) -> Address:
    """Return an address as it stands once a window was opened at that time.

    That of a tap opens beside the one that lasts: what is more in it is more for its minute alone.
    """
    (written_left, written_until), (tapped_left, tapped_until) = _open(address, at)
    if window == WROTE:
        until = max(at + window.lasts, written_until or at)
        return replace(address, window_left=max(written_left, window.messages), window_until=until)
    until = max(at + window.lasts, tapped_until if tapped_left and tapped_until is not None else at)
    return replace(address, tapped_left=max(tapped_left, window.messages), tapped_until=until)


def spent(address: Address, now: datetime, messages: int = 1) -> Address:
    """Return an address as it stands once so many customer-service messages went there.

    They count in the window that ends first, as far as it goes.
    """
    assert left_at(address, now) >= messages, "no more goes through a window than it allows"
    _, (tapped, _) = _open(address, now)
    of_tap = min(tapped, messages)
    return replace(
        address,
        window_left=max(address.window_left - (messages - of_tap), 0),
        tapped_left=address.tapped_left - of_tap,
    )


def closed(address: Address) -> Address:
    """Return an address through whose window nothing goes any more."""
    return replace(address, window_left=0, window_until=None, tapped_left=0, tapped_until=None)
