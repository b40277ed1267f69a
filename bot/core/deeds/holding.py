"""Setting aside what an order takes of credit, offers and budgets, until it is paid for or given up.

From a checkout's end on all of it is free again, whether or not anybody closed it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.contact import JsonValue
from bot.core.deeds.offering import OFFER_SPENT
from bot.core.deeds.pricing import budgeted, take_budgets
from bot.core.errors import TellMember
from bot.core.ledger.books import Books
from bot.core.ledger.entries import Cause
from bot.core.ledger.holds import HoldState
from bot.core.loyalty.checkouts import AtCheckout, Checkout, CheckoutState, goes_back
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.quotes import LineKind, Quote
from bot.core.loyalty.sales import wallet_of
from bot.core.turn import Turn

CHECKOUT_TIMED_OUT = "Checkout Timed Out"


def at_checkout(turn: Turn, order_id: str, called: Sequence[str] = ()) -> AtCheckout:
    """What a checkout of that order looks at; offers that are called by code or name are always among it."""
    of_order, names = order_id or "-", ",".join(sorted(set(called)))
    turn.need(f"checkout/{of_order}", *([f"offers_called/{names}"] if names else []))
    at = turn.needed("checkout", of_order)
    assert isinstance(at, AtCheckout)
    if not names:
        return at
    found = turn.needed("offers_called", names)
    assert isinstance(found, tuple)
    known = {offer.id for offer in at.offers}
    return replace(at, offers=(*at.offers, *(offer for offer in found if offer.id not in known)))


def set_aside(
    turn: Turn, at: AtCheckout, quoted: Quote, *, order_id: str, reference: str, lasts: timedelta
) -> Checkout:
    """Set aside what was quoted for an order that has nothing set aside.

    Raises:
        TellMember: `price_changed`: a fund has not enough left any more.
    """
    held = None
    if quoted.credit_minor:
        cause = Cause(f"{turn.trigger.key}/hold", "shop")
        held = _books(turn, quoted).hold(order_id, quoted.credit_minor, lasts, turn.now, cause)
    funded = budgeted(turn, quoted, at.offers)
    if not take_budgets(turn, funded):
        raise TellMember("price_changed", because="budget_spent")
    expires_at = turn.now + lasts
    made = Checkout(
        order_id=order_id,
        reference=reference,
        state=CheckoutState.OPEN,
        opened_at=turn.now,
        expires_at=expires_at,
        quoted=quoted,
        hold_id=held.id if held else None,
        budgeted=funded,
        changed_at=turn.now,
    )
    for offer in _of(at.offers, quoted):
        _keep_offer(turn, offer.held(order_id, expires_at, turn.now))
    turn.keep("checkout", order_id, made)
    return made


def close_overdue(turn: Turn, at: AtCheckout) -> None:
    """Let go of what is set aside for longer than it may be, so that the books say why it is free."""
    for checkout in at.open:
        if checkout.is_overdue(turn.now):
            close(turn, at, checkout.closed(CheckoutState.TIMED_OUT, turn.now))
            turn.track(CHECKOUT_TIMED_OUT, _facts(turn, checkout.reference, checkout.quoted))


def close(turn: Turn, at: AtCheckout, checkout: Checkout) -> None:
    """Spend what was captured of a closed checkout and let all else go back."""
    now, paid = turn.now, checkout.captured
    if checkout.hold_id is not None:
        books = _books(turn, checkout.quoted)
        _close_hold(books, turn.now, checkout.hold_id, paid.credit_minor if paid else 0)
    spent = {applied.offer_id: applied.discount_minor for applied in paid.applied} if paid else {}
    for offer in _of(at.offers, checkout.quoted):
        if offer.id in spent:
            _keep_offer(turn, offer.spent(checkout.order_id, now))
            facts: dict[str, JsonValue] = {"reference": checkout.reference, "discount": spent[offer.id]}
            turn.track(OFFER_SPENT, {"offer": offer.rule, "code": offer.code, **facts})
        else:
            _keep_offer(turn, offer.given_back(checkout.order_id, now))
    for counter, units in goes_back(checkout.budgeted, paid).items():
        turn.give_back(counter, units)
    turn.keep("checkout", checkout.order_id, checkout)


def let_go(turn: Turn, checkout: Checkout) -> None:
    """Give up what an open checkout has set aside."""
    close(turn, at_checkout(turn, checkout.order_id), checkout.closed(CheckoutState.VOIDED, turn.now))


def capture(turn: Turn, checkout: Checkout) -> Checkout:
    """Spend all that an open checkout has set aside; returns it as it is then."""
    captured = checkout.closed(CheckoutState.CAPTURED, turn.now, checkout.quoted)
    close(turn, at_checkout(turn, checkout.order_id), captured)
    return captured


def by_now(turn: Turn, checkout: Checkout) -> Checkout:
    """Return a checkout as this turn leaves it."""
    kept = turn.effects.kept.get(("checkout", checkout.order_id), checkout)
    assert isinstance(kept, Checkout)
    return kept


def _books(turn: Turn, quoted: Quote) -> Books:
    """The wallet whose credit pays: the one of the quote's currency."""
    return turn.wallet(wallet_of(turn.program, quoted.currency))


def _close_hold(books: Books, now: datetime, hold_id: str, captured_minor: int) -> None:
    cause = Cause(f"close/{hold_id}", "shop")
    books.settle(now)
    held = books.holds.get(hold_id)
    if captured_minor:
        books.capture(hold_id, captured_minor, now, cause)
    elif held is not None and held.state is HoldState.OPEN:  # what is overdue is settled already
        books.release(hold_id, now, cause)


def _of(offers: Sequence[Offer], quoted: Quote) -> list[Offer]:
    applied = {one.offer_id for one in quoted.applied}
    return [offer for offer in offers if offer.id in applied]


def _facts(turn: Turn, reference: str, quoted: Quote) -> dict[str, JsonValue]:
    return {
        "reference": reference,
        "currency": quoted.currency or turn.program.currency.code,
        "gross": quoted.gross_minor,
        "discount": quoted.discount_minor,
        "credit": quoted.credit_minor,
        "to_pay": quoted.to_pay_minor,
        "items": ", ".join(line.line.name for line in quoted.lines if line.line.kind is LineKind.PRODUCT),
    }


def _keep_offer(turn: Turn, offer: Offer) -> None:
    turn.keep("offer", offer.id, offer)
