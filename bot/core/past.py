"""What a turn may ask of a contact's past: the last text it got, what it agreed to, what it last redeemed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.consent import ConsentChange
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.groups import share_consent
from bot.core.ledger.entries import Entry
from bot.core.messages import MessageClass
from bot.core.triggers import TriggerKind

# ------------------------------------------------------------------------------------------ the last texts


@dataclass(frozen=True, slots=True)
class LastText:
    """One of the latest messages that reached the contact, as far as we know, and what caused it.

    `kind` and `payload` are its trigger's; `variables` those of the run that a timer moved on. `group` is the
    subscription group it was sent under, None for what answered the contact.
    """

    id: str
    at: datetime
    channel: str
    message_class: MessageClass
    group: str | None
    flow: str
    step: str
    kind: TriggerKind
    payload: Mapping[str, JsonValue] = field(default_factory=dict)
    variables: Mapping[str, JsonValue] = field(default_factory=dict)


class Rule(StrEnum):
    """Why a message was sent, in words that a text can be chosen by."""

    ANSWER = "answer"  # the contact texted something
    CREDIT_EXPIRING = "credit_expiring"
    EVENT = "event"
    SCHEDULE = "schedule"
    BEGUN = "begun"  # a flow went on that the contact had begun
    SHOP = "shop"  # the shop, an operator or another turn asked for it


@dataclass(frozen=True, slots=True)
class Because:
    """The rule that led to a message; `event` is the event's name, `words` what the contact texted."""

    rule: Rule
    event: str | None = None
    words: str | None = None


_RULES = {
    TriggerKind.INBOUND: Rule.ANSWER,
    TriggerKind.CREDIT_EXPIRING: Rule.CREDIT_EXPIRING,
    TriggerKind.EVENT: Rule.EVENT,
    TriggerKind.SCHEDULE: Rule.SCHEDULE,
    TriggerKind.TIMER: Rule.BEGUN,
    TriggerKind.HANDED: Rule.BEGUN,
}


def because_of(text: LastText) -> Because:
    """Say which rule led to a message; one that a timer sent goes back to what began its run."""
    rule = _RULES.get(text.kind, Rule.SHOP)
    if rule is Rule.ANSWER:
        return Because(rule, words=_text(text.payload.get("text")))
    if rule is Rule.EVENT:
        return Because(rule, event=_text(text.payload.get("name")))
    if rule is Rule.BEGUN:
        event = text.variables.get("event")
        if isinstance(event, dict):
            return Because(Rule.EVENT, event=_text(event.get("name")))
        keyword = _text(text.variables.get("keyword"))
        return Because(Rule.BEGUN if keyword else Rule.SHOP, words=keyword)
    return Because(rule)


def _text(value: JsonValue) -> str | None:
    return str(value) if value else None


# ------------------------------------------------------------------------------------------ consent


def consent_for(
    log: Sequence[ConsentChange], group: str | None, at: datetime, channel: str
) -> ConsentChange | None:
    """Return the line by which the contact had joined the group at that time, on that channel; None if not.

    It is the first of those that followed one another without an opt-out between. Without a group it is that
    of the group joined last.
    """
    log = [line for line in log if share_consent(line.channel, channel)]
    groups = {line.group for line in log} if group is None else {group}
    joined = [line for one in groups if (line := _joined(log, one, at)) is not None]
    return max(joined, key=lambda line: line.at, default=None)


def _joined(log: Iterable[ConsentChange], group: str, at: datetime) -> ConsentChange | None:
    joined: ConsentChange | None = None
    for line in log:
        if line.group != group or line.at > at:
            continue
        if line.state is not SubscriptionState.SUBSCRIBED:
            joined = None
        elif joined is None:
            joined = line
    return joined


# ------------------------------------------------------------------------------------------ redeeming

REWARD_USED = "Reward Used"
"""The event by which the shop reports, with its `code`, that a reward was handed out."""


@dataclass(frozen=True, slots=True)
class Redemption:
    """The last reward that was redeemed; `undone_by` took it back, `used` are the codes handed out since."""

    entry: Entry
    undone_by: tuple[Entry, ...] = ()
    used: frozenset[str] = frozenset()
