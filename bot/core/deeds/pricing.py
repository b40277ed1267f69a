"""What a basket comes to with a member's offers, within what the funds that pay for them have left."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.contact import Order, OrderLine
from bot.core.local_time import local_date
from bot.core.loyalty.checkouts import Budgeted
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.quotes import CartLine, Left, LineKind, Quote
from bot.core.loyalty.quotes import quote as priced
from bot.core.turn import Turn


def with_offers(
    turn: Turn, cart: Sequence[CartLine], offers: Sequence[Offer], order_id: str, currency: str = ""
) -> Quote:
    """Price a basket as of now, before credit; an offer whose fund has not enough left is left out.

    `currency` is empty where it is the program's own.
    """
    wanted, without = list(offers), list[Left]()
    while True:
        quoted = priced(cart, wanted, turn.now, order_id=order_id, currency=currency)
        spent = _beyond_budget(turn, quoted, wanted)
        if spent is None:
            return replace(quoted, left=(*without, *quoted.left))
        wanted = [offer for offer in wanted if offer.id != spent.id]
        without.append(Left(spent.code, "budget_spent"))


def budgeted(turn: Turn, quoted: Quote, offers: Sequence[Offer]) -> tuple[Budgeted, ...]:
    """What funds pay for; a fund that the program has no more pays nothing and limits nothing."""
    today = local_date(turn.now, turn.shop.zone)
    funds = {offer.id: offer.terms.fund for offer in offers}
    return tuple(
        Budgeted(applied.offer_id, turn.program.funds[fund].counter(fund, today), applied.discount_minor)
        for applied in quoted.applied
        if (fund := funds[applied.offer_id]) in turn.program.funds
    )


def take_budgets(turn: Turn, wanted: Sequence[Budgeted]) -> bool:
    """Take what funds pay for; False where one has not enough left: the caller refuses all of it."""
    return all(turn.take(one.counter, one.units, of=_limit(turn, one.counter)) for one in wanted)


def _beyond_budget(turn: Turn, quoted: Quote, offers: Sequence[Offer]) -> Offer | None:
    """Return the first offer whose fund has less left than it takes off; nothing is taken yet."""
    wanted: dict[str, int] = {}
    for one in budgeted(turn, quoted, offers):
        wanted[one.counter] = wanted.get(one.counter, 0) + one.units
        known = turn.needed("fund", one.counter)
        left, begun_with = known if isinstance(known, tuple) else (0, 0)
        # The limit of today, which may be another than the counter began with: see `counters.take`.
        if wanted[one.counter] > max(_limit(turn, one.counter) - (begun_with - left), 0):
            return next(offer for offer in offers if offer.id == one.offer_id)
    return None


def _limit(turn: Turn, counter: str) -> int:
    return turn.program.funds[counter.split("/")[1]].limit_minor


def as_order(turn: Turn, quoted: Quote, order_id: str, source: str = "checkout") -> Order:
    """Return what is quoted as the order that it is, or would be."""
    lines = [
        OrderLine(
            sku=one.line.sku,
            name=one.line.name,
            quantity=one.line.quantity,
            unit_minor=one.line.unit_minor,
            category=one.line.category,
            discount_minor=one.discount_minor,
            credit_minor=one.credit_minor,
            earns=one.line.earns,
        )
        for one in quoted.lines
        if one.line.kind in {LineKind.PRODUCT, LineKind.GIFT_CARD}
    ]
    beside = {
        kind: sum(one.line.gross_minor - one.discount_minor for one in quoted.lines if one.line.kind is kind)
        for kind in (LineKind.SHIPPING, LineKind.TAX)
    }
    return Order(
        id=order_id,
        source=source,
        placed_at=turn.now,
        lines=tuple(lines),
        total_minor=quoted.gross_minor - quoted.discount_minor,
        credit_minor=quoted.credit_minor,
        shipping_minor=beside[LineKind.SHIPPING],
        tax_minor=beside[LineKind.TAX],
        currency=quoted.currency or turn.program.currency.code,
    )
