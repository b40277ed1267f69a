"""Triggers: what makes a turn, each with the key that makes it happen once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.contact import Event, JsonValue
from bot.core.messages import Inbound
from bot.core.quickly import quickly_made

LATE = timedelta(hours=24)
"""What is told later than this after it happened counts, and starts no flow."""


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
    OPERATION = "operation"  # the shop or an operator asks for something, and waits for its result
    FALLBACK = "fallback"  # a message had no way left on its channel: another may say it
    GRANT = "grant"  # rights to send subscribe messages were given or taken away
    JOINED = "joined"  # another contact turned out to be this one
    DESK = "desk"  # a person of the shop took the contact over or gave it back, or nobody said a word
    HANDED = "handed"  # a message for which a run stands still was handed over, held, refused, or failed
    RELAY = "relay"  # a turn of another contact has something for this one; never decided itself


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
    digest: str | None = None
    """Of a request that brought its own key: with another digest it is another request."""


def relay(contact_id: str, trigger: Trigger) -> Trigger:
    """Return the trigger by which a turn leaves another contact a trigger; `relayed` reads it back."""
    payload: dict[str, JsonValue] = {
        "contact": contact_id,
        "key": trigger.key,
        "kind": trigger.kind.value,
        "payload": dict(trigger.payload),
    }
    return Trigger(f"relay:{contact_id}:{trigger.key}", TriggerKind.RELAY, trigger.at, payload)


def relayed(stored: Trigger) -> tuple[str, Trigger]:
    """Return whom a relay is for, and the trigger it carries."""
    inner = stored.payload["payload"]
    assert isinstance(inner, dict), "a trigger has a payload"
    kind, event = TriggerKind(str(stored.payload["kind"])), None
    if kind is TriggerKind.EVENT:
        properties = inner.get("properties", {})
        assert isinstance(properties, dict), "properties are by name"
        event = Event(name=str(inner["name"]), at=stored.at, properties=properties)
    trigger = Trigger(str(stored.payload["key"]), kind, stored.at, inner, event=event)
    return str(stored.payload["contact"]), trigger
