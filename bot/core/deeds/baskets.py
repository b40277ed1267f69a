"""What a basket comes to, and placing it: by text and at the pages it is the same, to the last cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.contact import JsonValue, Order, Product
from bot.core.deeds.bundling import bundle_of
from bot.core.deeds.offering import OFFER_SPENT
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.order_told import Settled
from bot.core.deeds.placing import BUNDLE, place
from bot.core.deeds.pricing import as_order, budgeted, take_budgets, with_offers
from bot.core.errors import TellMember
from bot.core.loyalty.checkouts import Budgeted, Checkout, CheckoutState
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.orders import priced
from bot.core.loyalty.places import PLACE, Place, PlaceKind
from bot.core.loyalty.quotes import CartLine, LineKind, Quote, QuotedLine, with_credit
from bot.core.turn import Turn

_AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Basket:
    """Products and how many of each, each once, and where they go.

    `use_credit` None: as `reorder.auto_apply_credit` says.
    """

    goods: tuple[tuple[Product, int], ...]
    place: Place | None = None
    use_credit: bool | None = None

    @property
    def goods_minor(self) -> int:
        """What the products cost before anything is taken off."""
        return sum(product.price_minor * quantity for product, quantity in self.goods)


@dataclass(frozen=True, slots=True)
class Priced:
    """What a basket comes to; `bundle` is the one it is, at whose price it goes, empty where it is none."""

    basket: Basket
    quote: Quote
    bundle: str = ""


def need_for_pricing(turn: Turn, *others: str) -> None:
    """Ask ahead for what pricing a basket of the contact will ask for, and for `others` at once.

    Raises:
        NeedsMore: some of it is not loaded yet.
    """
    names = ["orders", *others]
    if _has_offers(turn):
        names.append("offers")
    if turn.program.tiers is not None and turn.contact.is_member:
        names.append("standing/tier")  # what an order earns depends on it
    turn.need(*names)


def price(turn: Turn, basket: Basket, order_id: str = "") -> Priced:
    """Price a basket as of now: with its bundle or all offers that can be used, delivery, and credit.

    A basket that is a bundle costs what the bundle does, unless offers take off more.
    """
    brought = _delivery(turn, basket)
    cart = [
        CartLine(product.sku, product.name, quantity, product.price_minor, product.category)
        for product, quantity in basket.goods
    ]
    quoted, name = with_offers(turn, [*cart, *brought], usable_offers(turn, order_id), order_id), ""
    bundle = bundle_of(turn, [(line.sku, line.quantity) for line in cart])
    if bundle is not None and bundle.saving_minor > quoted.discount_minor:
        off = {item.sku: minor for item, minor in zip(bundle.bundle.items, bundle.off_by_item, strict=True)}
        lines = (QuotedLine(line, off.get(line.sku, 0), 0) for line in (*cart, *brought))
        quoted, name = Quote(tuple(lines), left=quoted.left), bundle.bundle.id
    applies = turn.program.reorder.auto_apply_credit if basket.use_credit is None else basket.use_credit
    if applies:
        quoted = with_credit(quoted, turn.books.spendable(turn.now))
    return Priced(basket, quoted, name)


def in_words(turn: Turn, priced_basket: Priced) -> str:
    """Say what is ordered, by which offers it is cheaper, and to whose door it is brought."""
    basket = priced_basket.basket
    goods = [
        product.name if quantity == 1 else f"{quantity} x {product.name}"
        for product, quantity in basket.goods
    ]
    titles = [turn.program.text(one.title, turn.contact.locale) for one in priced_basket.quote.applied]
    words = ", ".join(goods) + (f" ({', '.join(titles)})" if titles else "")
    delivery = turn.shop.selling.delivery
    if delivery is None or basket.place is None or basket.place.kind is not PlaceKind.ADDRESS:
        return words
    # The address stands in what is said alone: the books keep lines for good, and no address.
    return f"{words}, {turn.program.text(delivery.title, turn.contact.locale)} ({basket.place.address})"


def order_of(
    turn: Turn, wanted: Priced, order_id: str, source: str, facts: Mapping[str, JsonValue] | None = None
) -> Order:
    """Return what was priced as the order that it is, with all its sums, as quoted."""
    where = wanted.basket.place
    kept: dict[str, JsonValue] = {**(facts or {})}
    if where is not None:
        kept[PLACE] = where.told()
    if wanted.bundle:
        kept[BUNDLE] = wanted.bundle
    return priced(replace(as_order(turn, wanted.quote, order_id, source), facts=kept))


def place_priced(
    turn: Turn, wanted: Priced, order_id: str, source: str, facts: Mapping[str, JsonValue] | None = None
) -> Settled:
    """Place what was priced, to be paid where it is handed over: its offers and its credit are spent.

    Raises:
        TellMember: `price_changed`, because a fund has not enough left any more.
    """
    quoted = wanted.quote
    order = order_of(turn, wanted, order_id, source, facts)
    if not quoted.applied and not any(one.line.kind is LineKind.SHIPPING for one in quoted.lines):
        return place(turn, order)
    offers = {offer.id: offer for offer in usable_offers(turn, order_id)}
    funded = budgeted(turn, quoted, tuple(offers.values()))
    if not take_budgets(turn, funded):
        gross = quoted.gross_minor
        raise TellMember("price_changed", total=gross, credit=0, to_pay=gross)
    for applied in quoted.applied:
        offer = offers[applied.offer_id]
        held = offer.held(order_id, turn.now + _AT_ONCE, turn.now)
        turn.keep("offer", offer.id, held.spent(order_id, turn.now))
        named: dict[str, JsonValue] = {"offer": offer.rule, "code": offer.code}
        turn.track(OFFER_SPENT, {**named, "reference": "", "discount": applied.discount_minor})
    checkout = _captured(turn, quoted, order_id, funded)
    turn.keep("checkout", order_id, checkout)
    return place(turn, order, OnRecord(checkout=checkout))


def usable_offers(turn: Turn, order_id: str = "") -> list[Offer]:
    """The member's offers that can be used; who was never given any is not asked for them."""
    if not _has_offers(turn):
        return []
    found = turn.needed("offers")
    assert isinstance(found, tuple)
    kept = {offer.id: turn.effects.kept.get(("offer", offer.id), offer) for offer in found}
    return [
        one for one in kept.values() if isinstance(one, Offer) and one.problem(turn.now, order_id) is None
    ]


def _has_offers(turn: Turn) -> bool:
    program = turn.program
    return bool(program.offers) or any(reward.kind == "discount" for reward in program.rewards)


def _delivery(turn: Turn, basket: Basket) -> Sequence[CartLine]:
    """The line of what it costs to have a basket brought; none where it costs nothing."""
    delivery = turn.shop.selling.delivery
    if delivery is None or basket.place is None or basket.place.kind is not PlaceKind.ADDRESS:
        return ()
    fee = delivery.costs(basket.goods_minor)
    title = turn.program.text(delivery.title, turn.contact.locale)
    return [CartLine("", title, 1, fee, kind=LineKind.SHIPPING, earns=False)] if fee else ()


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
