"""The seam every way out implements: send one message, or say by an error's type what to do about it.

SendError
├── SendLater (RetryLater)        busy or unreachable: not accepted, the same send may succeed later
│   ├── SenderSlowed              this sender is too fast: let it rest, whatever it has to send
│   ├── DailyLimitReached         the brand has sent enough for today: its rest waits for the next day
│   ├── AccountSpent              the account may ask for nothing more today: all of it waits for the next day
│   ├── ProviderUnreachable       nobody answers there: count it, and stop knocking after some
│   ├── WayShut                   not this way: correct what we believed of it, then choose another at once
│   │   ├── WindowClosed          the contact has not written lately: its window is over
│   │   ├── WindowUsedUp          it was answered as often as its window allows
│   │   └── NoGrant               it has not (or no longer) granted a message of this template
│   └── OperatorNeeded            our account or settings are wrong: later, once someone has mended them
│       └── NotRegistered         the sender may not do this before it is registered, or allowed to
├── SendNever (NeverRetry)        this message can never go out
│   ├── ContactStopped            the contact told the provider to stop: write it to the consent log
│   │   └── NotFollowing          it follows the account no longer: the same, until it follows again
│   ├── AddressUnusable           nothing can reach this address: stop using it
│   ├── NoticeWrong               a template, a field of it or its page is wrong: a marketer must correct it
│   ├── SentInPart                its beginning left and its rest never will: do not say it again
│   └── Filtered                  its content was refused: an operator should look before more is sent
└── OutcomeUnknown                handed over, answer lost: find out before anything is sent again
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from bot.core.errors import NeverRetry, RegularsError, RetryLater
from bot.core.gate import Cleared
from bot.core.messages import OutboxState
from bot.core.pacing import Again, Rests

HAND_OVERS_MAX = 6
"""How often one message is handed over at most, unless what came back says otherwise."""
_MENDED_AFTER = timedelta(minutes=5)
_CHOSEN_ANEW_AFTER = timedelta(milliseconds=1)  # none at all would count as not said


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken the message; `segments` is None while it has not counted them.

    `not_adorned` is why something that only adorns it was not taken, None: nothing was refused.
    """

    provider_id: str
    state: OutboxState
    segments: int | None = None
    not_adorned: "SendError | None" = None


class SendError(RegularsError):
    """A message was not sent, or may not have been; `code` is the provider's, `after` how long to wait.

    The text names neither the contact nor the message, so that it can be logged and shown.
    """

    def __init__(
        self, reason: str, *, code: int | None = None, after: timedelta | None = None, most: int | None = None
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.after = after
        self.most = most

    @property
    def again(self) -> Again | None:
        """When to try again; None where it must not be."""
        return None


class SendLater(SendError, RetryLater):
    """Not accepted now; the same send may succeed later, handed over `most` times at most."""

    @property
    def again(self) -> Again:
        """When to try again."""
        return Again(self.after, self.most or HAND_OVERS_MAX)


class SenderSlowed(SendLater):
    """Not accepted because its sender sends too fast; `after` is when the provider wants to hear from it."""

    @property
    def again(self) -> Again:
        """When to try again: it is not the message's fault."""
        return Again(self.after, None, Rests.SENDER)


class DailyLimitReached(SendLater):
    """The carrier's daily limit of the brand is reached: resumes at midnight, Pacific time."""

    @property
    def again(self) -> Again:
        """When to try again: tomorrow."""
        return Again(None, None, Rests.BRAND)


class AccountSpent(SendLater):
    """The account has used up what the platform lets it ask for in a day: resumes at midnight in Beijing."""

    @property
    def again(self) -> Again:
        """When to try again: tomorrow."""
        return Again(None, None, Rests.ACCOUNT)


class ProviderUnreachable(SendLater):
    """Nobody answered before anything was handed over."""

    @property
    def again(self) -> Again:
        """When to try again: it is not the message's fault."""
        return Again(self.after, None, Rests.CHANNEL)


class WayShut(SendLater):
    """Not accepted this way, which we believed open: once our belief is corrected, another may be."""

    @property
    def again(self) -> Again:
        """When to try again: at once, as the way is chosen anew."""
        return Again(self.after or _CHOSEN_ANEW_AFTER, self.most or HAND_OVERS_MAX)


class WindowClosed(WayShut):
    """The contact has not written lately enough for an answer of this kind."""


class WindowUsedUp(WayShut):
    """The contact was sent as many messages as its window allows."""


class NoGrant(WayShut):
    """The contact has granted no (further) message of this template."""


class OperatorNeeded(SendLater):
    """Not accepted because our account or settings are wrong: it may succeed once they are mended."""

    @property
    def again(self) -> Again:
        """When to try again."""
        return Again(self.after or _MENDED_AFTER, None)


class NotRegistered(OperatorNeeded):
    """The sender is not registered for this traffic, or the account not allowed to send there."""


class SendNever(SendError, NeverRetry):
    """This message can never go out."""


class ContactStopped(SendNever):
    """The provider blocks us because the contact said stop, perhaps to it and not to us."""


class NotFollowing(ContactStopped):
    """The contact does not follow the account (any more)."""


class AddressUnusable(SendNever):
    """No message can reach this address."""


class NoticeWrong(SendNever):
    """A template, one of its fields or the page it opens is wrong; the text names which."""


class SentInPart(SendNever):
    """It takes several of the provider's messages, and one after the first was refused, as its cause says."""


class Filtered(SendNever):
    """A carrier refused the content; more of the same would cost the sender its standing."""


class OutcomeUnknown(SendError):
    """The provider may have taken the message: the answer was lost after the request was handed over."""


class Channel(Protocol):
    """A way out to contacts."""

    @property
    def name(self) -> str:
        """The channel part of the addresses it sends to: `sms`, `wechat`, `console`."""

    async def send(self, cleared: Cleared) -> Sent:
        """Hand one message to the provider, once.

        Raises:
            SendError: its subclass says what to do.
        """

    async def close(self) -> None:
        """Let go of connections; nothing is sent afterwards."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One of our messages as its provider has it.

    `senders` are the names it may be known under: a number, a messaging service. `body` is empty where the
    provider keeps no texts; `segments` is None while it has not counted them.
    """

    provider_id: str
    senders: tuple[str, ...]
    body: str
    media: int
    created_at: datetime
    state: OutboxState
    segments: int | None = None
    error: SendError | None = None


@runtime_checkable
class Lookup(Protocol):
    """A channel whose provider can be asked which messages it has taken."""

    async def taken(self, channel: str, address: str, since: datetime) -> list[Listed]:
        """List what it took for an address since then, oldest first; its latest may still be missing.

        Raises:
            SendError: it could not be asked, or its answer not be read to the end.
        """
