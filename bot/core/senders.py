"""Sender pools: which of our own numbers a message may come from, and how fast they may send."""

from dataclasses import dataclass

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

    def sender(self, known: str | None) -> str:
        """Return `known` where it is one of the pool, so that a conversation stays one; else its first."""
        return known if known is not None and known in self.senders else self.senders[0]
