"""Buying at our pages: where a basket goes and how it is paid, placed for no more than its shopper saw.

Taps are doubled and answers get lost: an order of the same goods to the same place, paid in the same way, is
the order that was placed a moment before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.contact import JsonValue, Order, Product
from bot.core.deeds.baskets import (
    Basket,
    Priced,
    need_for_pricing,
    order_of,
    place_priced,
    price,
    usable_offers,
)
from bot.core.deeds.crediting import foreseen_minor
from bot.core.deeds.destinations import last_place, places
from bot.core.deeds.holding import let_go, set_aside
from bot.core.deeds.order_told import Settled
from bot.core.deeds.ordering import on_record, settle
from bot.core.deeds.paying import open_payment
from bot.core.deeds.repeating import contents
from bot.core.deeds.reserving import release
from bot.core.deeds.stocking import counters_of, refuse_too_many, take_from_stock
from bot.core.errors import TellMember
from bot.core.ids import derived_id
from bot.core.loyalty.checkouts import AtCheckout
from bot.core.loyalty.drops import DROP
from bot.core.loyalty.orders import APP, CANCELED, PAID, PLACED, REFUNDED, is_at_least
from bot.core.loyalty.places import PayBy, Place, place_in
from bot.core.payments import HELD, PAY_WITHIN, PAYMENT, is_waiting
from bot.core.turn import Turn

BY_CREDIT = "credit"
"""How an order is paid of which nothing is left to pay."""
TWIN_WITHIN = timedelta(minutes=2)
"""So long the same order again is taken for the same tap."""
_HELD_FOR = 2 * PAY_WITHIN
_LATE = PAY_WITHIN - timedelta(minutes=5)
"""An order that has waited so long for its payment is placed anew: too little time is left to pay."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shopper wants: products and how many of each, and what they chose; None is left to us.

    `place` is the id of one, or a new address. `payer` is their WeChat address where they can pay there.
    """

    goods: tuple[tuple[str, int], ...]
    place: str | Place | None = None
    payment: PayBy | None = None
    use_credit: bool | None = None
    payer: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where an order goes and how it is paid, as wanted or as the last time, and what else there is."""

    place: Place | None
    places: tuple[Place, ...]
    payment: PayBy | None
    payments: tuple[PayBy, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """What a basket comes to; `missing_minor` of goods is missing to the `least_minor` of an order."""

    chosen: Chosen
    priced: Priced
    earns_minor: int
    least_minor: int
    missing_minor: int


def offered(turn: Turn, wanted: Wanted) -> Offered:
    """Say what a basket comes to. What was chosen and is not there any more is left to us again.

    Raises:
        TellMember: `gone`, with `items`: some of it is not sold any more; `too_few`: nor is there so much.
    """
    return _offered(turn, wanted, chosen_of(turn, wanted), "")


def buy(turn: Turn, wanted: Wanted, at_most_minor: int) -> Order:
    """Place an order that leaves no more than this to pay; the same one again is the one that is there.

    One that is paid through WeChat Pay waits for that with all it takes set aside, and replaces one of the
    same goods that still waits.

    Raises:
        TellMember: `gone`, `too_few`, `place_gone`, `no_way_to_pay`, `below_least`, or `price_changed` with
            the new quote (`offered`): nothing was ordered.
    """
    chosen = chosen_of(turn, wanted)
    _refuse_what_is_gone(wanted, chosen)
    twin = _twin(turn, wanted, chosen, at_most_minor)
    if twin is not None:
        return twin
    for waiting in _waiting(turn, wanted):
        take_back(turn, waiting)
    order_id = derived_id(f"{APP}/{turn.contact.id}/{turn.trigger.key}", turn.contact.bucket)
    found = _offered(turn, wanted, chosen, order_id)
    to_pay = found.priced.quote.to_pay_minor
    if found.missing_minor:
        raise TellMember("below_least", missing_minor=found.missing_minor, least_minor=found.least_minor)
    if to_pay > at_most_minor:
        raise PriceChanged(found)
    if to_pay and chosen.payment is None:
        raise TellMember("no_way_to_pay")
    facts = _facts(found.priced, chosen.payment) | take_from_stock(turn, found.priced.basket.goods)
    if to_pay and chosen.payment is PayBy.WECHAT:
        return _wait_for_payment(turn, found.priced, order_id, wanted.payer, facts)
    return place_priced(turn, found.priced, order_id, APP, facts).order


class PriceChanged(TellMember):
    """It would be more to pay than the shopper saw; `found` is what it is now."""

    def __init__(self, found: Offered) -> None:
        super().__init__("price_changed", to_pay=found.priced.quote.to_pay_minor)
        self.found = found


def may_take_back(turn: Turn, order: Order) -> bool:
    """Whether the shopper may still cancel an order of theirs."""
    if order.source != APP or order.status not in {PLACED, PAID}:
        return False
    within = turn.shop.selling.cancel_within if DROP not in order.facts else None
    return is_waiting(order) or (within is not None and turn.now <= order.placed_at + within)


def take_back(turn: Turn, order: Order) -> Settled:
    """Cancel an order for its shopper: all it took goes back, and a shop that has it is told.

    Raises:
        TellMember: `too_late`.
    """
    if not may_take_back(turn, order):
        raise TellMember("too_late")
    record = on_record(turn, order.id)
    if record.checkout is not None and record.checkout.is_open(turn.now):
        let_go(turn, record.checkout)
    if DROP in order.facts:
        release(turn, order)
    settled = settle(turn, replace(order, status=CANCELED), record)
    if not is_waiting(order):
        facts: dict[str, JsonValue] = {"order": order.id, "reference": order.reference}
        told: dict[str, JsonValue] = {**facts, "contact": turn.contact.id, "status": CANCELED}
        turn.call(f"order/{order.id}/canceled", "order.canceled", told)
    return settled


def credit_minor(order: Order) -> int:
    """Return what credit pays of an order, or will once it is paid."""
    held = order.facts.get(HELD)
    return held if is_waiting(order) and isinstance(held, int) else order.credit_minor


# What is chosen


def chosen_of(turn: Turn, wanted: Wanted) -> Chosen:
    """Return where an order goes and how it is paid: as wanted, else as the last time, else as is usual."""
    need_for_pricing(turn, *counters_of(turn, (sku for sku, _ in wanted.goods)))
    selling, known = turn.shop.selling, places(turn)
    place = None
    if isinstance(wanted.place, Place):
        if selling.delivery is not None:
            place = wanted.place
            known = (*known, *(() if place.id in {one.id for one in known} else (place,)))
    elif wanted.place:
        place = next((one for one in known if one.id == wanted.place), None)
    place = place or last_place(turn) or next(iter(known), None)
    ways = selling.ways_to_pay(place.kind if place is not None else None)
    ways = tuple(way for way in ways if way is not PayBy.WECHAT or wanted.payer)
    before = (order.facts.get(PAYMENT) for order in turn.orders() if order.source == APP)
    last = next((PayBy(by) for by in before if by in {*ways}), None)
    usual = last if last is not None else next(iter(ways), None)
    return Chosen(place, known, wanted.payment if wanted.payment in ways else usual, ways)


def _refuse_what_is_gone(wanted: Wanted, chosen: Chosen) -> None:
    """Refuse to choose for whoever has chosen, and sees something else than what is there."""
    place_id = wanted.place.id if isinstance(wanted.place, Place) else wanted.place
    if place_id and (chosen.place is None or chosen.place.id != place_id):
        raise TellMember("place_gone")
    if wanted.payment is not None and wanted.payment is not chosen.payment:
        raise TellMember("no_way_to_pay")


def _offered(turn: Turn, wanted: Wanted, chosen: Chosen, order_id: str) -> Offered:
    basket = Basket(_sold(turn, wanted.goods), chosen.place, wanted.use_credit)
    priced = price(turn, basket, order_id)
    least = turn.shop.selling.least_minor(chosen.place.kind if chosen.place is not None else None)
    earns = foreseen_minor(turn, order_of(turn, priced, order_id, APP))
    return Offered(chosen, priced, earns, least, max(least - basket.goods_minor, 0))


def _sold(turn: Turn, goods: Sequence[tuple[str, int]]) -> tuple[tuple[Product, int], ...]:
    known = turn.shop.products
    gone = [sku for sku, _ in goods if sku not in known]
    if gone:
        raise TellMember("gone", items=", ".join(gone), skus=gone)
    found = tuple((known[sku], quantity) for sku, quantity in goods)
    refuse_too_many(turn, found)
    return found


# What was ordered a moment ago


def _twin(turn: Turn, wanted: Wanted, chosen: Chosen, at_most_minor: int) -> Order | None:
    """The order that this one is again; None where it is another."""
    for order in turn.orders():
        within = _LATE if is_waiting(order) else TWIN_WITHIN
        if (
            order.source == APP
            and DROP not in order.facts
            and not is_at_least(order.status, REFUNDED)
            and turn.now < order.placed_at + within
            and contents(order) == tuple(sorted(wanted.goods))
            and _id_of(place_in(order.facts)) == _id_of(chosen.place)
            and order.facts.get(PAYMENT) in {chosen.payment, BY_CREDIT}
            and order.total_minor - credit_minor(order) <= at_most_minor
            and not (wanted.use_credit is False and credit_minor(order))
        ):
            return order
    return None


def _waiting(turn: Turn, wanted: Wanted) -> list[Order]:
    same = tuple(sorted(wanted.goods))
    waiting = (order for order in turn.orders() if is_waiting(order) and DROP not in order.facts)
    return [order for order in waiting if contents(order) == same]


def _id_of(place: Place | None) -> str:
    return place.id if place is not None else ""


# Placing


def _wait_for_payment(
    turn: Turn, priced: Priced, order_id: str, payer: str, facts: dict[str, JsonValue]
) -> Order:
    """Set aside what an order takes, and let it wait for its payment."""
    quoted = priced.quote
    at = AtCheckout(offers=tuple(usable_offers(turn, order_id)))
    held = set_aside(turn, at, quoted, order_id=order_id, reference=order_id, lasts=_HELD_FOR)
    order = order_of(turn, priced, order_id, APP, facts)
    open_payment(turn, order, to_pay_minor=quoted.to_pay_minor, address=payer, held_until=held.expires_at)
    return turn.effects.orders[-1]


def _facts(priced: Priced, by: PayBy | None) -> dict[str, JsonValue]:
    quoted = priced.quote
    facts: dict[str, JsonValue] = {PAYMENT: (by.value if by else "") if quoted.to_pay_minor else BY_CREDIT}
    if by is PayBy.WECHAT and quoted.to_pay_minor and quoted.credit_minor:
        facts[HELD] = quoted.credit_minor
    return facts
