"""How many customer-service messages an account may send a person: one window for each kind of cause.

https://developers.weixin.qq.com/doc/subscription/guide/product/kf/intro.md and, for mini programs,
https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage.
They do not add up: a new cause of the same kind makes its window whole again. Here each kind has a window of
its own, the strictest reading: what is open longer is used last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.demo.wechat.errors import OUT_OF_WINDOW, OVER_QUOTA, PlatformError


class Cause(Enum):
    """What a person did: how many messages that allows, and for how long."""

    WROTE = (5, timedelta(hours=48))
    TAPPED = (3, timedelta(minutes=1))  # the menu, a menu message's option; followed; scanned a code
    ENTERED = (2, timedelta(minutes=1))  # a mini program's customer service

    @property
    def messages(self) -> int:
        """How many it allows."""
        return self.value[0]

    @property
    def lasts(self) -> timedelta:
        """For how long."""
        return self.value[1]


@dataclass(slots=True)
class _Window:
    left: int
    until: datetime


class Windows:
    """The windows of one person in one account."""

    def __init__(self) -> None:
        self._open: dict[Cause, _Window] = {}

    def open(self, cause: Cause, at: datetime) -> None:
        """Make the window of a cause whole."""
        self._open[cause] = _Window(cause.messages, at + cause.lasts)

    def close(self) -> None:
        """Shut them all, as when the person leaves."""
        self._open.clear()

    def left(self, now: datetime) -> int:
        """Return how many messages may go now."""
        return sum(window.left for window in self._open.values() if now < window.until)

    def until(self, now: datetime) -> datetime | None:
        """Return until when the longest one is open that has something left."""
        return max((one.until for one in self._open.values() if now < one.until and one.left), default=None)

    def spend(self, now: datetime) -> None:
        """Count one message, of the window that ends soonest.

        Raises:
            PlatformError: none is open, or nothing is left in any.
        """
        still_open = sorted(
            (one for one in self._open.values() if now < one.until), key=lambda one: one.until
        )
        if not still_open:
            raise PlatformError(OUT_OF_WINDOW)
        window = next((one for one in still_open if one.left), None)
        if window is None:
            raise PlatformError(OVER_QUOTA)
        window.left -= 1
