"""Orders by text: what is proposed, at the price of the pages, with the page that opens it."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.core.contact import JsonValue, Product
from bot.core.deeds.baskets import Basket, Priced, in_words, price
from bot.core.deeds.destinations import place_by_text, places
from bot.core.deeds.stocking import to_be_had
from bot.core.loyalty.places import Place
from bot.core.signed_links import REORDER, SignedLinks
from bot.core.turn import Turn

_ID = re.compile(r"[0-9a-f]{32}")
_TOKEN_LASTS = timedelta(days=7)


def price_by_text(
    turn: Turn, goods: Sequence[tuple[Product, int]], order_id: str = "", *, place_id: str | None = None
) -> Priced:
    """Say what products and how many of each come to where they go: to the last place, or a named one."""
    basket = Basket(tuple(goods))
    return price(turn, Basket(basket.goods, _place(turn, basket.goods_minor, place_id)), order_id)


def proposed(
    turn: Turn, basket: Iterable[tuple[str, int]], order_id: str = ""
) -> dict[str, JsonValue] | None:
    """Propose products and how many of each there are, priced as of now; None if nothing of it is to be had.

    `order_id` is the order that is to be made again: its page of the mini program is opened by `token`, the
    same page outside of WeChat by `link`. `place` is where it goes, empty where nobody ever said.
    """
    sold = [
        (product, quantity)
        for sku, quantity in basket
        if (product := turn.shop.products.get(sku)) is not None
    ]
    sold = to_be_had(turn, sold)
    if not sold:
        return None
    priced = price_by_text(turn, sold)
    quoted, place = priced.quote, priced.basket.place
    return {
        "items": in_words(turn, priced),
        "lines": [{"sku": product.sku, "quantity": quantity} for product, quantity in sold],
        "total": quoted.gross_minor - quoted.discount_minor,
        "discount": quoted.discount_minor,
        "credit": quoted.credit_minor,
        "to_pay": quoted.to_pay_minor,
        "place": place.id if place is not None else "",
        "order_id": order_id,
        "token": _token(turn, order_id),
        "link": _link(turn, order_id),
    }


def _place(turn: Turn, goods_minor: int, place_id: str | None) -> Place | None:
    if place_id is None:
        return place_by_text(turn, goods_minor)
    return next((place for place in places(turn) if place.id == place_id), None) if place_id else None


def _link(turn: Turn, order_id: str) -> str | None:
    pages = turn.shop.pages
    return pages.bare("reorder", order_id) if pages is not None and _ID.fullmatch(order_id) else None


def _token(turn: Turn, order_id: str) -> str:
    if not turn.shop.secrets or _ID.fullmatch(order_id) is None:
        return ""
    links = SignedLinks(turn.shop.public_url, turn.shop.secrets, REORDER)
    return links.token(turn.contact.id, order_id, turn.now + _TOKEN_LASTS)
