"""What a push of WeChat's means to us."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.messages import Inbound, OutboxState


@dataclass(frozen=True, slots=True)
class Said:
    """A contact wrote, or made a gesture."""

    inbound: Inbound


@dataclass(frozen=True, slots=True)
class GrantChange:
    """What became of the right to send one template: one more where it was `accepted`, none left if not."""

    template_id: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Granted:
    """A contact was asked for rights to send subscribe messages, or took some back in its settings.

    `key` is the same on every retry of the push. `asked` says that a popup did; in its settings a contact
    can only reject (what it accepts there is not pushed).
    """

    key: str
    account: str
    address: str
    asked: bool
    changes: tuple[GrantChange, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """How far one of our subscribe or template messages has come, by the id it was taken under.

    `error_code` and `reason` are the platform's, None and empty where it arrived; `template_id` is None where
    the push does not say it.
    """

    key: str
    account: str
    address: str
    provider_id: str
    template_id: str | None
    state: OutboxState
    error_code: int | None
    reason: str
    at: datetime


class DeskStep(StrEnum):
    """What happened between a contact and the people of the shop in WeChat's own customer service."""

    OPENED = "opened"
    SWITCHED = "switched"  # to another of them
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A person of the shop took a contact over, gave it to another, or gave it back; `agent` has it now."""

    key: str
    account: str
    address: str
    step: DeskStep
    agent: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Nothing that concerns us; `kind` is the push's, cleaned so that it can be logged and counted."""

    kind: str
    why: str


Push = Said | Granted | Reported | HandedOver | PassedOver
