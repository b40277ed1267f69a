"""Frequency caps: at most so many messages in so many of the contact's calendar days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.messages import MessageClass, Outgoing

COUNTED_CLASSES = frozenset({MessageClass.SERVICE, MessageClass.MARKETING})
"""What caps can name and count; what answers the contact is neither."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many messages of one kind a contact was sent on one of its calendar days."""

    message_class: MessageClass
    tag: str | None
    channel: str
    on: date
    messages: int


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` messages in `days` calendar days, of all that fit what it names (None: any)."""

    most: int
    days: int
    message_class: MessageClass | None = None
    tag: str | None = None
    channel: str | None = None

    def covers(self, message: Outgoing | Counted) -> bool:
        """Whether it speaks of such a message."""
        return (
            message.message_class in COUNTED_CLASSES
            and self.message_class in {None, message.message_class}
            and self.tag in {None, message.tag}
            and self.channel in {None, message.channel}
        )

    def free_on(self, counts: Iterable[Counted], day: date) -> date:
        """Return the first day from `day` on that has room for one more, if nothing else is sent until then.

        Days are counted as they were written down: who has moved west may have some ahead, and they count.
        """
        covered = sorted(((one.on, one.messages) for one in counts if self.covers(one)), reverse=True)
        sent = 0
        for on, messages in covered:
            sent += messages
            if sent >= self.most:
                return max(day, on + timedelta(days=self.days))
        return day

    def __str__(self) -> str:
        """As an operator reads it: `at most 2 marketing messages tagged sale in 7 days`."""
        kind = f"{self.message_class} " if self.message_class else ""
        noun = "message" if self.most == 1 else "messages"
        tag = f" tagged {self.tag}" if self.tag else ""
        channel = f" on {self.channel}" if self.channel else ""
        days = "a day" if self.days == 1 else f"in {self.days} days"
        return f"at most {self.most} {kind}{noun}{tag}{channel} {days}"
