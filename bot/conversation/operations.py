"""What the shop asks for, and waits for the result: a turn like any other, decided by a plain function.

An operation sees the Turn alone and records effects in it, like a handler; what it returns is stored with its
trigger, so that whoever asks again with the same key gets the same. Another operation joins `OPERATIONS`.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import orjson

from bot.conversation.pages import account, buying, grants, inbox, page_events, sessions
from bot.conversation.shop import (
    at_desk,
    checkout,
    claims,
    consent_told,
    drops,
    events,
    members,
    messages,
    orders,
    payments,
    payouts,
    refunds,
    reinstating,
    told,
)
from bot.conversation.work import Work
from bot.core.codes import Code
from bot.core.contact import JsonValue
from bot.core.deeds import gift_turns, joining, parting, proving, referring, refill_turns, tier_turns, tracked
from bot.core.deeds.ordering import SETTLE
from bot.core.deeds.reserving import LAPSE
from bot.core.errors import Refused, TellMember
from bot.core.loyalty import stock
from bot.core.pages import checkin as page_checkin
from bot.core.pages import consents, join_page, membership
from bot.core.pages import drops as page_drops
from bot.core.pages import letters as page_letters
from bot.core.pages import rewards as page_rewards
from bot.core.pages import wheel as page_wheel
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]
Operation = Callable[[Turn, Body], Body]

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "checkout.capture": checkout.capture,
        "checkout.hold": checkout.hold,
        "checkout.quote": checkout.quote,
        "checkout.time_out": checkout.time_out,
        "checkout.void": checkout.void,
        "credit.adjust": members.adjust,
        reinstating.OPERATION: reinstating.reinstate,
        consent_told.TELL: consent_told.tell,
        "desk.close": at_desk.close,
        "desk.say": at_desk.say,
        "desk.take": at_desk.take,
        "event.track": events.track,
        "fulfilment.advance": claims.advance,
        "member.enroll": members.enroll,
        messages.SAY: messages.say,
        LAPSE: drops.lapse,
        gift_turns.ARRIVES: told.gift_arrives,
        gift_turns.RETURNS: told.gift_returns,
        referring.OPERATION: told.referral,
        refill_turns.ASK: told.ask_for_refill,
        "order.cancel": refunds.cancel,
        "order.meet": orders.meet,
        "order.refund": refunds.refund,
        "order.report": orders.report,
        payments.PREPARED: payments.prepared,
        payments.SUCCEEDED: payments.succeeded,
        payments.CLOSED: payments.closed,
        payments.REFUNDED_NOW: payments.refund_heard,
        payments.REFUND: payments.give_back,
        payments.SHIPPED: payments.shipped,
        payouts.OFFER: payouts.offer,
        payouts.HEARD: payouts.heard,
        payouts.GIVE_UP: payouts.give_up,
        proving.TEXTED: told.proof_texted,
        joining.IDENTIFY: told.contact_is_known_as,
        joining.LEAVE: told.contact_leaves,
        tracked.IDENTIFY: tracked.identify,
        parting.RETURNS: told.contact_returns,
        parting.SPLIT: parting.split,
        account.CHANGE: account.change,
        join_page.JOIN: join_page.join,
        membership.JOIN: membership.join,
        membership.PHONE: membership.phone,
        consents.CHANGE: consents.change,
        page_letters.CONFIRM: page_letters.confirm,
        page_letters.LEAVE: page_letters.leave,
        sessions.START: sessions.start,
        buying.ORDER: buying.order,
        buying.CANCEL: buying.cancel,
        page_checkin.CHECK_IN: page_checkin.check_in,
        page_drops.GIVE_UP: page_drops.give_up,
        page_drops.TAKE: page_drops.take,
        page_rewards.CLAIM: page_rewards.claim,
        page_wheel.SPIN: page_wheel.spin,
        sessions.END: sessions.end,
        inbox.READ: inbox.read,
        grants.REPORT: grants.report,
        page_events.HAPPENED: page_events.happen,
        SETTLE: orders.settle_again,
        "reservation.give_up": drops.give_up,
        "reservation.pay": drops.pay,
        "reward.claim": claims.take,
        stock.TELL: told.tell_of_stock,
        tier_turns.LOOK: told.look_at_tier,
    }
)
"""What can be asked for, by name; see `bot/conversation/shop/`."""


REQUESTS = "api:"
"""What the keys of triggers begin with that are requests from outside; the sender's own key follows."""
REQUEST = "request"
"""The directory's kind of those keys."""
PAGES = "mp:"
"""What the keys of triggers begin with that shoppers ask for; who it is follows, then a key of their own."""
_STATUSES = {"not_a_member": 403}
"""HTTP says some refusals otherwise than with 409."""


def operation_work(  # noqa: PLR0913  # what is asked, of whom, under which key
    name: str,
    body: Body,
    *,
    key: str,
    at: datetime,
    contact_id: str | None = None,
    address: tuple[str, str] | None = None,
    operations: Mapping[str, Operation] = OPERATIONS,
) -> Work:
    """A work for an operation on a contact, or on whoever has the address: a stranger becomes a contact.

    `key` makes it happen once; the same key with another name or body is a conflict (`Result.is_conflict`).
    """
    assert name in operations, f"there is no operation {name}"
    payload: dict[str, JsonValue] = {"operation": name, "body": dict(body)}
    asked = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(asked).hexdigest()
    trigger = Trigger(key, TriggerKind.OPERATION, at, payload, digest=digest)
    return Work(trigger, contact_id=contact_id, address=address)


def operate(turn: Turn, operations: Mapping[str, Operation] = OPERATIONS) -> None:
    """Do what a turn's trigger asks for; a refusal leaves nothing but its reason."""
    payload = turn.trigger.payload
    body = payload["body"]
    assert isinstance(body, dict), "a body is by name"
    name = str(payload["operation"])
    try:
        turn.effects.result = operations[name](turn, body)
        turn.effects.outcome = name
    except (Refused, TellMember) as refusal:
        turn.start_over()
        turn.effects.result = {"problem": refusal_of(refusal)}
        turn.effects.outcome = "refused"
    if turn.trigger.key.startswith(REQUESTS):
        # The same key for another contact would be another trigger: the directory sees that it was used.
        request = Code(turn.trigger.key.removeprefix(REQUESTS), REQUEST)
        turn.keep("directory", f"{REQUEST}/{request.value}", request)


def refusal_of(refusal: Refused | TellMember) -> dict[str, JsonValue]:
    """A refusal as it is stored and answered."""
    if isinstance(refusal, Refused):
        return {"status": refusal.status, "what": refusal.what, "remedy": refusal.remedy}
    facts: dict[str, JsonValue] = {
        name: fact if isinstance(fact, bool | int | str | list | dict) else str(fact)
        for name, fact in refusal.facts.items()
    }
    return {"status": _STATUSES.get(refusal.code, 409), "code": refusal.code, "facts": facts}
