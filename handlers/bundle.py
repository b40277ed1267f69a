"""Bundles: goods sold together for less than apart, priced as of now, and ordered with one word."""

from collections.abc import Mapping

from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.deeds.bundling import credit_for, goods_of, offered, priced_in, to_be_had, told_of
from bot.core.deeds.placing import BUNDLE, place
from bot.core.deeds.stocking import counters_of, refuse_too_many, take_from_stock
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.ids import derived_id
from bot.core.loyalty.bundles import Priced
from bot.core.loyalty.orders import in_words
from bot.core.loyalty.orders import priced as with_sums
from bot.core.turn import Turn

_MOST = 5


@handler(arguments=("sku",), returns=("bundles", "best"))
def bundles(turn: Turn) -> Mapping[str, JsonValue]:
    """List the bundles that are for the contact, those that save most first; with `sku`, those that hold it.

    One of which a part is sold out is left out.

    Each has `id`, `name`, its `items` in words, what they cost `apart`, its `price`, the `saving` that is,
    the `credit` that would pay of it, what is left `to_pay`, and `is_refill`. `best` is the first of them.
    """
    sku = turn.arguments.get("sku")
    found = to_be_had(turn, offered(turn, str(sku) if sku else None))
    told: list[JsonValue] = [told_of(turn, priced) for priced in found[:_MOST]]
    return {"bundles": told, "best": told[0] if told else None}


@handler(
    arguments=("bundle", "to_pay"),
    returns=("name", "items", "total", "saving", "credit", "to_pay", "earned", "number"),
    problems=("bundle_gone", "too_few", "price_changed"),
)
def order_bundle(turn: Turn) -> Mapping[str, JsonValue]:
    """Order the bundle with that id, pay its credit, and hand it to the shop.

    `to_pay` is what the contact confirmed: if it is more by now, nothing is ordered.

    Raises:
        TellMember: `bundle_gone`: it is over, not for the contact, or saves nothing any more;
            `too_few`, with `items` and how many are `left`; `price_changed` with `to_pay`.
    """
    wanted = turn.arguments.get("bundle")
    bundle = next((one for one in turn.program.bundles if one.id == wanted), None)
    priced = priced_in(turn, bundle) if bundle is not None else None
    if priced is None:
        raise TellMember("bundle_gone")
    goods = goods_of(turn, priced.bundle)
    turn.need(*counters_of(turn, (product.sku for product, _ in goods)))
    refuse_too_many(turn, goods)
    credit = credit_for(turn, priced.price_minor)
    to_pay, confirmed = priced.price_minor - credit, turn.arguments.get("to_pay")
    if isinstance(confirmed, int) and to_pay > confirmed:
        raise TellMember("price_changed", to_pay=to_pay)
    order = Order(
        # The same confirmation makes the same order, however often its turn is decided.
        id=derived_id(f"bundle/{turn.contact.id}/{turn.trigger.key}", turn.contact.bucket),
        source=turn.channel,
        placed_at=turn.now,
        lines=_lines(turn, priced),
        total_minor=priced.price_minor,
        credit_minor=credit,
        currency=turn.program.currency.code,
        facts={BUNDLE: priced.bundle.id, **take_from_stock(turn, goods)},
    )
    settled = place(turn, with_sums(order))
    return {
        "name": turn.program.text(priced.bundle.name, turn.contact.locale),
        "items": in_words(order),
        "total": priced.price_minor,
        "saving": priced.saving_minor,
        "credit": credit,
        "to_pay": to_pay,
        "earned": settled.granted_minor,
        "number": order.id[:6].upper(),
    }


def _lines(turn: Turn, priced: Priced) -> tuple[OrderLine, ...]:
    lines = []
    for item, off in zip(priced.bundle.items, priced.off_by_item, strict=True):
        product = turn.shop.products[item.sku]
        lines.append(
            OrderLine(
                item.sku,
                product.name,
                item.quantity,
                product.price_minor,
                category=product.category,
                discount_minor=off,
            )
        )
    return tuple(lines)
