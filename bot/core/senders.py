"""Sender pools: which of our own numbers a message may come from, and how fast they may send."""

from dataclasses import dataclass
from zlib import crc32

from bot.core.phone import region_of

_AREA_CHARACTERS = len("+1212")
"""What numbers of one area have in common in North America, and nearly elsewhere."""

MAIN = "main"
"""The pool of whatever names none."""


@dataclass(frozen=True, slots=True)
class SenderPool:
    """Numbers that stand for one another, or a messaging service that chooses one itself.

    `segments_per_second` is what each number may send; `segments_per_day` what all of the brand's may from
    midnight to midnight Pacific (None: no such bound). Exactly one of `numbers` and `messaging_service` is
    given.
    """

    name: str
    numbers: tuple[str, ...] = ()
    messaging_service: str | None = None
    segments_per_second: float = 1.0
    segments_per_day: int | None = None

    @property
    def senders(self) -> tuple[str, ...]:
        """What a message can be sent from: its numbers, or the messaging service alone."""
        return (self.messaging_service,) if self.messaging_service is not None else self.numbers

    def sender(self, known: str | None, address: str = "") -> str:
        """Return `known` where it is one of the pool, so that a conversation stays one; else the nearest.

        A number of the address's own area goes before one of its country, and those before the others;
        among equals addresses are spread evenly, each always to the same.
        """
        if known is not None and known in self.senders:
            return known
        if len(self.senders) == 1:
            return self.senders[0]
        start = crc32(address.encode()) % len(self.numbers)
        turned = (*self.numbers[start:], *self.numbers[:start])
        return max(turned, key=lambda number: _nearness(number, address))


def _nearness(number: str, address: str) -> int:
    """2 for the same area code, 1 for the same country, else 0."""
    if region_of(number) != region_of(address):
        return 0
    return 1 + (number[:_AREA_CHARACTERS] == address[:_AREA_CHARACTERS])
