"""Whether a benefit is for the contact of a turn: asks for no more of it than the conditions look at."""

from dataclasses import replace

from bot.core.deeds.experimenting import arms_of
from bot.core.deeds.figures import asked_in
from bot.core.deeds.tier_turns import tier_of
from bot.core.local_time import local_date
from bot.core.loyalty.eligibility import Benefit, Eligibility, MemberFacts, Refusal, facts_of
from bot.core.turn import Turn

_NEVER_PLACED = frozenset({"canceled", "cancelled", "rejected"})


def refusal_in(turn: Turn, benefit: Benefit) -> Refusal | None:
    """Return why a benefit is not for the turn's contact now; None: it is."""
    return benefit.refusal(member_of(turn, benefit.whom))


def would_refuse(turn: Turn, whom: Eligibility) -> Refusal | None:
    """Return why conditions keep the contact out: who has not joined is judged as if they did now."""
    member = member_of(turn, whom)
    return whom.refusal(member if turn.contact.is_member else replace(member, joined_on=member.today))


def member_of(turn: Turn, whom: Eligibility) -> MemberFacts:
    """Return what these conditions may ask of the turn's contact."""
    needs, zone = whom.needs, turn.shop.zone
    return facts_of(
        turn.contact,
        local_date(turn.now, zone),
        zone,
        tier=tier_of(turn) if "tier" in needs else None,
        orders_before=_orders_before(turn) if "orders" in needs else 0,
        arms=arms_of(turn, needs),
        audiences=asked_in(turn, needs),
    )


def _orders_before(turn: Turn) -> int:
    return sum(order.status not in _NEVER_PLACED for order in turn.orders())
