"""What of tracked messages needs a turn: triggers that are stored with them, and handled within a second.

Nothing here moves credit or says anything. What came late, or long ago, starts nothing.
"""

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Self

from bot.conversation.decide import Decisions
from bot.conversation.tracking.after_turns import session_trigger
from bot.conversation.tracking.handed import Told
from bot.core.contact import JsonValue
from bot.core.deeds.tracked import IDENTIFY
from bot.core.own_events import OURS
from bot.core.past import REWARD_USED
from bot.core.phone import NotAContact, to_e164
from bot.core.sources import Source, SourceScope
from bot.core.tracking.commerce import OF_ORDERS, Currencies, NotUnderstood, OrderTold, named_now, order_told
from bot.core.tracking.message import Tracked
from bot.core.tracking.sessions import SESSION_STARTED
from bot.core.triggers import LATE, Trigger, TriggerKind

NOT_A_SERVER = "orders are believed from servers only"
NOT_THEIRS = "this event is told by us"
NOT_BELIEVED = "this event is believed from servers only"
IMPORTED_OTHERWISE = "orders of the past are imported as orders: regulars import orders"
_EMAIL_MAX = 254
_NONE: frozenset[str] = frozenset()

Waited = Collection[str] | None
"""Which events runs of a contact wait for; None: any."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Says what needs a turn under one publication."""

    decisions: Decisions
    earning: frozenset[str]
    currencies: Currencies
    heard: frozenset[str]
    """Events that a flow starts on or a rule earns for; what runs wait for comes on top."""

    @classmethod
    def under(cls, decisions: Decisions) -> Self:
        """Ask this publication who listens."""
        program = decisions.shop.program
        earning = frozenset(rule.event for rule in program.earning.rules if rule.event)
        heard = earning | decisions.publication.by_event.keys()
        return cls(decisions, earning, Currencies.of(program), heard)

    def refusal(self, message: Tracked, source: Source) -> str | None:
        """Return why a message is not taken from its source; None where it is."""
        if message.event is None:
            return None
        if message.event in OURS and not _is_of_orders(message.event):
            return NOT_THEIRS  # flows text what they say, and figures would count them twice
        if message.event == REWARD_USED and not source.may(SourceScope.ORDERS):
            return NOT_BELIEVED
        unplanned = self.decisions.publication.plan.refusal(message.event)
        if unplanned is not None:
            return unplanned
        if _is_of_orders(message.event) and not source.may(SourceScope.ORDERS):
            return NOT_A_SERVER
        told = self.order(message)
        if told is not None and message.is_history:
            return IMPORTED_OTHERWISE
        return told.reason if isinstance(told, NotUnderstood) else None

    def told(self, message: Tracked, source: Source) -> Told:
        """Return a message as it is taken from its source."""
        return Told(self.taken(message), source, is_trusted=self._is_trusted(message, source))

    def _is_trusted(self, message: Tracked, source: Source) -> bool:
        """Whether a message does what is believed of some sources only: says who it is, buys, or earns."""
        if message.event is None:
            return source.may(SourceScope.IDENTIFY)
        is_worth_it = message.event in self.earning or _is_of_orders(message.event)
        return is_worth_it and source.may(SourceScope.ORDERS)

    def taken(self, message: Tracked) -> Tracked:
        """Return a message without what the tracking plan drops of it."""
        if message.event is None:
            return message
        taken = self.decisions.publication.plan.taken(message.event, message.properties)
        return message if taken is message.properties else replace(message, properties=taken)

    def order(self, message: Tracked) -> OrderTold | NotUnderstood | None:
        """Return what a message tells of an order; None where it is about none."""
        assert message.event is not None, "an event has a name"
        if not _is_of_orders(message.event):
            return None
        return order_told(
            message.event,
            message.properties,
            at=message.at,
            message_id=message.message_id,
            currencies=self.currencies,
        )

    def needs(self, told: Told, waited: Waited) -> Trigger | None:
        """Return the turn that an event needs; None where nobody listens, or it is an old one."""
        message, source = told.message, told.source
        assert message.event is not None, "an event has a name"
        if (waited is not None and not waited and message.event not in self.heard) or is_late(message):
            return None
        # A public key earns nobody anything.
        earns = message.event in self.earning and source.may(SourceScope.ORDERS)
        if not earns and not self.is_heard(message.event, message.properties, waited):
            return None
        payload: dict[str, JsonValue] = {
            "name": message.event,
            "properties": dict(message.properties),
            "credited": not earns,
        }
        return Trigger(f"event:tracked/{told.key}", TriggerKind.EVENT, message.at, payload)

    def needs_session(self, event_id: str, at: datetime, waited: Waited) -> Trigger | None:
        """Return the turn that the start of a session needs; None where nobody listens."""
        if not self.is_heard(SESSION_STARTED, {}, waited):
            return None
        return session_trigger(event_id, at)

    def is_heard(self, event: str, properties: Mapping[str, JsonValue], waited: Waited) -> bool:
        """Whether a flow starts on an event, or a run of the contact waits for it."""
        if waited is None or event in waited:
            return True
        starters = self.decisions.publication.by_event.get(event, ())
        return any(starter.where.holds(properties) for _, starter in starters)


@lru_cache(maxsize=1024)
def _is_of_orders(event: str) -> bool:
    return named_now(event) in OF_ORDERS


def is_late(message: Tracked) -> bool:
    """Whether what a message tells is over: it counts, and starts nothing."""
    return message.is_history or message.received_at - message.at > LATE


def order_trigger(order: OrderTold, told: Told) -> Trigger:
    """Return the turn that does to an order what a message says."""
    payload: dict[str, JsonValue] = {"operation": order.operation, "body": dict(order.body)}
    return Trigger(f"order:tracked/{told.key}", TriggerKind.OPERATION, told.message.at, payload)


def identify_trigger(channel: str, value: str, source_id: str, key: str, at: datetime) -> Trigger:
    """Return the turn by which a name becomes a contact's own, whoever had it before."""
    evidence: dict[str, JsonValue] = {"way": "tracked", "source": source_id}
    body: dict[str, JsonValue] = {"channel": channel, "value": value, "evidence": evidence}
    payload: dict[str, JsonValue] = {"operation": IDENTIFY, "body": body}
    return Trigger(f"identify:{channel}/{key}", TriggerKind.OPERATION, at, payload)


def claims_of(told: Told) -> dict[str, str]:
    """Return the addresses that a message makes its contact's, by channel; what is no address is left out."""
    found: dict[str, str] = {}
    message = told.message
    if message.event is not None or not told.source.may(SourceScope.IDENTIFY):
        return found
    phone, email = message.traits.get("phone"), message.traits.get("email")
    if isinstance(phone, str):
        with contextlib.suppress(NotAContact):
            found["sms"] = to_e164(phone)
    if isinstance(email, str) and len(email) <= _EMAIL_MAX and email.strip().count("@") == 1:
        found["email"] = email.strip().lower()
    return found
