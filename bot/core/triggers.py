"""Triggers: what makes a turn, each with the key that makes it happen once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.contact import Event, JsonValue
from bot.core.messages import Inbound
from bot.core.quickly import quickly_made


class TriggerKind(StrEnum):
    """What caused a turn."""

    INBOUND = "inbound"
    TIMER = "timer"
    EVENT = "event"
    SCHEDULE = "schedule"
    CREDIT_EXPIRING = "credit_expiring"
    NOTICED = "noticed"  # a notice reached the contact: its lots end as announced
    EXPIRY = "expiry"  # lots past their end are moved to breakage
    SILENCE = "silence"  # nobody answered what an unclear revocation meant: it is one
    ADDRESS_REPORT = "address_report"  # a provider says that an address stopped or cannot be reached
    CALL_ANSWERED = "call_answered"
    START = "start"  # a flow started by the API, an operator or another turn


@quickly_made
@dataclass(frozen=True, slots=True)
class Trigger:
    """A cause to speak or go on, for one contact.

    `key` is unique per contact: claimed in the transaction that does the work, so that the same
    cause has one effect however often it arrives. `payload` is plain JSON, enough to run the turn
    again; `inbound` and `event` are its parsed forms when the trigger is one of those.
    """

    key: str
    kind: TriggerKind
    at: datetime
    payload: Mapping[str, JsonValue] = field(default_factory=dict)
    inbound: Inbound | None = None
    event: Event | None = None
