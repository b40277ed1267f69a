"""Where a contact's orders go: the shop's places, and the addresses that orders went to before.

An address is kept with the orders that went there and nowhere else, so that erasing them forgets it.
"""

from bot.core.contact import Order
from bot.core.loyalty.orders import CANCELED
from bot.core.loyalty.places import PayBy, PickUp, Place, PlaceKind, place_in
from bot.core.turn import Turn

_ADDRESSES_MAX = 5


def picked_up_at(turn: Turn, one: PickUp, language: str | None = None) -> Place:
    """Return a pick-up place in the contact's words, or in those of another language."""
    locale = turn.contact.locale if language is None else language
    name, address = turn.program.text(one.name, locale), turn.program.text(one.address, locale)
    return Place(one.id, PlaceKind.PICKUP, name, address)


def places(turn: Turn) -> tuple[Place, ...]:
    """Return where orders of the contact can go: the shop's places, then its own addresses, newest first."""
    selling = turn.shop.selling
    found = [picked_up_at(turn, one) for one in selling.pickups.values()]
    if selling.delivery is None:
        return tuple(found)
    known = {place.id: place for order in turn.orders() if (place := _brought_to(order)) is not None}
    return (*found, *tuple(known.values())[:_ADDRESSES_MAX])


def last_place(turn: Turn) -> Place | None:
    """Return where the last order of the contact went that went anywhere, if orders can still go there."""
    if not turn.shop.selling.pickups and turn.shop.selling.delivery is None:
        return None
    by_id = {place.id: place for place in places(turn)}
    went = (place_in(order.facts) for order in turn.orders() if order.status != CANCELED)
    return next((by_id[place.id] for place in went if place is not None and place.id in by_id), None)


def place_by_text(turn: Turn, goods_minor: int) -> Place | None:
    """Return where an order by text goes, which is paid where it is handed over: to the last place."""
    place, selling = last_place(turn), turn.shop.selling
    if place is None or PayBy.PICKUP not in selling.ways_to_pay(place.kind):
        return None
    return place if goods_minor >= selling.least_minor(place.kind) else None


def _brought_to(order: Order) -> Place | None:
    place = place_in(order.facts)
    return place if place is not None and place.kind is PlaceKind.ADDRESS else None
