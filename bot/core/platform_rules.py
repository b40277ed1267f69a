"""Rules of WeChat's platform that a loyalty program can break, each with its number and where it is written.

Breaking one costs an account its functions, up to a permanent ban. They are asked when flows are checked, and
again when a turn would break one.
"""

from dataclasses import dataclass

from bot.core.gestures import Gesture, GestureKind
from bot.core.messages import MessageClass

SOURCE = "https://developers.weixin.qq.com/miniprogram/product/"
"""The operating rules of mini programs, which WeChat also applies to official accounts."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by its number, and what it forbids."""

    number: str
    forbids: str

    def __str__(self) -> str:
        """What is said where it is broken."""
        return f"WeChat's platform rule {self.number} forbids {self.forbids} ({SOURCE})"


SHARING = Rule("5.1", "rewards for sharing")
SHARING_BY_CHANCE = Rule("5.1.6", "rewards for sharing that are left to chance")
LEVELS = Rule("5.9", "rewards for the friends of friends: one level is the most")
SERVICE_WINDOW = Rule("5.15.3", "selling in the customer-service window to who asked for nothing")
SUBSCRIBING = Rule("5.21", "rewards for following, subscribing or clicking")
LOTTERY = Rule("3.2.8.9", "lotteries in a mini program")
RULES = (SHARING, SHARING_BY_CHANCE, LEVELS, SERVICE_WINDOW, SUBSCRIBING, LOTTERY)

CHANCE = frozenset({"spin"})
"""Handlers that leave it to chance what is given."""
GIVING = frozenset({"checkin", "enroll", "invited"}) | CHANCE
"""Handlers that give credit for nothing but being there."""
BRINGS = frozenset({GestureKind.FOLLOW, GestureKind.SCAN})
"""Gestures that make a follower: scanning does where the contact was none."""
UNASKED = frozenset({GestureKind.FOLLOW, GestureKind.ENTER, GestureKind.LOCATION, GestureKind.VIEW})
"""Gestures that open the customer-service window and ask for nothing."""


def sells_unasked(gesture: Gesture | None, message_class: MessageClass) -> bool:
    """Whether a message sells to who only opened the window: it is no answer then, and asks for consent."""
    return message_class is MessageClass.MARKETING and gesture is not None and gesture.kind in UNASKED
