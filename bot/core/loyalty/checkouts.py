"""A checkout: what an order sets aside of credit, offers and budgets, until it is paid or given up."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.loyalty.offers import Offer
from bot.core.loyalty.quotes import Quote


class CheckoutState(StrEnum):
    """Where a checkout is; it leaves `open` once."""

    OPEN = "open"
    CAPTURED = "captured"
    VOIDED = "voided"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Budgeted:
    """What an offer takes off that a fund pays for: so many units of `counter`."""

    offer_id: str
    counter: str
    units: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """What one order has set aside; an order has one open at a time, and the last one stays on record.

    `order_id` is ours, `reference` the shop's own id of the order. `hold_id` names the credit set aside, None
    where none is. `captured` is what was paid for in the end, at the prices `quoted`.
    """

    order_id: str
    reference: str
    state: CheckoutState
    opened_at: datetime
    expires_at: datetime
    quoted: Quote
    hold_id: str | None = None
    budgeted: tuple[Budgeted, ...] = ()
    captured: Quote | None = None
    changed_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be captured: not from its end on, whether or not a job has closed it."""
        return self.state is CheckoutState.OPEN and now < self.expires_at

    def is_overdue(self, now: datetime) -> bool:
        """Whether its time has passed and nobody has closed it."""
        return self.state is CheckoutState.OPEN and self.expires_at <= now

    def closed(self, state: CheckoutState, now: datetime, captured: Quote | None = None) -> "Checkout":
        """Return it closed."""
        assert self.state is CheckoutState.OPEN, "a checkout is closed once"
        return replace(self, state=state, captured=captured, changed_at=now)


@dataclass(frozen=True, slots=True)
class AtCheckout:
    """What a checkout looks at: the order's own last checkout, all that are open, and the member's offers.

    `offers` are those that can be used, and others, used or ended, so that it can be said why.
    """

    of_order: Checkout | None = None
    open: tuple[Checkout, ...] = ()
    offers: tuple[Offer, ...] = ()


def goes_back(budgeted: Iterable[Budgeted], captured: Quote | None) -> dict[str, int]:
    """Return what goes back to which counter, where `captured` (None: nothing) is paid for in the end."""
    paid = {applied.offer_id: applied.discount_minor for applied in captured.applied} if captured else {}
    back: dict[str, int] = {}
    for one in budgeted:
        units = one.units - min(one.units, paid.get(one.offer_id, 0))
        if units:
            back[one.counter] = back.get(one.counter, 0) + units
    return back
