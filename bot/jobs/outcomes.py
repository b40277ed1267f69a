"""What a provider's answer means for a message, and what it says of its address."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.channels.channel import (
    AddressUnusable,
    ContactStopped,
    Filtered,
    NotFollowing,
    OperatorNeeded,
    SendError,
    Sent,
    SentInPart,
    WayShut,
)
from bot.conversation.receipts import Receipt, address_report
from bot.core.handing_over import Became, tell
from bot.core.messages import OutboxState
from bot.core.triggers import Trigger
from bot.jobs.ways import NotTaken, said_elsewhere
from bot.storage.outbox import Claimed, Outcome

_TRIES = 6
_GIVES_UP_AFTER = timedelta(days=1)
"""A message whose refusals are not its own fault is tried at least `_TRIES` times and for so long."""
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a message; `error` is what the provider said, `follow_ups` what follows from it.

    `carried` is what became of those that left in it; no run stands at one of them. `not_taken` is set where
    the provider has not taken it, or not what adorns it, because its way was shut.
    """

    outcome: Outcome
    error: SendError | None = None
    follow_ups: tuple[Trigger, ...] = ()
    not_taken: NotTaken | None = None
    carried: tuple[Outcome, ...] = ()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Of all that was handed over at once."""
        return self.outcome, *self.carried


def taken(claimed: Claimed, sent: Sent, handed_at: datetime, now: datetime) -> Answered:
    """Say of a message that the provider has it."""
    refused_rest = None
    if isinstance(sent.not_adorned, WayShut):  # the text has left, and tells of the way it went all the same
        in_part = SentInPart(str(sent.not_adorned))
        in_part.__cause__ = sent.not_adorned
        refused_rest = NotTaken(claimed, handed_at, in_part)
    outcome = Outcome(
        claimed.message,
        sent.state,
        now,
        provider_id=sent.provider_id,
        segments=sent.segments,
        handed_at=handed_at,
    )
    return Answered(
        outcome,
        follow_ups=(*tell(claimed.message, Became.HANDED, handed_at),),
        not_taken=refused_rest,
        carried=_alike(claimed, outcome),
    )


def unknown(claimed: Claimed, error: SendError, handed_at: datetime, now: datetime) -> Answered:
    """Say of a message that it may have left."""
    _logger.warning("send_unknown", message=claimed.message.id)
    outcome = Outcome(claimed.message, OutboxState.UNKNOWN, now, reason=str(error), handed_at=handed_at)
    told = (*tell(claimed.message, Became.HANDED, handed_at),)
    return Answered(outcome, error, told, carried=_alike(claimed, outcome))


def refused(claimed: Claimed, error: SendError, handed_at: datetime, now: datetime) -> Answered:
    """Say of a message that the provider did not take whether it is tried again."""
    if isinstance(error, (OperatorNeeded, Filtered)):
        _logger.error("operator_needed", reason=str(error), code=error.code)
    outcome = _refused(claimed, error, handed_at, now)
    carried = [_refused(one, error, handed_at, now) for one in claimed.carries]
    carried = [
        replace(one, due_at=max(one.due_at, outcome.due_at)) for one in carried
    ]  # they keep their order
    elsewhere = [
        trigger
        for one, became in zip((claimed, *claimed.carries), (outcome, *carried), strict=True)
        if (trigger := said_elsewhere(one, error, became.state, now)) is not None
    ]
    report = _report(claimed, error, now)
    told = (*([report] if report is not None else []), *elsewhere)
    if outcome.state is OutboxState.FAILED and not elsewhere:  # else that turn tells the run
        told = (*told, *tell(claimed.message, Became.FAILED, now))
    return Answered(outcome, error, told, NotTaken(claimed, handed_at, error), tuple(carried))


def _refused(claimed: Claimed, error: SendError, handed_at: datetime, now: datetime) -> Outcome:
    """Whether it is tried again, as often as it was tried before."""
    again, hand_overs = error.again, claimed.attempts + 1
    state, due_at = OutboxState.FAILED, now
    if again is not None and not _is_enough(again.most, hand_overs, now - (claimed.tried_since or now)):
        state, due_at = OutboxState.QUEUED, again.at(hand_overs, now)
    code = str(error.code) if error.code else None
    return Outcome(claimed.message, state, due_at, reason=str(error), error_code=code, handed_at=handed_at)


def _alike(claimed: Claimed, outcome: Outcome) -> tuple[Outcome, ...]:
    return tuple(replace(outcome, message=one.message) for one in claimed.carries)


def _is_enough(most: int | None, hand_overs: int, age: timedelta) -> bool:
    if most is None:
        return hand_overs >= _TRIES and age > _GIVES_UP_AFTER
    return hand_overs >= most


def _report(claimed: Claimed, error: SendError, now: datetime) -> Trigger | None:
    """What the error says of the address; None where it speaks of the message alone."""
    if not isinstance(error, (ContactStopped, AddressUnusable)):
        return None
    message = claimed.message
    receipt = Receipt(
        contact_id=message.contact_id,
        message_id=message.id,
        provider=message.channel,
        provider_id="",
        state=OutboxState.FAILED,
        # Whoever follows again can be reached again, without a START.
        stopped=isinstance(error, ContactStopped) and not isinstance(error, NotFollowing),
        unusable=isinstance(error, (AddressUnusable, NotFollowing)),
    )
    return address_report(receipt, message.channel, message.address, str(error), now)
