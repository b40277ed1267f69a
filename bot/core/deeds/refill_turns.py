"""Refills in a turn: an order says when the next is expected, and when that is near a member may be asked."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.contact import ONLY_NAMES, JsonValue, Order, SubscriptionState
from bot.core.groups import on_channel
from bot.core.local_time import instant_of, local_date
from bot.core.loyalty.refill import Refill, RefillRules, Refills, after_order
from bot.core.turn import Turn

DUE = "Refill Due"
"""The event that flows start on when a favourite may be running low."""
ASK = "refill.ask"
"""What a job asks for when the time has come to ask a member."""
_TABLE, _NEEDED = "refill", "refills"
_ENDING_SOON = timedelta(days=14)
"""Credit that ends within this is a reason to buy now."""


def refill_after_order(turn: Turn, order: Order) -> None:
    """Reckon anew when the contact will need what an order has, or had before it was changed.

    Ask it once for each turn that places or changes the order, with the order as it is then.
    """
    if turn.program.refill is None:
        return
    refills, zone = _refills(turn), turn.contact.zone
    for refill in after_order(
        _kept(turn), order, turn.program.refill, refills.paces, turn.shop.products, zone
    ):
        turn.keep(_TABLE, refill.category, refill)


def expected(turn: Turn) -> list[Refill]:
    """Return what the contact uses up and may buy again: sold and in stock, soonest expected first."""
    rules = turn.program.refill
    if rules is None:
        return []
    found = [one for one in _kept(turn).values() if one.bought and one.sku in turn.shop.products]
    found = [one for one in found if rules.lasts(one.category) is not None]
    turn.need(*{f"counter/stock/{one.sku}" for one in found})
    in_stock = [one for one in found if turn.needed("counter", f"stock/{one.sku}") != 0]
    return sorted(in_stock, key=lambda one: (one.expected_at, one.category))


def needs_of(turn: Turn) -> tuple[str, ...]:
    """Return what `refill_after_order` will ask for; see `Turn.need`."""
    return (_NEEDED,) if turn.program.refill is not None else ()


def ask(turn: Turn) -> None:
    """Let flows hear that something may be running low, if it is not settled, and at most of one thing.

    The rest waits for the quiet time to pass, or for their own next purchase.
    """
    due = [
        refill
        for refill in _kept(turn).values()
        if refill.prompt_at is not None and refill.prompt_at <= turn.now
    ]
    open_still = []
    for refill in sorted(due, key=lambda each: (each.expected_at, each.category)):
        why_not = _why_not(turn, refill)
        if why_not:
            turn.keep(_TABLE, refill.category, replace(refill, prompt_at=None, why_not=why_not))
        else:
            open_still.append(refill)
    if not open_still:
        return
    rules = turn.program.refill
    assert rules is not None, "without rules there was a reason not to"
    asked = [refill.asked_at for refill in _kept(turn).values() if refill.asked_at is not None]
    quiet_until = max(asked, default=None)
    if quiet_until is None or quiet_until + rules.quiet <= turn.now:
        first, *open_still = open_still
        turn.keep(_TABLE, first.category, replace(first, prompt_at=None, asked_at=turn.now, why_not=""))
        turn.track(DUE, _told(turn, first))
        quiet_until = turn.now
    for refill in open_still:
        turn.keep(_TABLE, refill.category, _later(refill, rules, quiet_until + rules.quiet, turn))


def hear_of_stock(turn: Turn, event: str, sku: str, units: int) -> None:
    """Let flows hear that the contact's favourite is low or back, if they may hear and it still is so."""
    product = turn.shop.products.get(sku)
    if product is None or not _may_hear(turn) or turn.needed("counter", f"stock/{sku}") == 0:
        return
    turn.track(
        event,
        {
            "sku": sku,
            "product": product.name,
            "category": product.category,
            "price": product.price_minor,
            "units": units,
        },
    )


def _kept(turn: Turn) -> Mapping[str, Refill]:
    """What is kept of the contact, with what this turn made of it."""
    here = {
        category: what
        for (table, category), what in turn.effects.kept.items()
        if table == _TABLE and isinstance(what, Refill)
    }
    return {**_refills(turn).kept, **here}


def _refills(turn: Turn) -> Refills:
    refills = turn.needed(_NEEDED)
    assert isinstance(refills, Refills)
    return refills


def _why_not(turn: Turn, refill: Refill) -> str:
    """Why a member is not asked for it again before they bought it again; empty: they may be."""
    rules = turn.program.refill
    if rules is None or rules.lasts(refill.category) is None:
        return "not_used_up"
    if turn.now > refill.until_at:
        return "too_late"
    if not _may_hear(turn):
        return "opted_out"
    if refill.sku not in turn.shop.products:
        return "not_sold"
    if turn.needed("counter", f"stock/{refill.sku}") == 0:
        return "out_of_stock"
    return ""


def _may_hear(turn: Turn) -> bool:
    """Whether anything that is marketing can reach the contact at all; the gate decides of each message."""
    usable = {
        address.channel
        for address in turn.addresses.values()
        if address.stopped_at is None
        and address.unusable_reason is None
        and address.channel not in ONLY_NAMES
    }
    return any(
        SubscriptionState.SUBSCRIBED in on_channel(turn.subscriptions, channel).values() for channel in usable
    )


def _later(refill: Refill, rules: RefillRules, after: datetime, turn: Turn) -> Refill:
    zone = turn.contact.zone
    at = instant_of(local_date(after, zone), rules.at, zone)
    at = at if at >= after else instant_of(local_date(after, zone) + timedelta(days=1), rules.at, zone)
    if at > refill.until_at:
        return replace(refill, prompt_at=None, why_not="quiet")
    return replace(refill, prompt_at=at)


def _told(turn: Turn, refill: Refill) -> dict[str, JsonValue]:
    """What a flow may name; `credit` is what of their credit ends soon, and `ends_on` its last day."""
    product = turn.shop.products[refill.sku]
    soonest = turn.books.balance(turn.now).soonest
    is_soon = (
        soonest is not None and soonest.ends_at is not None and soonest.ends_at <= turn.now + _ENDING_SOON
    )
    told: dict[str, JsonValue] = {
        "sku": product.sku,
        "product": product.name,
        "category": refill.category,
        "price": product.price_minor,
        "quantity": max(1, refill.bought[-1].quantity),
        "bought_on": refill.bought[-1].bought_on.isoformat(),
        "expected_on": local_date(refill.expected_at, turn.contact.zone).isoformat(),
        "credit": 0,
    }
    if is_soon and soonest is not None and soonest.good_through is not None:
        told |= {"credit": soonest.amount_minor, "ends_on": soonest.good_through.isoformat()}
    return told
