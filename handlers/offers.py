"""Offers: what the contact was given and can use, and until when."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.offering import told_offer
from bot.core.flow.handler import handler
from bot.core.loyalty.offers import Offer
from bot.core.turn import Turn


@handler(returns=("offers", "held", "coming"))
def offers(turn: Turn) -> Mapping[str, JsonValue]:
    """List the contact's offers that can be used now, what ends first coming first.

    `held` are those that an open checkout has, `coming` those that begin later; each as the step `offer`
    gives it.
    """
    found = turn.needed("offers")
    assert isinstance(found, tuple)
    by_problem: dict[str | None, list[Offer]] = {}
    for offer in found:
        by_problem.setdefault(offer.problem(turn.now), []).append(offer)
    names = {"offers": None, "held": "held", "coming": "not_yet"}
    return {
        name: [told_offer(turn, offer) for offer in sorted(by_problem.get(problem, []), key=_soonest_end)]
        for name, problem in names.items()
    }


def _soonest_end(offer: Offer) -> tuple[bool, float, str]:
    return offer.ends_at is None, offer.ends_at.timestamp() if offer.ends_at else 0, offer.id
