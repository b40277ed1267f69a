"""Messages as the core sees them: what came in, what shall go out, and how far it got."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.core.forms import Form
from bot.core.gestures import Gesture
from bot.core.quickly import quickly_made

ANSWER_WITHIN = timedelta(seconds=10)
"""How long a webhook may take to answer: https://www.twilio.com/docs/usage/webhooks says 15 seconds."""


class Direction(StrEnum):
    """Which way a message goes."""

    INBOUND = "inbound"
    OUTGOING = "outgoing"


class MessageClass(StrEnum):
    """Why a message may leave at all; the gate, `bot.core.gate`, asks each class other things."""

    REQUIRED = "required"  # the replies to STOP and HELP that the law and the carriers ask for
    REPLY = "reply"  # answers an inbound: no subscription needed, no quiet hours, never after STOP
    SERVICE = "service"  # about something the contact has with us: an order, credit that expires
    MARKETING = "marketing"  # everything that sells


class Lane(IntEnum):
    """Which messages leave first: a lower lane before a higher one, whatever waits there."""

    REQUIRED = 0
    REPLY = 1
    SERVICE = 2
    BULK = 3


_LANES = {
    MessageClass.REQUIRED: Lane.REQUIRED,
    MessageClass.REPLY: Lane.REPLY,
    MessageClass.SERVICE: Lane.SERVICE,
    MessageClass.MARKETING: Lane.BULK,
}


class OutboxState(StrEnum):
    """Where an outgoing message stands.

        held ⇄ queued → sending → sent → delivered | undelivered | failed
                           └→ unknown: handed over, the provider's answer lost

    Beside them `canceled` (by us) and `refused` (by the gate, with its unsendable reason).
    """

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUSED = "refused"

    @property
    def rank(self) -> int:
        """How far the message got; reports may only raise it."""
        return _RANKS[self]

    @property
    def is_final(self) -> bool:
        """Whether nothing that is reported can change the state any more."""
        return _RANKS[self] == _FINAL


_FINAL = 4
_RANKS = {
    OutboxState.QUEUED: 0,
    OutboxState.HELD: 0,
    OutboxState.SENDING: 1,
    OutboxState.UNKNOWN: 2,  # a later `sent` resolves it, a late `sending` says nothing new
    OutboxState.SENT: 3,
    OutboxState.DELIVERED: _FINAL,
    OutboxState.UNDELIVERED: _FINAL,
    OutboxState.FAILED: _FINAL,
    OutboxState.CANCELED: _FINAL,
    OutboxState.REFUSED: _FINAL,
}


def advance(current: OutboxState, reported: OutboxState) -> OutboxState:
    """Return the state after a report: it rises or stays.

    Providers report over HTTP, in any order and more than once: a late `sent` must not hide
    `delivered`, and of two final reports the first holds.
    """
    return reported if _RANKS[reported] > _RANKS[current] else current


class UnsendableReason(StrEnum):
    """Why a message must not go out, now or ever."""

    UNSUBSCRIBED = "unsubscribed"  # not subscribed to the message's group
    UNCONFIRMED = "unconfirmed"  # a double opt-in still waits for its YES
    STOPPED = "stopped"  # the address said STOP, to us or to the provider
    SUPPRESSED = "suppressed"  # the address of an erased person who had said STOP
    UNUSABLE_ADDRESS = "unusable_address"  # a landline, a number that does not exist
    NO_ADDRESS = "no_address"
    NO_GRANT = "no_grant"  # WeChat: no right to send this kind of message left
    NO_WINDOW = "no_window"  # WeChat: the contact has not written lately, or was answered often enough
    EMPTY = "empty"
    TOO_LONG = "too_long"
    EXPIRED = "expired"  # no longer worth saying
    QUIET_HOURS = "quiet_hours"
    CAPPED = "capped"
    SNOOZED = "snoozed"  # the contact asked for silence until then
    CLARIFYING = "clarifying"  # it may be about to opt out, and was asked what it meant
    PREFERRED_HOURS = "preferred_hours"  # it asked for other hours
    HELD_BY_OPERATOR = "held_by_operator"


@dataclass(frozen=True, slots=True)
class Origin:
    """The run that wrote a message: of which revision, as which arms of experiments (`step_figure.variant`).

    `wakes`: the run stands still until the message is handed over, refused or failed.
    """

    run: str
    revision: int
    variant: str = ""
    wakes: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a contact, before the gate has spoken; `body` is all of it, whatever `form` adds.

    `key` is unique per contact, so that the same cause sends once. `group` is the subscription group it
    belongs to, `tag` a word of the marketer's that frequency caps can name; `flow` and `step` say who wrote
    it. It is worth sending from `due_at` until `valid_until` (exclusive; None: always). `only_here`: its step
    names its channel, so that no other says it where this one cannot.
    """

    id: str
    contact_id: str
    channel: str
    address: str
    sender: str
    message_class: MessageClass
    group: str | None
    body: str
    media: tuple[str, ...]
    key: str
    flow: str
    step: str
    due_at: datetime
    valid_until: datetime | None
    language: str
    tag: str | None = None
    form: Form | None = None
    only_here: bool = False
    origin: Origin | None = None

    @property
    def is_plain(self) -> bool:
        """Whether text alone shows all that it is."""
        return not self.media and (self.form is None or not (self.form.options or self.form.card))

    @property
    def lane(self) -> Lane:
        """How urgent it is, by its class."""
        return _LANES[self.message_class]


@quickly_made
@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from a contact as its provider handed it to us.

    `provider_id` is the provider's name for it, the same on every retry. `address` is the contact's
    (E.164 on sms), `to` the one of ours it was sent to. `opt_out_type` is what the provider made of
    it (`STOP`, `START`, `HELP`), None when it said nothing. `gesture` is what the contact did instead of
    writing; `text` is empty then. `answer_within` is how long an answer may go back in the response to the
    provider's request; None: nothing can be answered there. `facts` are further things it told.
    """

    provider: str
    provider_id: str
    channel: str
    address: str
    to: str
    text: str
    received_at: datetime
    media: tuple[str, ...] = ()
    opt_out_type: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    gesture: Gesture | None = None
    answer_within: timedelta | None = ANSWER_WITHIN
