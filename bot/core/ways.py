"""Ways: how a message goes on WeChat, or why none is left there; each that was not taken has its reason.

Passive reply (the answer in the provider's own request) is no choice made here: a turn that is quick enough
answers so and asks nobody. Of the others the order is fixed: customer service, subscribe message, service
card; where none is left another channel may say it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.contact import Address
from bot.core.messages import MessageClass, Outgoing, UnsendableReason
from bot.core.notices import field_type, misfit
from bot.core.wechat_text import pieces_of
from bot.core.windows import closes_at, left_at, open_until


class WayKind(StrEnum):
    """How a message goes on a channel that has more than one way."""

    PASSIVE = "passive"  # in the answer to the provider's own request
    CUSTOMER_SERVICE = "customer_service"
    SUBSCRIBE = "subscribe"
    CARD = "card"  # a service card, bought with a payment by WeChat Pay

    @property
    def called(self) -> str:
        """What an operator reads."""
        return _CALLED[self]


_CALLED = {
    WayKind.PASSIVE: "passive reply",
    WayKind.CUSTOMER_SERVICE: "customer service",
    WayKind.SUBSCRIBE: "subscribe message",
    WayKind.CARD: "service card",
}


@dataclass(frozen=True, slots=True)
class Way:
    """The way a message takes; `because` says so, and why not one before it."""

    kind: WayKind
    because: str


@dataclass(frozen=True, slots=True)
class NoWay:
    """Nothing can go there now; `because` says why not by each way."""

    reason: UnsendableReason
    because: str


@dataclass(frozen=True, slots=True)
class WayFacts:
    """What the choice looks at beside the message.

    `grants` are by the platform's template id. `address` is None where the contact has it no more.
    """

    address: Address | None
    grants: Mapping[str, int]


def choose(message: Outgoing, facts: WayFacts, now: datetime) -> Way | NoWay:
    """Return the first way that is open, or why none is."""
    against: list[str] = []
    for kind, objection in (
        (WayKind.CUSTOMER_SERVICE, _against_customer_service),
        (WayKind.SUBSCRIBE, _against_subscribe),
        (WayKind.CARD, _against_card),
    ):
        why = objection(message, facts, now)
        if why is None:
            return Way(kind, "; ".join([*against, f"{kind.called}: {_for(kind, message, facts, now)}"]))
        against.append(f"{kind.called}: {why}")
    asks_for_grant = _notice_template(message) is not None or message.message_class is MessageClass.MARKETING
    reason = UnsendableReason.NO_GRANT if asks_for_grant else UnsendableReason.NO_WINDOW
    return NoWay(reason, "; ".join(against))


def _against_customer_service(message: Outgoing, facts: WayFacts, now: datetime) -> str | None:
    """Only what was asked for may go there (platform rule 5.15.3)."""
    if message.message_class is MessageClass.MARKETING:
        return "never for marketing (platform rule 5.15.3)"
    address, pieces = facts.address, pieces_of(message)
    closes = closes_at(address) if address is not None else None
    if address is None or closes is None:
        return "the contact opened no window"
    if now >= closes:
        return f"the window closed {_written(closes)}"
    left = left_at(address, now)
    if left <= 0:
        return "the window is used up"
    return f"it takes {pieces} messages, the window has {left} left" if left < pieces else None


def _against_subscribe(message: Outgoing, facts: WayFacts, _now: datetime) -> str | None:
    notice = message.form.notice if message.form is not None else None
    if notice is None:
        return "the step has no notice"
    if facts.grants.get(notice.template_id, 0) <= 0:
        return f"no grant of {notice.template} is left"
    if not notice.fields:
        return f"{notice.template}: it has no fields"
    wrong = [_misfit(key) for key, value in notice.fields.items() if misfit(key, value) is not None]
    return f"{notice.template}: {', '.join(wrong)}" if wrong else None


def _misfit(key: str) -> str:
    """Say what a field takes, without what it was to hold: that may be personal."""
    kind = field_type(key)
    return f"{key} takes {kind.rule}" if kind is not None else f"{key} is no field"


def _against_card(_message: Outgoing, _facts: WayFacts, _now: datetime) -> str | None:
    """The seam for service cards: one shows how a paid order stands, and has no room for anything else."""
    return "not available: it takes the notify code of a payment"


def _for(kind: WayKind, message: Outgoing, facts: WayFacts, now: datetime) -> str:
    if kind is WayKind.CUSTOMER_SERVICE and facts.address is not None:
        left, until = left_at(facts.address, now), open_until(facts.address, now)
        assert until is not None, "the window is open"
        return f"the window is open until {_written(until)}, {left} left"
    template = _notice_template(message)
    assert template is not None, "only notices go as subscribe messages"
    return f"{facts.grants[template]} granted"


def _notice_template(message: Outgoing) -> str | None:
    notice = message.form.notice if message.form is not None else None
    return notice.template_id if notice is not None else None


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
