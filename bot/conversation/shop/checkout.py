"""Checkout: quote, then hold, then capture or void; what was quoted is kept, and nothing is spent twice.

An order holds credit, offers and the budgets that pay for them together until `checkout.hold_for` has passed;
from then on all of it is free again, whether or not a job has closed the checkout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.conversation.shop.checkout_asked import (
    CaptureAsked,
    HoldAsked,
    LineAsked,
    QuoteAsked,
    VoidAsked,
    read,
)
from bot.conversation.shop.checkout_told import told_checkout, told_quote
from bot.core.contact import JsonValue
from bot.core.deeds.crediting import foreseen_minor
from bot.core.deeds.holding import at_checkout, by_now, close, close_overdue, set_aside
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.ordering import refuse_anothers
from bot.core.deeds.pricing import as_order, with_offers
from bot.core.errors import Refused, TellMember
from bot.core.ids import derived_id
from bot.core.ledger.refusals import HoldAlreadyOpen, HoldClosed
from bot.core.loyalty.checkouts import AtCheckout, Checkout, CheckoutState
from bot.core.loyalty.offers import Offer, as_typed
from bot.core.loyalty.quotes import CartLine, Left, LineKind, Quote, part, with_credit
from bot.core.loyalty.sales import agreed_currency, wallet_of
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]
_NO_SUCH = 404
_CONFLICT = 409
_UNPROCESSABLE = 422


def quote(turn: Turn, body: Body) -> Body:
    """Say what a basket comes to: which offers apply, what credit pays, what is left, what it will earn.

    Nothing is set aside and nothing changes.
    """
    asked = read(QuoteAsked, body)
    order_id = _order_id(turn, asked.order)
    if asked.order is not None:
        turn.need(f"on_record/{asked.order}", f"checkout/{order_id}")
    quoted = _priced(turn, asked, order_id)
    earns_minor = foreseen_minor(turn, as_order(turn, quoted, order_id))
    return {**told_quote(turn, quoted, asked.order), "earns_minor": earns_minor}


def hold(turn: Turn, body: Body) -> Body:
    """Price a basket and set aside what it takes for an order, until the clock says otherwise.

    Raises:
        HoldAlreadyOpen: the order holds something already.
        TellMember: `price_changed`: it would be more to pay than was quoted; `another_members`: the order is.
    """
    asked = read(HoldAsked, body)
    order_id = _order_id(turn, asked.order)
    turn.need(f"order_owner/{asked.order}", f"on_record/{asked.order}", f"checkout/{order_id}")
    refuse_anothers(turn, asked.order)
    at = at_checkout(turn, order_id, asked.offers or ())
    before = at.of_order
    if before is not None and before.is_open(turn.now):
        raise HoldAlreadyOpen(asked.order, before.hold_id or before.order_id)
    if before is not None and before.state is CheckoutState.CAPTURED:
        raise Refused(f"order {asked.order} is paid", "use another order", _CONFLICT)
    close_overdue(turn, at)
    quoted = _priced(turn, asked, order_id)
    if asked.to_pay_minor is not None and quoted.to_pay_minor > asked.to_pay_minor:
        raise TellMember("price_changed", to_pay_minor=quoted.to_pay_minor, quoted_minor=asked.to_pay_minor)
    made = set_aside(
        turn,
        at,
        quoted,
        order_id=order_id,
        reference=asked.order,
        lasts=turn.program.checkout.hold_for,
    )
    return told_checkout(turn, made)


def capture(turn: Turn, body: Body) -> Body:
    """Spend what an order holds, all or the named parts of it; the remainder is free again at once.

    A lot or an offer that ended while it was held is honoured. Asked again, it says the same.

    Raises:
        HoldClosed: nothing is held for the order any more.
    """
    asked = read(CaptureAsked, body)
    at = at_checkout(turn, _order_id(turn, asked.order))
    checkout = _existing(at, asked.order)
    paid = _part_asked(checkout.quoted, asked)
    if checkout.state is CheckoutState.CAPTURED:
        if checkout.captured != paid:
            raise Refused(
                f"another part of order {asked.order} was captured", "refund what was too much", _CONFLICT
            )
        return told_checkout(turn, checkout)
    if not checkout.is_open(turn.now):
        raise HoldClosed(checkout.hold_id or checkout.order_id)
    if not any(one.line.quantity for one in paid.lines):
        raise Refused("nothing of the order is captured", "void it instead", _UNPROCESSABLE)
    close(turn, at, checkout.closed(CheckoutState.CAPTURED, turn.now, paid))
    return told_checkout(turn, by_now(turn, checkout))


def void(turn: Turn, body: Body) -> Body:
    """Give up what an order holds; asked again, it says the same."""
    asked = read(VoidAsked, body)
    at = at_checkout(turn, _order_id(turn, asked.order))
    checkout = _existing(at, asked.order)
    if checkout.state is CheckoutState.CAPTURED:
        raise Refused(f"order {asked.order} is paid", "refund it instead", _CONFLICT)
    if checkout.is_overdue(turn.now):
        close_overdue(turn, at)
    elif checkout.is_open(turn.now):
        close(turn, at, checkout.closed(CheckoutState.VOIDED, turn.now))
    return told_checkout(turn, by_now(turn, checkout))


def time_out(turn: Turn, _body: Body) -> Body:
    """Close what is overdue: a clock asks for it, so that budgets are free again and the books say why."""
    at = at_checkout(turn, "")
    overdue = [checkout for checkout in at.open if checkout.is_overdue(turn.now)]
    close_overdue(turn, at)
    return {"closed": [checkout.reference for checkout in overdue]}


# Prices


def _priced(turn: Turn, asked: QuoteAsked, order_id: str) -> Quote:
    """Price a basket as of now.

    What the order itself has set aside counts as free: it would be, before it could be held anew.
    """
    currency = _currency(turn, asked)
    cart = [_cart_line(turn, line, number, currency) for number, line in enumerate(asked.lines)]
    at = at_checkout(turn, order_id, asked.offers or ())
    wanted, unknown = _wanted(turn, asked, at.offers, order_id)
    quoted = with_offers(turn, cart, wanted, order_id, currency)
    quoted = replace(quoted, left=(*unknown, *quoted.left))
    applies = turn.program.checkout.auto_apply_credit if asked.use_credit is None else asked.use_credit
    if not applies or not turn.contact.is_member:
        return quoted
    spendable = turn.wallet(wallet_of(turn.program, currency)).spendable(turn.now, order_id)
    held = at.of_order
    if held is not None and held.is_open(turn.now) and held.quoted.currency == currency:
        spendable += held.quoted.credit_minor
    return with_credit(
        quoted, spendable if asked.credit_minor is None else min(spendable, asked.credit_minor)
    )


def _currency(turn: Turn, asked: QuoteAsked) -> str:
    """The further currency of a basket; empty where it is the program's own."""
    own, known = turn.program.currency.code, ""
    if asked.order is not None:
        record = turn.needed("on_record", asked.order)
        assert isinstance(record, OnRecord)
        known = (record.order.currency or own) if record.order is not None else ""
    code = agreed_currency(turn.program, asked.order or "", known, asked.currency)
    return "" if code == own else code


def _cart_line(turn: Turn, line: LineAsked, number: int, currency: str) -> CartLine:
    product = turn.shop.products.get(line.sku)
    price = line.unit_minor
    if price is None:
        if product is None or currency:
            known = f"the price of '{line.sku}' is not known in {currency}"
            if product is None:
                known = f"no product '{line.sku}' is known, so its price has to be said"
            raise Refused(f"lines.{number}.unit_minor: {known}", "say its price", _UNPROCESSABLE)
        price = product.price_minor
    return CartLine(
        sku=line.sku,
        name=line.name or (product.name if product else line.sku or line.kind.value),
        quantity=line.quantity,
        unit_minor=price,
        category=line.category or (product.category if product else ""),
        kind=line.kind,
        earns=line.earns and line.kind is LineKind.PRODUCT,
    )


def _wanted(
    turn: Turn, asked: QuoteAsked, offers: Sequence[Offer], order_id: str
) -> tuple[list[Offer], list[Left]]:
    """Return the offers that are asked for, and why those are not there that the member does not have."""
    if asked.offers is None:
        return [offer for offer in offers if offer.problem(turn.now, order_id) is None], []
    found: dict[str, Offer] = {}
    others: dict[str, str] = {}
    for written in asked.offers:
        typed = as_typed(written)
        named = [offer for offer in offers if typed == offer.code or written in {offer.rule, offer.id}]
        if named:
            # Of several that were given of one kind: one that can be used.
            best = min(named, key=lambda offer: offer.problem(turn.now, order_id) is not None)
            found[best.id] = best
        else:
            others[written] = typed
    if not others:
        return list(found.values()), []
    codes = sorted({typed for typed in others.values() if typed})
    owners = turn.needed("codes", ",".join(codes)) if codes else {}
    assert isinstance(owners, Mapping)
    left = [Left(written, "foreign" if typed in owners else "unknown") for written, typed in others.items()]
    return list(found.values()), left


def _part_asked(quoted: Quote, asked: CaptureAsked) -> Quote:
    if asked.lines is None:
        return quoted
    quantities = [0] * len(quoted.lines)
    for one in asked.lines:
        if one.line > len(quantities):
            raise Refused(f"lines: there is no line {one.line}", "count from 1", _UNPROCESSABLE)
        quantities[one.line - 1] += one.quantity
        if quantities[one.line - 1] > quoted.lines[one.line - 1].line.quantity:
            raise Refused(
                f"lines: more of line {one.line} than is held", "capture at most that", _UNPROCESSABLE
            )
    return part(quoted, quantities)


# What is held


def _order_id(turn: Turn, reference: str | None) -> str:
    return derived_id(f"order/{reference}", turn.contact.bucket) if reference is not None else ""


def _existing(at: AtCheckout, reference: str) -> Checkout:
    if at.of_order is None:
        raise Refused(f"nothing was ever held for order {reference}", "hold it first", _NO_SUCH)
    return at.of_order
