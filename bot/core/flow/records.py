"""All that is stored of a contact and a flow, as it is now or as far as it was known at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.contact import Contact, JsonValue
from bot.core.flow.evaluations import Evaluation
from bot.core.flow.run import Run
from bot.core.messages import OutboxState


@dataclass(frozen=True, slots=True)
class Written:
    """A message of the flow, and what became of it."""

    id: str
    step: str
    channel: str
    state: OutboxState
    reason: str | None
    explanation: str | None
    created_at: datetime
    due_at: datetime
    handed_at: datetime | None
    state_at: datetime
    run: str
    variant: str


@dataclass(frozen=True, slots=True)
class Walked:
    """A run, and when it last changed; `is_later`: since the instant that is asked about."""

    run: Run
    changed_at: datetime
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """All that is stored of a contact and a flow, the newest first.

    `events` holds the newest of each event that starts the flow; `texts` are the contact's latest messages.
    `at` is the instant that it is of; None: now.
    """

    contact: Contact
    runs: tuple[Walked, ...] = ()
    messages: tuple[Written, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    events: Mapping[str, tuple[datetime, Mapping[str, JsonValue]]] = field(default_factory=dict)
    texts: tuple[tuple[datetime, str], ...] = ()
    at: datetime | None = None

    def evaluated(self, step: str) -> Evaluation | None:
        """What was last decided there; None where nothing was recorded."""
        return next((one for one in self.evaluations if one.step == step), None)


def as_of(record: Record, at: datetime) -> Record:
    """Return what had happened by an instant; `record` holds no event and no text of later.

    Of a run that has moved since, only what its steps recorded says where it stood.
    """
    evaluations = [
        one if one.seen_at <= at else replace(one, last_at=one.at, facts={})
        for one in record.evaluations
        if one.at <= at
    ]
    return replace(
        record,
        runs=tuple(
            replace(one, is_later=one.changed_at > at) for one in record.runs if one.run.started_at <= at
        ),
        messages=tuple(_stood(one, at) for one in record.messages if one.created_at <= at),
        evaluations=tuple(sorted(evaluations, key=lambda one: one.seen_at, reverse=True)),
        at=at,
    )


def _stood(message: Written, at: datetime) -> Written:
    if message.state_at <= at:
        return message
    is_handed = message.handed_at is not None and message.handed_at <= at
    return replace(
        message,
        state=OutboxState.SENT if is_handed else OutboxState.QUEUED,
        reason=None,
        explanation=None,
        handed_at=message.handed_at if is_handed else None,
    )
