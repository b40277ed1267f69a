"""Giving an offer in a turn: its terms are frozen, its end is in the member's zone, its code is its own."""

from collections.abc import Mapping

from bot.core.codes import Code
from bot.core.contact import JsonValue
from bot.core.dates import last_moment
from bot.core.deeds.whom import member_of
from bot.core.errors import TellMember
from bot.core.local_time import local_date
from bot.core.loyalty.checkouts import AtCheckout, Checkout
from bot.core.loyalty.offers import Offer, OfferKind, code_of
from bot.core.turn import Turn

OFFER_GIVEN, OFFER_SPENT, OFFER_RETURNED = "Offer Given", "Offer Spent", "Offer Returned"
GIVEN = frozenset(
    [
        *("amount", "at_least", "code", "ends_at", "ends_on", "kind", "percent", "product", "times", "title"),
        "to_the_minute",
    ]
)
"""What a flow knows of an offer that was given."""
_ATTEMPTS = 4
"""That all of these are taken is as likely as to guess them."""


def give_offer(turn: Turn, name: str, cause: str) -> Offer:
    """Give the member the program's offer `name`; the same cause has the same code.

    Raises:
        TellMember: `offer_gone`: the program has it no more; `offer_over`: its time has passed;
            `given_before`: as often as a member may have it; `not_eligible` with the `reason`.
    """
    rule = turn.program.offers.get(name)
    if rule is None:
        raise TellMember("offer_gone", offer=name)
    refusal = rule.whom.refusal(member_of(turn, rule.whom))
    if refusal is not None:
        raise TellMember("not_eligible", reason=refusal.value)
    starts_at, ends_at = rule.lasts(turn.now, turn.contact.zone)
    if ends_at is not None and ends_at <= starts_at:
        raise TellMember("offer_over", offer=name)
    if rule.per_member is not None and _times_given(turn, name) >= rule.per_member:
        raise TellMember("given_before", offer=name)
    code = _free_code(turn, cause)
    offer = Offer(
        id=turn.new_id(),
        rule=name,
        code=code,
        terms=rule.terms,
        given_at=turn.now,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    turn.keep("directory", code, Code(code))
    turn.keep("offer", offer.id, offer)
    turn.track(OFFER_GIVEN, {"offer": name, **told_offer(turn, offer)})
    return offer


def offers_come_back(turn: Turn, checkout: Checkout) -> None:
    """Let the offers that an order spent come back where they say so, because all of it was refunded.

    Their end stays: what has ended meanwhile comes back ended. Told again, nothing more happens.
    """
    if checkout.captured is None or not checkout.captured.applied:
        return
    at = turn.needed("checkout", checkout.order_id)
    assert isinstance(at, AtCheckout)
    for offer in at.offers:
        spent = any(use.order_id == checkout.order_id and use.held_until is None for use in offer.uses)
        if spent and offer.terms.back_on_refund:
            returned = offer.given_back(checkout.order_id, turn.now)
            turn.keep("offer", offer.id, returned)
            turn.track(OFFER_RETURNED, {"offer": offer.rule, **told_offer(turn, returned)})


def told_offer(turn: Turn, offer: Offer) -> dict[str, JsonValue]:
    """Return what texts and events say of an offer; amounts in minor units, `percent` as a number.

    `ends_on` is the last day it can be used on where the member is. Where it ends within that day
    (`to_the_minute`), `ends_at` is the minute; otherwise it is the day's last moment.
    """
    terms, zone, ends_at = offer.terms, turn.contact.zone, offer.ends_at
    last = last_moment(ends_at) if ends_at is not None else None
    ends_on = local_date(last, zone) if last is not None else None
    is_to_the_minute = ends_at is not None and local_date(ends_at, zone) == ends_on
    shown = ends_at if is_to_the_minute else last
    product = turn.shop.products.get(terms.product)
    return {
        "code": offer.code,
        "title": turn.program.text(terms.title, turn.contact.locale),
        "kind": terms.kind.value,
        "percent": _percent(offer) if terms.kind is OfferKind.PERCENT else None,
        "amount": terms.amount_minor or None,
        "product": product.name if product is not None else terms.product or None,
        "at_least": terms.at_least_minor or None,
        "ends_at": shown.isoformat() if shown is not None else None,
        "ends_on": ends_on.isoformat() if ends_on is not None else None,
        "to_the_minute": is_to_the_minute,
        "times": offer.times_left(turn.now),
    }


def _times_given(turn: Turn, name: str) -> int:
    """How often the member was given the offer, this turn included; one it changed is no other."""
    before, kept = turn.needed("offers_given", name), turn.effects.kept
    assert isinstance(before, int)
    here = [one for (table, _), one in kept.items() if table == "offer"]
    return before + sum(
        isinstance(one, Offer) and one.rule == name and ("directory", one.code) in kept for one in here
    )


def _percent(offer: Offer) -> int | float:
    percent = offer.terms.rate * 100
    return int(percent) if percent.denominator == 1 else float(percent)


def _free_code(turn: Turn, cause: str) -> str:
    """Return the first code of this cause that is nobody's."""
    codes = [code_of(turn.contact.id, cause, attempt) for attempt in range(_ATTEMPTS)]
    owners = turn.needed("codes", ",".join(codes))
    assert isinstance(owners, Mapping)
    return next(code for code in codes if code not in owners and ("directory", code) not in turn.effects.kept)
