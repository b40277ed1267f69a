"""The seam every way out implements: send one message, or say by an error's type what to do about it.

SendError
├── SendLater (RetryLater)        busy or unreachable: not accepted, the same send may succeed later
│   └── OperatorNeeded            our account or settings are wrong: later, once someone has mended them
├── SendNever (NeverRetry)        this message can never go out
│   ├── ContactStopped            the contact told the provider to stop: write it to the consent log
│   └── AddressUnusable           nothing can reach this address: stop using it
└── OutcomeUnknown                handed over, answer lost: find out before anything is sent again
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.core.errors import NeverRetry, RegularsError, RetryLater
from bot.core.messages import OutboxState, Outgoing


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken the message; `segments` is None while it has not counted them."""

    provider_id: str
    state: OutboxState
    segments: int | None = None


class SendError(RegularsError):
    """A message was not sent, or may not have been; `code` is the provider's, `after` how long to wait.

    The text names neither the contact nor the message, so that it can be logged and shown.
    """

    def __init__(self, reason: str, *, code: int | None = None, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.after = after


class SendLater(SendError, RetryLater):
    """Not accepted now; the same send may succeed later."""


class OperatorNeeded(SendLater):
    """Not accepted because our account or settings are wrong: it may succeed once they are mended."""


class SendNever(SendError, NeverRetry):
    """This message can never go out."""


class ContactStopped(SendNever):
    """The provider blocks us because the contact said stop, perhaps to it and not to us."""


class AddressUnusable(SendNever):
    """No message can reach this address."""


class OutcomeUnknown(SendError):
    """The provider may have taken the message: the answer was lost after the request was handed over."""


class Channel(Protocol):
    """A way out to contacts."""

    @property
    def name(self) -> str:
        """The channel part of the addresses it sends to: `sms`, `wechat`, `console`."""

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hand one message to the provider, once.

        Raises:
            SendError: its subclass says what to do.
        """

    async def close(self) -> None:
        """Let go of connections; nothing is sent afterwards."""
