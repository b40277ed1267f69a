"""Reordering: what was proposed and confirmed becomes an order, at no more than the confirmed price."""

from collections.abc import Mapping

from bot.core.contact import JsonValue, Product
from bot.core.deeds.baskets import in_words, place_priced
from bot.core.deeds.by_text import price_by_text, proposed
from bot.core.deeds.stocking import counters_of, refuse_too_many, take_from_stock
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.ids import derived_id
from bot.core.turn import Turn


@handler(
    arguments=("order",),
    returns=("items", "total", "credit", "to_pay", "earned", "number"),
    problems=("nothing_to_order", "gone", "too_few", "price_changed"),
)
def reorder(turn: Turn) -> Mapping[str, JsonValue]:
    """Place the proposal `order` (see `usual`), spend its offers and credit, and hand it to the shop.

    Raises:
        TellMember: `nothing_to_order`, `gone` (with `items`), `too_few` (with `items` and how many are
            `left`), or `price_changed`: the contact confirmed to pay less than it would cost now, and
            `order` proposes it anew.
    """
    proposal = turn.arguments.get("order")
    if not isinstance(proposal, dict) or not proposal.get("lines"):
        raise TellMember("nothing_to_order")
    # The same confirmation makes the same order, however often its turn is decided.
    order_id = derived_id(f"reorder/{turn.contact.id}/{turn.trigger.key}", turn.contact.bucket)
    # What was proposed when orders had no places yet goes nowhere in particular.
    place_id = str(proposal.get("place") or "")
    basket = _basket(turn, proposal["lines"])
    turn.need(*counters_of(turn, (product.sku for product, _ in basket)))
    refuse_too_many(turn, basket)
    priced = price_by_text(turn, basket, order_id, place_id=place_id)
    quoted, place = priced.quote, priced.basket.place
    total = quoted.gross_minor - quoted.discount_minor
    is_gone = bool(place_id) and place is None
    if is_gone or quoted.to_pay_minor > _whole(proposal.get("to_pay")):
        again = proposed(turn, _wanted(proposal["lines"]), str(proposal.get("order_id") or ""))
        raise TellMember("price_changed", order=again, total=total, to_pay=quoted.to_pay_minor)
    used = set(turn.effects.used)
    try:
        settled = place_priced(turn, priced, order_id, turn.channel, take_from_stock(turn, basket))
    except TellMember:
        turn.effects.used.intersection_update(used)  # what was taken and is not bought goes back
        raise
    return {
        "items": in_words(turn, priced),
        "total": total,
        "credit": quoted.credit_minor,
        "to_pay": quoted.to_pay_minor,
        "earned": settled.granted_minor,
        "number": order_id[:6].upper(),
    }


def _basket(turn: Turn, wanted: JsonValue) -> list[tuple[Product, int]]:
    basket, gone = [], []
    for sku, quantity in _wanted(wanted):
        product = turn.shop.products.get(sku)
        if product is None:
            gone.append(sku)
        elif quantity > 0:
            basket.append((product, quantity))
    if gone:
        raise TellMember("gone", items=", ".join(gone))
    if not basket:
        raise TellMember("nothing_to_order")
    return basket


def _wanted(lines: JsonValue) -> list[tuple[str, int]]:
    found = [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    return [(str(line.get("sku")), _whole(line.get("quantity"))) for line in found]


def _whole(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
