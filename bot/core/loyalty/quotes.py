"""What a basket comes to: which offers apply in which order, what credit pays, what is left to pay.

Exact by line and in sum: gross = discounts + credit + cash, always.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.core.loyalty.earning import spread
from bot.core.loyalty.offers import Offer, OfferKind, Terms

_ORDER = tuple(OfferKind)


class LineKind(StrEnum):
    """What a line is; discounts are on products, free shipping on shipping, credit pays no gift card."""

    PRODUCT = "product"
    SHIPPING = "shipping"
    TAX = "tax"
    GIFT_CARD = "gift_card"


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of a basket, at its price without any offer."""

    sku: str
    name: str
    quantity: int
    unit_minor: int
    category: str = ""
    kind: LineKind = LineKind.PRODUCT
    earns: bool = True

    @property
    def gross_minor(self) -> int:
        """What it costs without any offer."""
        return self.quantity * self.unit_minor

    @property
    def takes_credit(self) -> bool:
        """Whether credit may pay for it: never for what is money itself."""
        return self.kind is not LineKind.GIFT_CARD


@dataclass(frozen=True, slots=True)
class Applied:
    """An offer that applies, and what it takes off each line."""

    offer_id: str
    rule: str
    code: str
    title: Mapping[str, str]
    kind: OfferKind
    by_line_minor: tuple[int, ...]

    @property
    def discount_minor(self) -> int:
        """What it takes off altogether."""
        return sum(self.by_line_minor)


@dataclass(frozen=True, slots=True)
class Left:
    """An offer that was wanted and does not apply: `wanted` as it was written, and why, in one word.

    `facts` say more where there is more: `missing_minor` to the smallest basket, `ended_at`.
    """

    wanted: str
    reason: str
    facts: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line with who pays for it."""

    line: CartLine
    discount_minor: int
    credit_minor: int

    @property
    def cash_minor(self) -> int:
        """What neither discount nor credit covers."""
        return self.line.gross_minor - self.discount_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class Quote:
    """What a basket comes to; `applied` in the order in which the offers were taken off.

    `currency` is empty where it is the program's own.
    """

    lines: tuple[QuotedLine, ...]
    applied: tuple[Applied, ...] = ()
    left: tuple[Left, ...] = ()
    currency: str = ""

    @property
    def gross_minor(self) -> int:
        """What it all costs without any offer."""
        return sum(quoted.line.gross_minor for quoted in self.lines)

    @property
    def discount_minor(self) -> int:
        """What the offers take off."""
        return sum(quoted.discount_minor for quoted in self.lines)

    @property
    def credit_minor(self) -> int:
        """What credit pays."""
        return sum(quoted.credit_minor for quoted in self.lines)

    @property
    def to_pay_minor(self) -> int:
        """What is left to pay in cash."""
        return sum(quoted.cash_minor for quoted in self.lines)


def quote(
    cart: Sequence[CartLine],
    offers: Sequence[Offer],
    now: datetime,
    *,
    order_id: str = "",
    currency: str = "",
) -> Quote:
    """Take offers off a basket; no credit is applied yet (see `with_credit`).

    All that stack apply together, or one that does not stack alone: whichever takes off most. Free products
    come first, then percents, then amounts, then shipping, each on what those before it left. What names
    money does not apply in another `currency` than the program's own.
    """
    left: list[Left] = []
    together: list[Offer] = []
    ways: list[list[Offer]] = [together]
    for offer in offers:
        why = _why_not(offer, cart, now, order_id)
        if why is None and currency and offer.terms.names_money:
            why = Left(offer.code, "other_currency")
        if why is not None:
            left.append(why)
        elif offer.terms.stacks:
            together.append(offer)
        else:
            ways.append([offer])
    taken = [_taken_off(cart, way) for way in ways]
    best = max(range(len(ways)), key=lambda number: sum(one.discount_minor for one in taken[number]))
    kept = tuple(applied for applied in taken[best] if applied.discount_minor)
    applies = {applied.offer_id for applied in kept}
    for number, way in enumerate(ways):
        reason = "nothing_left" if number == best else "not_with_others"
        left += [Left(offer.code, reason) for offer in way if offer.id not in applies]
    return Quote(_lines(cart, kept), kept, tuple(left), currency)


def without(quoted: Quote, offer_id: str, reason: str) -> Quote:
    """Return a quote in which one of its offers does not apply after all; no credit is applied yet."""
    out = next(applied for applied in quoted.applied if applied.offer_id == offer_id)
    kept = tuple(applied for applied in quoted.applied if applied is not out)
    cart = [line.line for line in quoted.lines]
    return replace(
        quoted, lines=_lines(cart, kept), applied=kept, left=(*quoted.left, Left(out.code, reason))
    )


def with_credit(quoted: Quote, spendable_minor: int) -> Quote:
    """Let credit pay what the offers left, on every line that takes it; spread exactly over the lines."""
    payable = [
        line.line.gross_minor - line.discount_minor if line.line.takes_credit else 0 for line in quoted.lines
    ]
    shares = spread(min(spendable_minor, sum(payable)), payable)
    lines = (replace(line, credit_minor=share) for line, share in zip(quoted.lines, shares, strict=True))
    return replace(quoted, lines=tuple(lines))


def part(quoted: Quote, quantities: Sequence[int]) -> Quote:
    """Return what a part of the basket comes to, at the prices quoted; `quantities` by line, 0 for none.

    Each line keeps its share of every discount and of the credit, floored; a free product stays free.
    """
    whole = [line.line.quantity for line in quoted.lines]
    assert all(0 <= part <= all_of for part, all_of in zip(quantities, whole, strict=True)), "more than all"
    cart = [replace(line.line, quantity=part) for line, part in zip(quoted.lines, quantities, strict=True)]
    room = [line.gross_minor for line in cart]
    kept = []
    for applied in quoted.applied:
        by_line = []
        for number, discount in enumerate(applied.by_line_minor):
            is_free = applied.kind is OfferKind.PRODUCT
            share = discount if is_free else _share(discount, quantities[number], whole[number])
            by_line.append(min(share, room[number]))
            room[number] -= by_line[-1]
        kept.append(replace(applied, by_line_minor=tuple(by_line)))
    kept = [applied for applied in kept if applied.discount_minor]
    lines = _lines(cart, kept)
    credit = [
        min(_share(line.credit_minor, some, all_of), left)
        for line, some, all_of, left in zip(quoted.lines, quantities, whole, room, strict=True)
    ]
    lines = tuple(replace(line, credit_minor=paid) for line, paid in zip(lines, credit, strict=True))
    return replace(quoted, lines=lines, applied=tuple(kept))


def _share(minor: int, some: int, all_of: int) -> int:
    return minor * some // all_of if all_of else 0


def _lines(cart: Sequence[CartLine], applied: Iterable[Applied]) -> tuple[QuotedLine, ...]:
    discounts = [0] * len(cart)
    for one in applied:
        discounts = [before + more for before, more in zip(discounts, one.by_line_minor, strict=True)]
    return tuple(QuotedLine(line, discount, 0) for line, discount in zip(cart, discounts, strict=True))


def _why_not(offer: Offer, cart: Sequence[CartLine], now: datetime, order_id: str) -> Left | None:
    """Why an offer cannot be on this basket, whatever else is; None if it can."""
    problem, terms = offer.problem(now, order_id), offer.terms
    if problem == "ended" and offer.ends_at is not None:
        return Left(offer.code, problem, {"ended_at": offer.ends_at.isoformat()})
    if problem == "not_yet":
        return Left(offer.code, problem, {"starts_at": offer.starts_at.isoformat()})
    if problem is not None:
        return Left(offer.code, problem)
    if not any(_fits(terms, line) for line in cart):
        return Left(offer.code, "nothing_fits")
    goods = sum(line.gross_minor for line in cart if line.kind is LineKind.PRODUCT)
    if goods < terms.at_least_minor:
        return Left(offer.code, "basket_too_small", {"missing_minor": terms.at_least_minor - goods})
    return None


def _fits(terms: Terms, line: CartLine) -> bool:
    """Whether an offer can take anything off a line."""
    if terms.kind is OfferKind.SHIPPING:
        return line.kind is LineKind.SHIPPING
    if line.kind is not LineKind.PRODUCT:
        return False
    if terms.kind is OfferKind.PRODUCT:
        return line.sku == terms.product
    is_on_all = not (terms.category or terms.sku)
    return is_on_all or line.category in terms.category or line.sku in terms.sku


def _taken_off(cart: Sequence[CartLine], way: Iterable[Offer]) -> list[Applied]:
    """Take these offers off, in their order, each on what those before it left."""
    room = [line.gross_minor for line in cart]
    taken = []
    for offer in sorted(way, key=lambda one: (_ORDER.index(one.terms.kind), one.given_at, one.id)):
        terms = offer.terms
        there = [left if _fits(terms, line) else 0 for line, left in zip(cart, room, strict=True)]
        by_line = _discounts(terms, cart, there)
        room = [left - discount for left, discount in zip(room, by_line, strict=True)]
        taken.append(Applied(offer.id, offer.rule, offer.code, terms.title, terms.kind, by_line))
    return taken


def _discounts(terms: Terms, cart: Sequence[CartLine], there: Sequence[int]) -> tuple[int, ...]:
    """What an offer takes off each line, where so much is left on those it is on."""
    if terms.kind is OfferKind.PRODUCT:
        # One of it is free: of the line where one costs most.
        units = [min(left, line.unit_minor) for line, left in zip(cart, there, strict=True)]
        dearest = max(range(len(units)), key=units.__getitem__, default=0)
        there = [unit if number == dearest else 0 for number, unit in enumerate(units)]
    base = sum(there)
    wanted = {OfferKind.PERCENT: int(base * terms.rate), OfferKind.AMOUNT: min(terms.amount_minor, base)}
    discount = wanted.get(terms.kind, base)
    if terms.most_minor is not None:
        discount = min(discount, terms.most_minor)
    return spread(discount, there)
