"""Orders by text: priced with the member's offers and credit as at a checkout, and spent when placed."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.core.contact import JsonValue, Order, OrderLine, Product
from bot.core.deeds.offering import OFFER_SPENT
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.order_told import Settled
from bot.core.deeds.placing import place
from bot.core.deeds.pricing import budgeted, take_budgets, with_offers
from bot.core.errors import TellMember
from bot.core.loyalty.checkouts import Budgeted, Checkout, CheckoutState
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.orders import priced
from bot.core.loyalty.quotes import CartLine, Quote, with_credit
from bot.core.signed_links import REORDER, SignedLinks
from bot.core.turn import Turn

_ID = re.compile(r"[0-9a-f]{32}")
_AT_ONCE = timedelta(seconds=1)
_TOKEN_LASTS = timedelta(days=7)


def quote_by_text(turn: Turn, basket: Sequence[tuple[Product, int]], order_id: str = "") -> Quote:
    """Say what products and how many of each come to, with all offers and credit that the member can use."""
    cart = [
        CartLine(product.sku, product.name, quantity, product.price_minor, product.category)
        for product, quantity in basket
    ]
    quoted = with_offers(turn, cart, _offers(turn, order_id), order_id)
    applies = turn.program.reorder.auto_apply_credit
    return with_credit(quoted, turn.books.spendable(turn.now)) if applies else quoted


def proposed(
    turn: Turn, basket: Iterable[tuple[str, int]], order_id: str = ""
) -> dict[str, JsonValue] | None:
    """Propose products and how many of each, priced as of now; None if nothing of it is sold any more.

    `order_id` is the order that is to be made again: its page of the mini program is opened by `token`, the
    same page outside of WeChat by `link`.
    """
    sold = [
        (product, quantity)
        for sku, quantity in basket
        if (product := turn.shop.products.get(sku)) is not None
    ]
    if not sold:
        return None
    quoted = quote_by_text(turn, sold)
    return {
        "items": in_words(turn, quoted),
        "lines": [{"sku": product.sku, "quantity": quantity} for product, quantity in sold],
        "total": quoted.gross_minor - quoted.discount_minor,
        "discount": quoted.discount_minor,
        "credit": quoted.credit_minor,
        "to_pay": quoted.to_pay_minor,
        "order_id": order_id,
        "token": _token(turn, order_id),
        "link": _link(turn, order_id),
    }


def _link(turn: Turn, order_id: str) -> str:
    pages = turn.shop.pages
    return pages.bare("reorder", order_id) if pages is not None and _ID.fullmatch(order_id) else ""


def _token(turn: Turn, order_id: str) -> str:
    if not turn.shop.secrets or _ID.fullmatch(order_id) is None:
        return ""
    links = SignedLinks(turn.shop.public_url, turn.shop.secrets, REORDER)
    return links.token(turn.contact.id, order_id, turn.now + _TOKEN_LASTS)


def in_words(turn: Turn, quoted: Quote) -> str:
    """Say what is ordered, and by which offers it is cheaper."""
    goods = [
        one.line.name if one.line.quantity == 1 else f"{one.line.quantity} x {one.line.name}"
        for one in quoted.lines
    ]
    titles = [turn.program.text(one.title, turn.contact.locale) for one in quoted.applied]
    return ", ".join(goods) + (f" ({', '.join(titles)})" if titles else "")


def place_quoted(turn: Turn, quoted: Quote, order_id: str) -> Settled:
    """Place what was quoted: its offers and its credit are spent.

    Raises:
        TellMember: `price_changed`, because a fund has not enough left any more.
    """
    order = Order(
        id=order_id,
        source=turn.channel,
        placed_at=turn.now,
        lines=tuple(
            OrderLine(
                sku=one.line.sku,
                name=one.line.name,
                quantity=one.line.quantity,
                unit_minor=one.line.unit_minor,
                category=one.line.category,
                discount_minor=one.discount_minor,
            )
            for one in quoted.lines
        ),
        total_minor=quoted.gross_minor - quoted.discount_minor,
        credit_minor=quoted.credit_minor,
        currency=turn.program.currency.code,
    )
    if not quoted.applied:
        return place(turn, priced(order))
    offers = {offer.id: offer for offer in _offers(turn, order_id)}
    funded = budgeted(turn, quoted, tuple(offers.values()))
    if not take_budgets(turn, funded):
        gross = quoted.gross_minor
        raise TellMember("price_changed", total=gross, credit=0, to_pay=gross)
    told: list[JsonValue] = []
    for applied in quoted.applied:
        offer = offers[applied.offer_id]
        held = offer.held(order_id, turn.now + _AT_ONCE, turn.now)
        turn.keep("offer", offer.id, held.spent(order_id, turn.now))
        facts: dict[str, JsonValue] = {"offer": offer.rule, "code": offer.code}
        turn.track(OFFER_SPENT, {**facts, "reference": "", "discount": applied.discount_minor})
        told.append({**facts, "discount_minor": applied.discount_minor})
    checkout = _captured(turn, quoted, order_id, funded)
    turn.keep("checkout", order_id, checkout)
    return place(turn, priced(order), OnRecord(checkout=checkout), offers=told)


def _captured(turn: Turn, quoted: Quote, order_id: str, funded: tuple[Budgeted, ...]) -> Checkout:
    """What was spent on it as a checkout: by that a return finds the offers."""
    return Checkout(
        order_id=order_id,
        reference=order_id,
        state=CheckoutState.CAPTURED,
        opened_at=turn.now,
        expires_at=turn.now,
        quoted=quoted,
        budgeted=funded,
        captured=quoted,
        changed_at=turn.now,
    )


def _offers(turn: Turn, order_id: str) -> list[Offer]:
    """The member's offers that can be used; who was never given any is not asked for them."""
    program = turn.program
    if not program.offers and not any(reward.kind == "discount" for reward in program.rewards):
        return []
    found = turn.needed("offers")
    assert isinstance(found, tuple)
    kept = {offer.id: turn.effects.kept.get(("offer", offer.id), offer) for offer in found}
    return [
        one for one in kept.values() if isinstance(one, Offer) and one.problem(turn.now, order_id) is None
    ]
