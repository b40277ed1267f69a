"""Referring: a member's own code, ready to be forwarded, and what it has brought."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.referring import invitations, member_facts, own_code, rules_now
from bot.core.flow.handler import handler
from bot.core.loyalty.referral import link_of
from bot.core.turn import Turn


@handler(
    returns=(
        "code",
        "link",
        "number",
        "advocate",
        "friend",
        "minimum",
        "invited",
        "joined",
        "pending",
        "earned",
    ),
    problems=("not_running",),
)
def refer(turn: Turn) -> Mapping[str, JsonValue]:
    """Give the member's `code`, its `link` and the `number` to text it to, and what it has brought.

    `advocate` and `friend` are what the two get for an order of at least `minimum`. Of the friends that were
    `invited` some have `joined`; `pending` and `earned` are the member's credit. Amounts in minor units.

    Raises:
        TellMember: `not_running`: the shop rewards nobody for that now.
    """
    rules = rules_now(turn)
    code, brought = own_code(turn), invitations(turn)
    pool = turn.shop.pool("sms")
    inbound = turn.trigger.inbound
    ours = inbound.to if inbound is not None and turn.shop.owns(inbound.to) else ""
    return {
        "code": code,
        "link": link_of(turn.shop.public_url, code),
        "number": ours or (pool.numbers[0] if pool is not None and pool.numbers else None),
        "advocate": rules.advocate_reward(member_facts(turn)),
        "friend": rules.friend_minor or 0,
        "minimum": rules.minimum_minor or 0,
        "invited": brought.invited,
        "joined": brought.joined,
        "pending": brought.pending_minor,
        "earned": brought.earned_minor,
    }
